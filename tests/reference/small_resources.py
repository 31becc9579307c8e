"""Small valid resources and Bundles for requests."""

from __future__ import annotations

from typing import Any


def report(**members: Any) -> dict[str, Any]:
    """A small valid report."""
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": "http://example.org/Measure/m",
        "period": {"start": "2024-01-01", "end": "2024-12-31"},
    } | members


def organization(**members: Any) -> dict[str, Any]:
    """A small valid organization."""
    return {"resourceType": "Organization", "name": "Clinic"} | members


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None, full_url: str = "", **conditions: str) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url} | conditions}
    if resource is not None:
        made["resource"] = resource
    return made | ({"fullUrl": full_url} if full_url else {})

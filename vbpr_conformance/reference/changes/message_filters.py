"""Which requests an action is for: what all actions on requests and answers can say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vbpr_conformance.reference.changes.object_edits import as_list
from vbpr_conformance.reference.http_messages import Request

FILTERS = ("of", "method", "status", "type", "in-bundle", "if-asked", "if-query", "if-empty")
"""Arguments that say which requests an action is for: interaction, HTTP method, status of the answer, resource type,
whether it is an entry of a Bundle, whether it has a header, whether it has a parameter, and whether it has no body."""


def concerned(given: Mapping[str, Any]) -> Callable[[Request, int | None], bool]:
    """Say of a request, with the status of its answer where there is one, whether the filters given let it through."""
    interactions, methods, statuses = (as_list(given[each]) if each in given else None for each in FILTERS[:3])

    def concerns(asked: Request, status: int | None) -> bool:
        return (
            (interactions is None or asked.interaction in interactions)
            and (methods is None or asked.method in methods)
            and (statuses is None or status in statuses)
            and asked.type in as_list(given.get("type", asked.type))
            and (asked.in_bundle or not given.get("in-bundle"))
            and ("if-asked" not in given or given["if-asked"] in asked.headers)
            and not ("if-empty" in given and (asked.body or asked.in_bundle))
            and ("if-query" not in given or any(name == given["if-query"] for name, _ in asked.query))
        )

    return concerns

"""Type, id and version as a URL tells them: https://hl7.org/fhir/R4/http.html#general."""

from __future__ import annotations

from typing import NamedTuple

from vbpr_conformance.fhir.resource_ids import RESOURCE_ID


class Located(NamedTuple):
    """What `[base]/type/id/_history/version` names; None for what is not told."""

    type: str | None = None
    id: str | None = None
    version: str | None = None

    @property
    def reference(self) -> str | None:
        """The relative reference, `type/id`."""
        return f"{self.type}/{self.id}" if self.type and self.id else None


def located(url: str) -> Located:
    """Read type, id and version off a URL, absolute or relative; nothing where it names no resource."""
    parts = [part for part in url.partition("?")[0].partition("#")[0].rstrip("/").split("/") if part]
    version = None
    if "_history" in parts:
        at = parts.index("_history")
        version = parts[at + 1] if len(parts) > at + 1 else None
        parts = parts[:at]
    if len(parts) < 2 or not parts[-2].isalpha() or not parts[-2][0].isupper() or not RESOURCE_ID.fullmatch(parts[-1]):  # noqa: PLR2004  type and id
        return Located()
    return Located(parts[-2], parts[-1], version)

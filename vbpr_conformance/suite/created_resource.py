"""A resource that a case knows by a name: one that the run created, or in a read-only run one that was there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange


@dataclass
class CreatedResource:
    """What was sent, and the id under which the server holds it; `created` is the exchange that created it."""

    name: str
    id: str
    sent: dict[str, Any]
    created: Exchange | None = None

    @property
    def type(self) -> str:
        """The type of the resource."""
        return str(self.sent["resourceType"])

    @property
    def reference(self) -> str:
        """How other resources refer to it."""
        return f"{self.type}/{self.id}"

    def scope(self) -> dict[str, Any]:
        """What `{{name.…}}` gives in a suite: what was sent, under the id that the server gave."""
        return {**self.sent, "id": self.id}


def another_id(identity: str) -> str:
    """An id that differs from this one in the case of its letters, or where it has none, in one character more."""
    swapped = identity.swapcase()
    return swapped if swapped != identity else f"{identity[:63]}x"

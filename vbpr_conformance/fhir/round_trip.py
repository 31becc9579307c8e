"""What a conformant server may make of a payload between taking it in and giving it back.

Each allowance is named and says why it is one and where FHIR says so; whatever none of them covers is a loss or a
change. Nothing here covers clinical or business content: an element that is absent, added, reordered or rounded is
always a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_HTTP = "https://hl7.org/fhir/R4/http.html"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One liberty of servers. `permits` takes the names of the steps to a place, what was sent there and what came.

    What is absent is None. An allowance for an element is asked again for every element below it.
    """

    name: str
    reason: str
    source: str
    permits: Callable[[tuple[str, ...], Any, Any], bool] = field(repr=False)


ID_ASSIGNED = Allowance(
    "id-assigned",
    "on a create the server ignores the id that was sent and gives one of its own",
    f"{_HTTP}#create",
    lambda steps, _, got: steps == ("id",) and isinstance(got, str) and bool(got),
)
VERSION = Allowance(
    "version",
    "versionId and lastUpdated are the server's: what a client sends there is ignored",
    f"{_HTTP}#create",
    lambda steps, _sent, _got: steps[:2] in {("meta", "versionId"), ("meta", "lastUpdated")},
)
META_ADDED = Allowance(
    "meta-added",
    "a server may add to the metadata: profiles it verified, security labels, tags, where it has the resource from",
    "https://hl7.org/fhir/R4/resource.html#Meta",
    lambda steps, sent, _: steps[:1] == ("meta",) and sent is None,
)
META_ALTERED = Allowance(
    "meta-altered",
    "a server may alter the rest of the metadata too, though it should refrain: leave this out to test the SHOULD",
    f"{_HTTP}#update",
    lambda steps, _sent, _got: len(steps) > 1 and steps[0] == "meta",
)
NARRATIVE_ADDED = Allowance(
    "narrative-added",
    "a resource should have a narrative for people to read; where none was sent, a server may generate it",
    "https://hl7.org/fhir/R4/narrative.html",
    lambda steps, sent, got: steps == ("text",) and sent is None and isinstance(got, dict),
)
NARRATIVE_REPLACED = Allowance(
    "narrative-replaced",
    "a patch can make a narrative wrong: the server may generate it anew or leave it out",
    f"{_HTTP}#patch",
    lambda steps, _sent, _got: steps[:1] == ("text",),
)


def same_server(*bases: str) -> Allowance:
    """A relative reference means the server that holds it, so it may come back absolute, and the other way round."""
    roots = tuple({base.rstrip("/") + "/" for base in bases})

    def permits(steps: tuple[str, ...], sent: Any, got: Any) -> bool:
        if steps[-1:] != ("reference",) or not isinstance(sent, str) or not isinstance(got, str):
            return False
        return _relative(sent, roots) == _relative(got, roots)

    reason = "a relative reference and an absolute one to the same server name the same resource"
    return Allowance("same-server", reason, "https://hl7.org/fhir/R4/references.html#literal", permits)


def resolved(references: Mapping[str, str], *bases: str) -> Allowance:
    """In a transaction references to its entries are replaced: `references` maps `urn:uuid:…` to `Type/id`."""
    roots = tuple({base.rstrip("/") + "/" for base in bases})

    def permits(_: tuple[str, ...], sent: Any, got: Any) -> bool:
        if not isinstance(sent, str) or not isinstance(got, str) or sent not in references:
            return False
        return _unversioned(_relative(got, roots)) == _unversioned(_relative(references[sent], roots))

    reason = "a server replaces references to other entries of the transaction by those to what it created"
    return Allowance("resolved", reason, f"{_HTTP}#trules", permits)


def after_create(*bases: str) -> tuple[Allowance, ...]:
    """What may differ between what was created and what is read; `bases` are the URLs the server is known by."""
    return (ID_ASSIGNED, *after_update(*bases))


def after_update(*bases: str) -> tuple[Allowance, ...]:
    """What may differ between what was sent as an update and what is read."""
    return (VERSION, META_ADDED, META_ALTERED, NARRATIVE_ADDED, same_server(*bases))


def _relative(reference: str, roots: tuple[str, ...]) -> str:
    root = next((root for root in roots if reference.startswith(root)), "")
    return reference[len(root) :]


def _unversioned(reference: str) -> str:
    return reference.partition("/_history/")[0]

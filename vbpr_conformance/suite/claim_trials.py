"""Claims of a server's own CapabilityStatement, each with the request that tries it.

What a server claims beyond the guide no suite can list: it is read off the target's statement while the run goes on.
Every request only reads. https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from vbpr_conformance.suite.queries import local_reference, values_of
from vbpr_conformance.suite.search_forms import element_type
from vbpr_conformance.suite.untrusted import objects, string, strings

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition
    from vbpr_conformance.ig.model import SearchParameter
    from vbpr_conformance.suite.created_resource import CreatedResource

ClaimKind = Literal["interactions", "parameters", "includes", "revincludes"]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OF_THE_ANSWER = frozenset(
    {"_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total", "_contained", "_containedType"}
    | {"_format", "_pretty", "_has", "_filter", "_query", "_list", "_type", "_score"}
)
"""Parameters about the answer, or with a language of their own."""
_MOST_TARGETS = 8


@dataclass(frozen=True)
class ClaimTrial:
    """A claim in words, the GET that tries it, and what its answer must be.

    `interaction` is FHIR's name of the request. `finds_nothing`: nothing has the value that is searched for. `match` is
    the resource that is found, as `Type/id`, `brings` are those that have to come along with it.
    """

    claim: str
    path: str
    parameters: Sequence[tuple[str, str]] = ()
    interaction: str = "search"
    statuses: frozenset[int] = frozenset({200})
    finds_nothing: bool = False
    match: str = ""
    brings: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Claims:
    """The claims of one statement. `unused` is an id that nothing has, `bases` the URLs that the server is known by."""

    statement: Mapping[str, Any]
    edition: Edition
    unused: str
    bases: Sequence[str]
    held: CreatedResource | None = field(default=None)
    """A resource on the server: what refers to others."""

    def trials(self, kind: ClaimKind, resource_type: str | None) -> list[ClaimTrial]:
        """Give a trial of each claim of a kind, about one resource type or about all, each once."""
        made = {"interactions": self._interactions, "parameters": self._parameters}
        made |= {"includes": self._includes, "revincludes": self._revincludes}
        of_type = [each for each in self._resources() if resource_type in {None, string(each, "type")}]
        found = [trial for each in of_type for trial in made[kind](each)]
        return list({(trial.path, *trial.parameters): trial for trial in found}.values())

    def _resources(self) -> list[dict[str, Any]]:
        servers = [each for each in objects(self.statement, "rest") if each.get("mode") == "server"]
        found = [resource for rest in servers for resource in objects(rest, "resource")]
        return [each for each in found if _NAME.fullmatch(string(each, "type"))]

    def _interactions(self, resource: Mapping[str, Any]) -> Iterator[ClaimTrial]:
        kind = string(resource, "type")
        codes = {string(each, "code") for each in objects(resource, "interaction")}
        if "search-type" in codes:
            by_id = any(string(each, "name") == "_id" for each in objects(resource, "searchParam"))
            yield ClaimTrial(  # who does not claim _id may leave it out of a search, or refuse it
                f"searches of {kind}",
                kind,
                (("_id", self.unused),),
                statuses=frozenset({200} if by_id else {200, 400}),
                finds_nothing=by_id,
            )
        if "read" in codes:
            gone = frozenset({400, 404, 410})  # 400 where ids of another form are no ids of the server's
            yield ClaimTrial(f"reads of {kind}", f"{kind}/{self.unused}", interaction="read", statuses=gone)
        if "history-type" in codes:
            yield ClaimTrial(f"the history of {kind}", f"{kind}/_history", (("_count", "1"),), "history")

    def _parameters(self, resource: Mapping[str, Any]) -> Iterator[ClaimTrial]:
        kind = string(resource, "type")
        known = {each.code: each for each in self.edition.search_parameters(kind)}
        for claimed in objects(resource, "searchParam"):
            name = string(claimed, "name")
            if not _PARAMETER.fullmatch(name) or name in _OF_THE_ANSWER:
                continue
            value = self._value(string(claimed, "type"), known.get(name))
            if value is None:
                continue
            yield ClaimTrial(
                f"the search parameter {name} of {kind}",
                kind,
                ((name, value),),
                statuses=self._permitted(string(claimed, "type"), known.get(name), kind),
                finds_nothing=True,
            )

    def _value(self, type_: str, known: SearchParameter | None) -> str | None:
        """A value of a parameter's type that no resource has; None for types that have no plain values."""
        targets = known.targets if known is not None and len(known.targets) <= _MOST_TARGETS else ()
        return {
            "token": self.unused,
            "string": self.unused,
            "date": "1066-10-14",
            "uri": f"urn:vbpr-conformance:{self.unused}",
            "reference": f"{next(iter(targets), 'Organization')}/{self.unused}",
            "number": "987654321.25",
            "quantity": "987654321.25",
        }.get(type_)

    def _permitted(self, type_: str, known: SearchParameter | None, kind: str) -> frozenset[int]:
        """A code that no list has, and a reference to what a parameter cannot be about, may be refused."""
        bound = known is None or element_type(known, kind, self.edition) in {"code", "boolean", None}
        is_open = type_ == "reference" and known is None
        return frozenset({200, 400, 422} if (type_ == "token" and bound) or is_open else {200})

    def _includes(self, resource: Mapping[str, Any]) -> Iterator[ClaimTrial]:
        kind, held = string(resource, "type"), self.held
        for claimed in strings(resource, "searchInclude"):
            source, _, code = claimed.partition(":")
            if (
                held is None
                or held.type != kind
                or not (claimed == "*" or (source == kind and _PARAMETER.fullmatch(code)))
            ):
                continue
            yield ClaimTrial(
                f"_include={claimed}",
                kind,
                (("_id", held.id), ("_include", claimed)),
                match=held.reference,
                brings=frozenset(self._referred(held, code)),
            )

    def _revincludes(self, resource: Mapping[str, Any]) -> Iterator[ClaimTrial]:
        kind, held = string(resource, "type"), self.held
        for claimed in strings(resource, "searchRevInclude"):
            source, _, code = claimed.partition(":")
            if not _NAME.fullmatch(source) or not _PARAMETER.fullmatch(code):
                continue
            referred = self._referred(held, code) if held is not None and held.type == source else []
            target = next((each for each in referred if each.startswith(f"{kind}/")), None)
            yield ClaimTrial(
                f"_revinclude={claimed} for {kind}",
                kind,
                (("_id", target.partition("/")[2] if target else self.unused), ("_revinclude", claimed)),
                match=target or "",
                brings=frozenset({held.reference} if target and held is not None else ()),
            )

    def _referred(self, held: CreatedResource, code: str) -> list[str]:
        """What a resource refers to on this server by a search parameter, or where none is named by any, as `Type/id`.

        Nothing for a parameter that is not known.
        """
        known = [each for each in self.edition.search_parameters(held.type) if each.type == "reference"]
        values = [value for each in known if code in {"", each.code} for value in values_of(held, each)]
        literals = [string(each, "reference") for each in values if isinstance(each, Mapping)]
        return [found for each in literals if (found := local_reference(each, self.bases))]


def chosen(found: Sequence[ClaimTrial], most: int) -> list[ClaimTrial]:
    """Give so many trials at most: first those that show most, then others, taken evenly from all of them."""
    telling = [each for each in found if each.brings][:most]
    others = [each for each in found if not each.brings]
    left = most - len(telling)
    return [*telling, *(others[:: -(-len(others) // left) or 1] if left else [])]

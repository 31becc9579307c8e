"""What a check may need besides the value it looks at: the resource it stands in, and where references lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.fhirpath.structure_types import StructureTypes
from vbpr_conformance.validate.element_ref import ElementRefs
from vbpr_conformance.validate.issue import Drafts

Resolver = Callable[[str], dict[str, Any] | None]

Answers = dict[tuple[int, str], tuple[dict[str, Any], bool]]
"""Whether resources (by identity; they are kept, so that none takes another's) conform to profiles, asked once."""


class Judge(Protocol):
    """What a check may ask about other resources and profiles: the validator, as seen from below."""

    types: StructureTypes

    def inner(self, value: Any, scope: Scope, profiles: Sequence[str], views: ElementRefs) -> Drafts | None:
        """Judge a resource inside another, by what it claims and by what the outer profile asks of it."""

    def conforms(self, resource: Any, profile: str, scope: Scope) -> bool | None:
        """Whether a resource or element conforms to a profile; None if the profile is not held."""

    def meets(self, target: ResolvedReference, profile: str) -> bool | None:
        """Whether what a reference leads to conforms to a profile; None if that cannot be told."""

    def claims(self, target: ResolvedReference, profile: str) -> bool:
        """Whether what a reference leads to claims a profile or, claiming none of the guide's, conforms to it."""

    def member_of(self, value: Any, value_set: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept is in a value set; None if that cannot be told."""

    def conformance_resource(self, canonical: str) -> dict[str, Any] | None:
        """A conformance resource that the edition or its packages hold."""


class ResolvedReference(NamedTuple):
    """A resource that a reference leads to, and the scope to judge it in."""

    resource: dict[str, Any]
    scope: Scope


class Scope:
    """One resource on its way through the validator.

    `root` is the resource that contains it (itself if none does), `bundle` the index of the Bundle it is an entry
    of, `full_url` its address there.
    """

    __slots__ = (
        "_contained",
        "answers",
        "bundle",
        "full_url",
        "ids",
        "judge",
        "own_bundle",
        "probing",
        "resolver",
        "resource",
        "root",
    )

    def __init__(  # noqa: PLR0913 - each is one thing of the surroundings, by name
        self,
        judge: Judge,
        resource: dict[str, Any],
        *,
        root: dict[str, Any] | None = None,
        bundle: Bundle | None = None,
        full_url: str | None = None,
        resolver: Resolver | None = None,
        probing: frozenset[tuple[int, str]] = frozenset(),
        answers: Answers | None = None,
    ) -> None:
        self.judge = judge
        self.resource = resource
        self.root = resource if root is None else root
        self.bundle = bundle
        self.full_url = full_url
        self.resolver = resolver
        self.probing = probing
        """The (resource, profile) pairs under question, so that references in a circle come to an end."""
        self.answers: Answers = {} if answers is None else answers
        self.ids: set[str] = set()
        self.own_bundle: Bundle | None = None
        self._contained: dict[str, dict[str, Any]] | None = None

    def inner(self, resource: dict[str, Any]) -> Scope:
        """The scope of a resource contained in this one."""
        return Scope(
            self.judge,
            resource,
            root=self.root,
            bundle=self.bundle,
            full_url=self.full_url,
            resolver=self.resolver,
            probing=self.probing,
            answers=self.answers,
        )

    def entries(self) -> Bundle:
        """The index of the Bundle that this is the scope of, made once."""
        if self.own_bundle is None:
            self.own_bundle = Bundle(self.resource)
        return self.own_bundle

    def entry(self, resource: dict[str, Any], full_url: str | None, bundle: Bundle) -> Scope:
        """The scope of an entry of the Bundle that this is the scope of."""
        return Scope(
            self.judge,
            resource,
            bundle=bundle,
            full_url=full_url,
            resolver=self.resolver,
            probing=self.probing,
            answers=self.answers,
        )

    def _outside(self, resource: dict[str, Any]) -> Scope:
        """The scope of a resource that the resolver found."""
        return Scope(self.judge, resource, resolver=self.resolver, probing=self.probing, answers=self.answers)

    def probe(self, resource: dict[str, Any], profile: str) -> Scope:
        """The same scope anew, to ask whether a resource conforms to a profile without saying anything of it."""
        fresh = Scope(
            self.judge,
            self.resource,
            root=self.root,
            bundle=self.bundle,
            full_url=self.full_url,
            resolver=self.resolver,
            probing=self.probing | {(id(resource), profile)},
        )
        fresh._contained = self._contained
        return fresh

    def env(self, **variables: Any) -> fhirpath.Environment:
        """What FHIRPath may look at from here, with further variables; it is not kept, so that nothing holds itself."""
        return fhirpath.Environment(
            self.resource,
            self.root,
            resolve=self._resolved,
            member_of=self.judge.member_of,
            conforms_to=lambda resource, profile: self.judge.conforms(resource, profile, self),
            types=self.judge.types,
            variables=variables,
        )

    def _resolved(self, reference: str) -> dict[str, Any] | None:
        target = self.resolve(reference)
        return target.resource if target is not None else None

    def contained(self, name: str) -> dict[str, Any] | None:
        """The contained resource of that id."""
        if self._contained is None:
            listed = self.root.get("contained")
            self._contained = {
                each["id"]: each
                for each in (listed if isinstance(listed, list) else ())
                if isinstance(each, dict) and isinstance(each.get("id"), str)
            }
        return self._contained.get(name)

    def resolve(self, reference: str) -> ResolvedReference | None:
        """Follow a reference: inside the resource, inside its Bundle, then by the resolver."""
        if reference.startswith("#"):
            found = self.root if reference == "#" else self.contained(reference[1:])
            return ResolvedReference(found, self.inner(found)) if found is not None else None
        is_bundle = self.resource.get("resourceType") == "Bundle"
        if self.bundle is None and self.resolver is None and not is_bundle:
            return None
        url, _, version = reference.partition("#")[0].partition("/_history/")
        # Of a Bundle itself it is not known which entry a reference stands in: an id that is there once will do.
        for bundle, base in (((self.entries(), None),) if is_bundle else ()) + ((self.bundle, self.full_url),):
            entry = bundle.find(url, base, version) if bundle is not None else None
            if bundle is not None and entry is not None:
                resource, full_url = entry
                return ResolvedReference(resource, self.entry(resource, full_url, bundle))
        if self.resolver is not None:
            fetched = self.resolver(url)
            if fetched is not None:
                return ResolvedReference(fetched, self._outside(fetched))
        return None

    def canonical(self, canonical: str) -> ResolvedReference | None:
        """Follow a canonical to a resource in hand that has this url, and this version where one is given."""
        url, _, version = canonical.partition("|")
        if url.startswith("#"):
            return self.resolve(url)
        for each in self._in_hand():
            if each.get("url") == url and (not version or each.get("version") == version):
                return ResolvedReference(each, self.inner(each))
        fetched = self.judge.conformance_resource(canonical)
        if fetched is None and self.resolver is not None:
            fetched = self.resolver(canonical)
        return ResolvedReference(fetched, self._outside(fetched)) if fetched else None

    def _in_hand(self) -> Iterator[dict[str, Any]]:
        listed = self.root.get("contained")
        if isinstance(listed, list):
            yield from (each for each in listed if isinstance(each, dict))
        if self.bundle is not None:
            yield from self.bundle.resources


_Entry = tuple[dict[str, Any], str | None]
"""A resource and its fullUrl."""


class Bundle:
    """The entries of a Bundle by their addresses (https://hl7.org/fhir/R4/bundle.html#references)."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        self.type = bundle.get("type")
        self.resources: list[dict[str, Any]] = []
        self.listed: list[_Entry] = []
        self._by_url: dict[str, list[_Entry]] = {}
        self._by_id: dict[str, list[_Entry]] = {}
        entries = bundle.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict):
                continue
            self.resources.append(resource)
            full_url = entry.get("fullUrl")
            found = (resource, full_url if isinstance(full_url, str) else None)
            self.listed.append(found)
            if found[1] is not None:
                self._by_url.setdefault(found[1], []).append(found)
            self._by_id.setdefault(f"{resource.get('resourceType')}/{resource.get('id')}", []).append(found)

    def find(self, url: str, base: str | None, version: str = "") -> _Entry | None:
        """Find the entry that a reference means, made in the entry of the address `base`."""
        found = self.matching(url, base)
        return _of_version(found, version) if found else None

    def matching(self, url: str, base: str | None) -> list[_Entry]:
        """The entries of that address, whatever their version."""
        found = self._by_url.get(url)
        if found is None and ":" not in url:
            found = self._of_relative(url, base)
        return found or []

    def _of_relative(self, url: str, base: str | None) -> list[_Entry] | None:
        """Find what a relative reference means: on the server of `base`; where no address tells another, by its id."""
        if base is not None and base.startswith(("http://", "https://")):
            server = base.rsplit("/", 2)[0]
            found = self._by_url.get(f"{server}/{url}")
            if found is not None:
                return found
        named = self._by_id.get(url, [])
        if base is not None:
            named = [each for each in named if each[1] is None]
        return named if all(each[0] is named[0][0] for each in named) else None


def _of_version(entries: list[_Entry], version: str) -> _Entry | None:
    """Choose the entry of the version that a reference names, by its `meta.versionId`."""
    return next((each for each in entries if not version or _version_of(each[0]) == version), None)


def _version_of(resource: dict[str, Any]) -> Any:
    meta = resource.get("meta")
    return meta.get("versionId") if isinstance(meta, dict) else None

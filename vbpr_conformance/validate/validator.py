"""The validator: resources against the profiles they claim, or others, as a list of issues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from vbpr_conformance.fhir.fhirpath.structure_types import StructureTypes
from vbpr_conformance.ig.model import Profile
from vbpr_conformance.validate import reading
from vbpr_conformance.validate.compile import nested_resources
from vbpr_conformance.validate.compile.element_node import Checked, Checker
from vbpr_conformance.validate.compile.memo import remembering
from vbpr_conformance.validate.compile.profile_compiler import ProfileCompiler
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.issue import Drafts, Issue, IssueDraft, shown
from vbpr_conformance.validate.judge import (
    bundle_entries,
    code_systems,
    differentials,
    measure_reports,
    questionnaire_responses,
)
from vbpr_conformance.validate.judge.scope import ResolvedReference, Resolver, Scope
from vbpr_conformance.validate.rules import Rule

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition


_REMEMBERED = 1000
"""How many answers of an edition are kept at hand: payloads may name any number of types and profiles."""


class Validator:
    """Judges resources by what an edition holds, for any number of threads; profiles are compiled when first met."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self._compiler = ProfileCompiler(edition)
        self._known = self._compiler.known
        self._lock = self._compiler.nodes.lock
        self._type = self._known.type
        self._profile = self._known.profile
        self._resource = lru_cache(_REMEMBERED)(edition.find)
        self._whole: ProfileCompiler | None = None
        self._fitted: dict[str, Checker] = {}
        self.types = StructureTypes(edition.structure, self._known.resource_types)

    def issues(
        self,
        resource: Any,
        profiles: Sequence[str | Profile] | None = None,
        *,
        resolver: Resolver | None = None,
    ) -> list[Issue]:
        """Judge a resource by these profiles; without any by those in its `meta.profile`, else by its type.

        `resolver` finds the resource of a reference or canonical that lies outside, for instance on a server.
        """
        root = resource.get("resourceType") if type(resource) is dict else None
        scope = Scope(self, resource if type(resource) is dict else {}, resolver=resolver)
        findings = self._judge(resource, scope, profiles) or []
        return [finding.issue(root if type(root) is str else "") for finding in findings]

    def issues_of(
        self,
        data: bytes | str,
        profiles: Sequence[str | Profile] | None = None,
        *,
        resolver: Resolver | None = None,
    ) -> list[Issue]:
        """Judge the text of a resource, JSON or XML; what cannot be read is an issue too."""
        resource, found = reading.read(data, self.edition)
        return found if resource is None and found else found + self.issues(resource, profiles, resolver=resolver)

    def profiles_of(self, resource: dict[str, Any]) -> list[str]:
        """The URLs of the profiles that a resource is judged by if none is asked for."""
        kind = resource.get("resourceType")
        base = self._type(kind) if type(kind) is str else None
        if base is None:
            return []
        held = (self._profile(each) for each in _claimed(resource))
        return [each.url for each in held if each is not None and each.type == kind] or [base.url]

    def rules(self, profile: Profile) -> tuple[Rule, ...]:
        """Give every rule that is known for a profile, each once per place."""
        with self._lock:  # the order of the rules does not depend on what was judged before
            if self._whole is None:
                self._whole = ProfileCompiler(self.edition, whole=True)
            return self._whole.rules(profile)

    def inner(self, value: Any, scope: Scope, profiles: Sequence[str], views: ElementRefs) -> Drafts | None:
        """Judge a resource inside another, by what it claims and by what the outer profile asks of it."""
        return self._judge(value, scope, None, profiles, views)

    def conforms(self, resource: Any, profile: str, scope: Scope) -> bool | None:
        """Whether a resource or element conforms to a profile; None if the profile is not held here."""
        found = self._profile(profile)
        if found is None:
            return None
        if found.kind == "resource":
            if type(resource) is not dict:
                return False
            return self._fits(resource, found, scope)
        node = self._compiler.element(found)
        return not any(each.severity == "error" for each in node.check(resource, scope.probe({}, profile)) or ())

    def meets(self, target: ResolvedReference, profile: str) -> bool | None:
        """Whether what a reference leads to conforms to a profile; None if that cannot be told here."""
        found = self._profile(profile)
        if found is None:
            return None
        if self._is_base(found):
            return target.resource.get("resourceType") == found.type or found.type in {"Resource", "DomainResource"}
        if target.scope.probing:  # what holds while a circle of references is followed holds for it alone
            return self._fits(target.resource, found, target.scope)
        key = (id(target.resource), profile)
        known = target.scope.answers.get(key)
        if known is None:
            fits = not self._fitting(found).check(target.resource, target.scope)
            known = target.scope.answers[key] = (target.resource, fits)
        return known[1]

    def claims(self, target: ResolvedReference, profile: str) -> bool:
        """Whether what a reference leads to claims a profile or, claiming none of the guide's, conforms to it."""
        claimed = _claimed(target.resource)
        if profile.partition("|")[0] in {each.partition("|")[0] for each in claimed}:
            return True
        found = self._profile(profile)
        is_type = found is not None and self._is_base(found)
        return (is_type or not claimed) and self.meets(target, profile) is True

    def member_of(self, value: Any, value_set: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept is in a value set; None if that cannot be told here."""
        members = self._known.terminology.members(value_set)
        if isinstance(value, str):
            return members.has_plain(value)
        if not isinstance(value, dict):
            return False
        codings = value.get("coding", [value] if "code" in value else [])
        answers = {
            members.has(each.get("system"), each["code"])
            for each in codings
            if isinstance(each, dict) and isinstance(each.get("code"), str)
        }
        return True if True in answers else None if None in answers else False

    def conformance_resource(self, canonical: str) -> dict[str, Any] | None:
        """A conformance resource that the edition or its packages hold."""
        return self._resource(canonical)

    def _fitting(self, profile: Profile) -> Checker:
        """Give what checks whether a resource conforms to a profile, and remembers; what is amiss is not told."""
        with self._lock:
            made = self._fitted.get(profile.url)
            if made is None:

                def check(resource: dict[str, Any], scope: Scope) -> Drafts | None:
                    return None if self._fits(resource, profile, scope.inner(resource)) else [_no_resource("")]

                made = self._fitted[profile.url] = Checked(check)
                made.check = remembering(check, made, self._lock)
            return made

    def _fits(self, resource: dict[str, Any], profile: Profile, scope: Scope) -> bool:
        key = (id(resource), profile.url)
        if key in scope.probing:
            return True
        if resource.get("resourceType") != profile.type:
            return False
        faults = self._faults(resource, self._known.root(profile), scope.probe(resource, profile.url))
        return not faults or (not self._is_base(profile) and faults <= self._faults_of_its_own(resource, scope))

    def _faults_of_its_own(self, resource: dict[str, Any], scope: Scope) -> set[tuple[str, str]]:
        """What is wrong with a resource whatever is asked of it: that is said where it stands, and once is enough."""
        base = self._type(resource["resourceType"])
        if base is None:
            return set()
        return self._faults(resource, self._known.root(base), scope.probe(resource, base.url))

    def _faults(self, resource: dict[str, Any], root: ElementRef, scope: Scope) -> set[tuple[str, str]]:
        found = self._compiler.resource(root.profile.type, (root,)).check(resource, scope)
        return {("".join(reversed(each.steps)), each.kind) for each in found or () if each.severity == "error"}

    @staticmethod
    def _is_base(profile: Profile) -> bool:
        return profile.derivation != "constraint"

    def _judge(
        self,
        value: Any,
        scope: Scope,
        asked: Sequence[str | Profile] | None,
        profiles: Sequence[str] = (),
        views: ElementRefs = (),
    ) -> Drafts | None:
        if type(value) is not dict:
            return [_no_resource(f"{shown(value)} found where a resource is expected.")]
        kind = value.get("resourceType")
        if type(kind) is not str:
            return [_no_resource("No resourceType found: it is the first thing that a resource must say.")]
        base = self._type(kind)
        if base is None or base.kind != "resource" or base.abstract:
            return self._unknown_type(kind)
        named = [*(_claimed(value) if asked is None else asked), *profiles]
        found, roots = self._roots(named, kind, claimed=asked is None)
        roots = (*roots, *views) or (self._known.root(base),)
        bad = self._compiler.resource(kind, roots).check(value, scope)
        found += bad or []
        found += nested_resources.repeated_ids(value) if "contained" in value else []
        if kind == "Bundle":
            found += bundle_entries.issues(value, self._known.is_resource) + bundle_entries.closure_issues(scope)
        found += differentials.issues(value, self._known) if kind == "StructureDefinition" else []
        across = _ACROSS.get(kind)
        found += across(value, scope) if across is not None else []
        return found or None

    def _unknown_type(self, kind: str) -> Drafts:
        if self._known.is_resource(kind):
            message = f"Not checked: the resource type {kind} is not held here; --package adds it."
            return [IssueDraft("information", "not-supported", "profile:Resource", "", message)]
        return [_no_resource(f"{shown(kind)} found, which is no type of resource.")]

    def _roots(self, named: Sequence[str | Profile], kind: str, *, claimed: bool) -> tuple[Drafts, ElementRefs]:
        found: Drafts = []
        roots: dict[ElementRef, None] = {}
        for each in named:
            profile = each if isinstance(each, Profile) else self._profile(each)
            url = each.url if isinstance(each, Profile) else each
            if profile is None:
                severity, code = ("warning", "not-found") if claimed else ("error", "not-found")
                message = f"Not checked against {url}: {self._known.why_missing(url)}."
                found.append(IssueDraft(severity, code, "profile:Resource", url, message))  # type: ignore[arg-type]
            elif profile.type != kind and profile.type not in self._known.lineage(kind):
                message = f"A {kind} found, but the profile {profile.url} is about {profile.type}."
                found.append(IssueDraft("error", "structure", "profile:Resource", profile.url, message))
            elif profile.type == kind:
                roots[self._known.root(profile)] = None
        return found, tuple(roots)


_ACROSS: dict[str, Callable[[dict[str, Any], Scope], Drafts]] = {
    "CodeSystem": lambda code_system, _: code_systems.issues(code_system),
    "Measure": lambda measure, _: measure_reports.measure_issues(measure),
    "MeasureReport": measure_reports.issues,
    "Questionnaire": lambda questionnaire, _: questionnaire_responses.questionnaire_issues(questionnaire),
    "QuestionnaireResponse": questionnaire_responses.issues,
    "SearchParameter": lambda parameter, _: differentials.search_parameter_issues(parameter),
}
"""What is judged beyond the profiles of a resource, by its type."""


def _claimed(resource: dict[str, Any]) -> list[str]:
    meta = resource.get("meta")
    listed = meta.get("profile") if type(meta) is dict else None
    return [each for each in listed if type(each) is str and each] if type(listed) is list else []


def _no_resource(message: str) -> IssueDraft:
    return IssueDraft("error", "structure", "shape:Resource", "", message)


def validator_for(edition: Edition) -> Validator:
    """The validator of an edition, which the edition owns: made once, for all threads, and gone with it."""
    return edition.owned(Validator)

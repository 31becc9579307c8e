"""Reads the files of scenarios; every mistake is one line: `file:line: what, and what was expected`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.yaml12 import YamlDict, load, wrong
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Requirement
from vbpr_conformance.observe.scenario_language import (
    ClientCase,
    ScenarioFile,
    ScenarioResource,
    ScenarioSpec,
    ValuesCheck,
)
from vbpr_conformance.observe.server_manners import find_manner
from vbpr_conformance.suite.must_support import variants
from vbpr_conformance.suite.suite_file import did_you_mean, line_of, mistakes, packaged

_ROW = re.compile(r"\{\{\s*row\.([\w-]+)\s*\}\}")
_STRENGTH = {"SHALL": 3, "SHOULD": 2, "MAY": 1}


@dataclass(frozen=True)
class ScenarioCase:
    """One thing that is judged: `id` is `{scenario}/{case}`; `form` is the must-support form that it is about."""

    id: str
    title: str
    spec: ClientCase
    requirements: tuple[Requirement, ...]
    expectation: str
    source: str
    form: str = ""


@dataclass(frozen=True)
class Scenario:
    """A scenario of a file with its row filled in, and its cases for an edition."""

    id: str
    spec: ScenarioSpec
    suite: str
    source: str
    resources: Mapping[str, ScenarioResource]
    cases: tuple[ScenarioCase, ...]

    @property
    def manners(self) -> list[str]:
        """What the server does here that any server may do."""
        return self.spec.manners

    @property
    def faults(self) -> list[str]:
        """What the server does here that no server may do."""
        return self.spec.faults


def scenario_files() -> list[Path]:
    """The files of scenarios that come with the project, in order of their names."""
    return packaged("client")


def load_scenarios(edition: Edition, files: Iterable[Path] | None = None) -> list[Scenario]:
    """Read files of scenarios (those of the project by default) for an edition.

    A file without scenarios holds data and cases for the others beside it.
    """
    read = {path: _model(path) for path in (scenario_files() if files is None else files)}
    shared = [spec for _, spec in read.values() if not spec.scenarios]
    of_files = [
        list(_ScenarioReader(path, data, spec, shared, edition).scenarios()) for path, (data, spec) in read.items()
    ]
    found = [each for scenarios in sorted(of_files, key=_peculiarity) for each in scenarios]
    seen: dict[str, Scenario] = {}
    known = {each.id for each in found}
    for each in found:
        if each.spec.control and each.spec.control not in known:
            raise UsageError(
                f"{each.source}: there is no scenario {each.spec.control!r} for control; "
                f"{did_you_mean(each.spec.control, known)}"
            )
        if each.id in seen:
            raise UsageError(
                f"{each.source}: the scenario {each.id!r} is there twice; the first is {seen[each.id].source}"
            )
        seen[each.id] = each
    return found


def _peculiarity(scenarios: Sequence[Scenario]) -> tuple[bool, bool]:
    """Files of plain servers come first, then those of servers with manners, at last those that break the rules."""
    half = len(scenarios) / 2
    return sum(bool(each.faults) for each in scenarios) > half, sum(bool(each.manners) for each in scenarios) > half


class _ScenarioReader:
    """One file being read for an edition."""

    def __init__(
        self, path: Path, data: YamlDict, spec: ScenarioFile, shared: Sequence[ScenarioFile], edition: Edition
    ) -> None:
        self._path = path
        self._edition = edition
        self._data = data
        self._spec = spec
        self._sets = {name: each for file in (*shared, spec) for name, each in file.data.items()}
        self._always = spec.always or [case for file in shared for case in file.always]
        self._known = {each.id: each for each in edition.requirements}

    def scenarios(self) -> Iterator[Scenario]:
        for index, spec in enumerate(self._spec.scenarios):
            for row in spec.rows or [{}]:
                yield self._scenario(("scenarios", index), _filled(spec, row))

    def _scenario(self, place: Sequence[str | int], spec: ScenarioSpec) -> Scenario:
        for name in spec.data:
            if name not in self._sets:
                self._wrong((*place, "data"), f"no data {name!r}", did_you_mean(name, self._sets))
        for key in ("manners", "faults"):
            for name in getattr(spec, key):
                try:
                    find_manner(name)
                except UsageError as error:
                    self._wrong((*place, key), str(error), "a manner that there is")
        resources = {
            name: each for chosen in spec.data for name, each in self._sets[chosen].items() if name not in spec.without
        }
        cases = [
            made
            for index, case in enumerate(spec.cases)
            for made in self._cases((*place, "cases", index), spec, case, resources)
        ]
        own = {each.id for each in cases}
        for index, case in enumerate(self._always):
            cases += [each for each in self._cases(("always", index), spec, case, resources) if each.id not in own]
        return Scenario(spec.id, spec, self._spec.suite, self._at(place), resources, tuple(cases))

    def _cases(
        self,
        place: Sequence[str | int],
        spec: ScenarioSpec,
        case: ClientCase,
        resources: Mapping[str, ScenarioResource],
    ) -> Iterator[ScenarioCase]:
        self._check_names(place, case, resources)
        if case.form_of is None:
            yield self._case(place, spec, case, "", case.requirements)
            return
        profile = self._edition.profile(resources[case.form_of].profile)
        named = {
            (each.about.get("profile"), each.about.get("element")): each.id
            for each in self._edition.requirements
            if each.actor == "client"
        }
        for form in variants(profile, self._edition):
            requirement = named.get((profile.id, form.element_id))
            yield self._case(
                place, spec, case, form.name, [*case.requirements, *([requirement] if requirement else [])]
            )

    def _case(
        self, place: Sequence[str | int], spec: ScenarioSpec, case: ClientCase, form: str, asked: Sequence[str]
    ) -> ScenarioCase:
        requirements = []
        for name in dict.fromkeys(asked):
            known = self._known.get(name.removesuffix("?"))
            if known is not None:
                requirements.append(known)
            elif not name.endswith("?"):
                self._wrong((*place, "requirements"), f"no requirement {name!r}", did_you_mean(name, self._known))
        strongest = max(
            (each.expectation for each in requirements), key=lambda each: _STRENGTH.get(each, 0), default="SHALL"
        )
        name = f"{case.id}/{form.replace(':', '.')}" if form else case.id
        title = f"{case.title}: {form}" if form else case.title
        return ScenarioCase(
            f"{spec.id}/{name}", title, case, tuple(requirements), case.expectation or strongest, self._at(place), form
        )

    def _check_names(
        self, place: Sequence[str | int], case: ClientCase, resources: Mapping[str, ScenarioResource]
    ) -> None:
        named = [*case.delivered, *case.versions, *case.shown, *case.shown_versions, *case.hidden]
        named += case.left if isinstance(case.left, dict) else ()
        named += [name for check in (case.values, case.absent) if isinstance(check, ValuesCheck) for name in check.of]
        named += [case.form_of] if case.form_of else []
        for name in named:
            if name not in resources:
                self._wrong(
                    (*place, case.check.replace("_", "-")), f"no resource {name!r}", did_you_mean(name, resources)
                )

    def _at(self, place: Sequence[str | int]) -> str:
        return f"{self._path}:{line_of(self._data, place)}"

    def _wrong(self, place: Sequence[str | int], what: str, expected: str) -> None:
        raise wrong(str(self._path), line_of(self._data, place), what, expected)


def _model(path: Path) -> tuple[YamlDict, ScenarioFile]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}), expected a file of scenarios") from error
    data = load(text, str(path))
    if not isinstance(data, YamlDict):
        raise wrong(str(path), 1, "no mapping at the top", "expected `suite: NAME`, `actor: client` and `scenarios:`")
    try:
        return data, ScenarioFile.model_validate(data)
    except ValidationError as error:
        raise UsageError("\n".join(mistakes(path, data, error, ScenarioFile))) from error


def _filled(spec: ScenarioSpec, row: Mapping[str, Any]) -> ScenarioSpec:
    """Fill in `{{row.…}}`; a text of one place alone keeps the value's type."""
    if not row:
        return spec

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            whole = _ROW.fullmatch(value)
            if whole:
                return row.get(whole[1], "")
            return _ROW.sub(lambda found: str(row.get(found[1], "")), value)
        if isinstance(value, dict):
            return {name: fill(each) for name, each in value.items()}
        if isinstance(value, list):
            filled = [fill(each) for each in value]
            flat = [one for each in filled for one in (each if isinstance(each, list) else [each])]
            return [each for each in flat if each != "" and not _is_void(each)]
        return value

    data = fill(spec.model_dump(by_alias=True, exclude_unset=True, exclude={"rows"}))
    return ScenarioSpec.model_validate(data)


def _is_void(value: Any) -> bool:
    """Whether it is a case whose row left its check empty."""
    if not isinstance(value, dict) or "title" not in value:
        return False
    return all(not value[key] for key in value if key.replace("-", "_") in ClientCase.CHECKS)

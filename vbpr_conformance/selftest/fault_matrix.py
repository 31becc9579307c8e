"""Faults against cases, computed anew: each fault is caught, each case can fail, each permitted variation passes.

Everything runs in this process, against the reference server as a function: no sockets, no stored result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from vbpr_conformance import __version__
from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.reference.app import App, make_app
from vbpr_conformance.reference.faults import Fault, catalogue
from vbpr_conformance.reference.permitted_variations import PERMITTED_VARIATIONS
from vbpr_conformance.reference.store import Store
from vbpr_conformance.suite.case import run_case
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.coverage import all_cases
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

FORMAT = "vbpr-conformance-selftest/1"
EXAMPLES = 10
_BASE = "http://selftest.invalid/fhir"
_RED = frozenset({Verdict.FAIL, Verdict.WARN})


@dataclass
class FaultMatrix:
    """What came of it: who caught each fault, what turned each case red, what was wrong with permitted variations.

    `not_tried` are the faults that only a server behind a login shows; `partial` is True where only some were tried.
    """

    edition: str
    partial: bool = False
    caught: dict[str, str] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    not_tried: list[str] = field(default_factory=list)
    turned_red: dict[str, str] = field(default_factory=dict)
    never_red: list[str] = field(default_factory=list)
    variations: dict[str, list[str]] = field(default_factory=dict)
    good_server: list[str] = field(default_factory=list)

    @property
    def is_proven(self) -> bool:
        """Whether everything was caught, can fail, and passes."""
        wrong = [*self.missed, *self.never_red, *self.good_server]
        return not wrong and not any(self.variations.values())

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON data."""
        return {"format": FORMAT, "harness": __version__, "proven": self.is_proven, **asdict(self)}


class InProcess(httpx.BaseTransport):
    """Gives requests to the reference server as they are."""

    def __init__(self, app: App) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode("ascii")
        status, answered, content, *_ = self._app.handle(request.method, target, headers, request.read())
        return httpx.Response(status, headers=answered, content=b"" if request.method == "HEAD" else content)


def fault_matrix(
    edition: Edition, *, wanted: Callable[[str], bool] = lambda _: True, told: Callable[[str], None] = lambda _: None
) -> FaultMatrix:
    """Compute the matrix; `wanted` chooses faults and variations by name, `told` hears of each as it is done."""
    cases = [case for case in all_cases(edition)[0] if case.spec.mode != "read-only"]
    faults = {name: fault for name, fault in catalogue(edition).items() if wanted(name)}
    made = FaultMatrix(edition.version, partial=len(faults) < len(catalogue(edition)))
    for name, fault in faults.items():
        if fault.needs_credentials:
            made.not_tried.append(name)
        else:
            _try_fault(edition, fault, cases, made)
            told(f"{name}: {made.caught.get(name, 'NOT CAUGHT')}")
    if not made.partial:
        _try_again(edition, faults, cases, made)
        made.never_red = [case.id for case in cases if case.id not in made.turned_red]
        made.good_server = _wrong(_run(edition, cases))
        told(f"the good server: {len(made.good_server)} wrong")
    for name in filter(wanted, PERMITTED_VARIATIONS):
        made.variations[name] = _wrong(_run(edition, cases, variations=(name,)))
        told(f"{name}: {len(made.variations[name])} wrong")
    return made


def _try_fault(edition: Edition, fault: Fault, cases: Sequence[Case], made: FaultMatrix) -> None:
    """Run the cases about what it breaks: those that nothing turned red yet, then others until one sees it."""
    own = [case for case in cases if any(each.about == fault.breaks for each in case.requirements)]
    fresh = [case for case in own if case.id not in made.turned_red]
    others = [case for case in own if case.id in made.turned_red]
    for result in _run(edition, fresh, fault=fault.name):
        if result.verdict in _RED:
            made.turned_red[result.id] = fault.name
            made.caught.setdefault(fault.name, result.id)
    if fault.name not in made.caught:
        red = [each for each in _run(edition, others, fault=fault.name, until=_is_red) if _is_red(each)]
        if red:
            made.caught[fault.name] = red[0].id
        else:
            made.missed.append(fault.name)


def _try_again(edition: Edition, faults: Mapping[str, Fault], cases: Sequence[Case], made: FaultMatrix) -> None:
    """Try the cases that nothing turned red with the faults of the interactions that they test."""
    for name, fault in faults.items():
        interaction = fault.breaks.get("interaction")
        near = [
            case
            for case in cases
            if case.id not in made.turned_red
            and any(interaction and each.about.get("interaction") == interaction for each in case.requirements)
        ]
        for result in _run(edition, near, fault=name) if near and not fault.needs_credentials else ():
            if _is_red(result):
                made.turned_red[result.id] = name


def _is_red(result: CaseResult) -> bool:
    return result.verdict in _RED


def _wrong(results: Iterable[CaseResult]) -> list[str]:
    """Give the cases that take offence at a server that breaks no rule."""
    return [f"{each.id}: {each.message}" for each in results if each.verdict in {Verdict.FAIL, Verdict.ERROR}]


def _run(
    edition: Edition,
    cases: Iterable[Case],
    *,
    fault: str | None = None,
    variations: Sequence[str] = (),
    until: Callable[[CaseResult], bool] = lambda _: False,
) -> list[CaseResult]:
    app = make_app(edition, Store(), fault=fault, variations=variations)
    client = FhirClient(_BASE, structure=edition.structure, transport=InProcess(app))
    context = Context(edition, client, "selftest", Settings(examples=EXAMPLES if fault else 1, seed=1))
    found = []
    for case in cases:
        found.append(run_case(case, context))
        if until(found[-1]):
            break
    context.resources.close()
    context.client.close()
    return found

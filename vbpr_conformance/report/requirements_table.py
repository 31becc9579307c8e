"""The requirements of an edition and the cases that test each, as a table, JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Requirement

UNTESTED = "no case"


def write(edition: Edition, cases: Mapping[str, Sequence[str]], form: str, out: TextIO) -> None:
    """Write all requirements of `edition`; `cases` maps a requirement's id to the ids of its cases."""
    writer = {"json": _json, "csv": _csv, "md": _markdown, "table": _table}[form]
    writer(edition.requirements, cases, out)


def as_object(requirement: Requirement, cases: Sequence[str]) -> dict[str, Any]:
    """Give the object that `results.json` and `requirements --format json` share."""
    return {
        "id": requirement.id,
        "actor": requirement.actor,
        "expectation": requirement.expectation,
        "about": dict(requirement.about),
        "source": requirement.source,
        "text": requirement.text,
        "not_tested": requirement.not_tested,
        "cases": list(cases),
    }


def _json(requirements: Sequence[Requirement], cases: Mapping[str, Sequence[str]], out: TextIO) -> None:
    objects = [as_object(each, cases.get(each.id, ())) for each in requirements]
    out.write(json.dumps(objects, indent=2, ensure_ascii=False) + "\n")


def _csv(requirements: Sequence[Requirement], cases: Mapping[str, Sequence[str]], out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("id", "actor", "expectation", "about", "source", "text", "cases"))
    for each in requirements:
        tested = " ".join(cases.get(each.id, ()))
        writer.writerow((each.id, each.actor, each.expectation, _about(each), each.source, each.text, tested))


def _markdown(requirements: Sequence[Requirement], cases: Mapping[str, Sequence[str]], out: TextIO) -> None:
    out.write("| requirement | actor | expectation | what it asks for | cases |\n| --- | --- | --- | --- | --- |\n")
    for each in requirements:
        tested = ", ".join(f"`{case}`" for case in cases.get(each.id, ())) or each.not_tested or UNTESTED
        text = each.text.replace("|", "\\|")
        out.write(f"| [`{each.id}`]({each.source}) | {each.actor} | {each.expectation} | {text} | {tested} |\n")


def _table(requirements: Sequence[Requirement], cases: Mapping[str, Sequence[str]], out: TextIO) -> None:
    width = max((len(each.id) for each in requirements), default=0)
    for actor in dict.fromkeys(each.actor for each in requirements):
        of_actor = [each for each in requirements if each.actor == actor]
        tested = sum(1 for each in of_actor if cases.get(each.id))
        out.write(f"{actor}: {len(of_actor)} requirements, {tested} tested by the packaged suites\n")
        out.writelines(
            f"  {each.expectation:<7} {each.id:<{width}}  {_summary(each, cases.get(each.id, ()))}\n"
            for each in of_actor
        )


def _summary(requirement: Requirement, cases: Sequence[str]) -> str:
    if not cases:
        return f"not testable: {requirement.not_tested}" if requirement.not_tested else UNTESTED
    more = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
    return f"{cases[0]}{more}"


def _about(requirement: Requirement) -> str:
    return " ".join(f"{key}={value}" for key, value in requirement.about.items())

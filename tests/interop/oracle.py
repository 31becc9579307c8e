"""HL7's own validator beside ours: both judge the same resources, and where they differ a reason is on record.

It is built from `../shared/oracle` into `.work/oracle`, once. `oracle.yaml` lists the reasons.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from servers import building

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.fhir.yaml12 import load
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.validate.validator import validator_for

HERE = Path(__file__).parent
WORK = HERE / ".work" / "oracle"
SHARED = HERE.parents[2] / "shared"
REASONS = HERE / "oracle.yaml"


def missing() -> str | None:
    """What is missing to run HL7's validator."""
    if not (SHARED / "oracle" / "run.sh").is_file():
        return "HL7's validator (../shared/oracle) is not beside the project"
    lacking = [each for each in ("java", "mvn") if shutil.which(each) is None]
    return f"HL7's validator needs {' and '.join(lacking)}" if lacking else None


def build() -> None:
    """Build it, if that is not done yet: two that start at once must not both do so."""
    with building():
        if not (WORK / "lib").is_dir():
            pom = SHARED / "oracle" / "pom.xml"
            subprocess.run(["mvn", "-q", "-f", str(pom), f"-Dwork={WORK}", "compile"], check=True)


@dataclass(frozen=True)
class Complaint:
    """An error, ours or theirs: `rule` is our rule id or their message id."""

    rule: str
    expression: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule} at {self.expression}: {self.text}"


@dataclass(frozen=True)
class Judged:
    """A resource with the errors that each of the two finds."""

    name: str
    ours: tuple[Complaint, ...]
    theirs: tuple[Complaint, ...]

    @property
    def agreed(self) -> bool:
        """Whether both say valid or both invalid."""
        return bool(self.ours) == bool(self.theirs)

    def __str__(self) -> str:
        who = "only we object" if self.ours else "only they object"
        return f"{self.name}: {who}: " + "; ".join(map(str, (*self.ours, *self.theirs)))


def judge(
    edition: Edition, resources: Mapping[str, Any], folder: Path, *, known: Sequence[Any] = ()
) -> dict[str, Judged]:
    """Let both judge the resources; `known` are further ones that both shall know of (a Measure, a profile)."""
    files = folder / "resources"
    files.mkdir(parents=True)
    for name, resource in resources.items():
        (files / f"{name}.json").write_text(json_codec.dumps(resource), encoding="utf-8")
    beside = [folder / f"known-{number}.json" for number in range(len(known))]
    for path, resource in zip(beside, known, strict=True):
        path.write_text(json_codec.dumps(resource), encoding="utf-8")
    theirs = _theirs(edition.version, files, folder / "out.jsonl", beside)
    by_url = {each.get("url"): each for each in known}
    validator = validator_for(edition)
    judged = {}
    for name in resources:
        data = (files / f"{name}.json").read_bytes()
        issues = validator.issues_of(data, resolver=lambda url: by_url.get(url.partition("|")[0]))
        ours = tuple(Complaint(each.rule, each.expression, each.message) for each in issues if each.is_error)
        judged[name] = Judged(name, ours, theirs[name])
    return judged


def _theirs(version: str, files: Path, out: Path, known: Sequence[Path]) -> dict[str, tuple[Complaint, ...]]:
    settings = {"ORACLE_WORK": str(WORK), "ORACLE_REFERENCES": "1", "ORACLE_HEAP": "1500m"}
    if known:
        settings["ORACLE_WITH"] = ":".join(map(str, known))
    command = ["sh", str(SHARED / "oracle" / "run.sh"), version, str(out), str(files)]
    run = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    answers = (json.loads(line) for line in out.read_text(encoding="utf-8").splitlines())
    return {Path(each["file"]).stem: tuple(_errors(each["issues"])) for each in answers}


_UNSEEN = re.compile(r"ValueSet/(currencies|mimetypes|languages|all-languages)\b|bcp13")
"""Value sets whose codes HL7's engine has only online. Offline it takes any code at first, and later, in edition 1.0.0,
once it met a wrong one, none."""
_OF_CODES = re.compile(r"UNABLE_TO_INFER_CODESYSTEM|Terminology_TX_NoValid_\d+")


def _errors(issues: Iterable[Mapping[str, Any]]) -> Iterable[Complaint]:
    for each in issues:
        unseen = _OF_CODES.fullmatch(each.get("messageId") or "") and _UNSEEN.search(each.get("text") or "")
        if each["severity"] in {"error", "fatal"} and not unseen:
            yield Complaint(each.get("messageId") or "", each.get("expression") or "", each.get("text") or "")


@dataclass(frozen=True)
class Reason:
    """Why the two differ: the errors it covers, all of one side, and a resource that shows it."""

    name: str
    side: str
    covers: tuple[tuple[str, str], ...]
    """Rules or message ids, `*` for any ending, each with a regular expression that its text must meet."""
    reason: str
    shown_by: Any
    editions: tuple[str, ...]

    def covers_complaint(self, complaint: Complaint) -> bool:
        """Whether an error is one of those."""
        return any(
            fnmatchcase(complaint.rule, rule) and re.search(text, complaint.text) is not None
            for rule, text in self.covers
        )


def reasons() -> list[Reason]:
    """Give what is on record."""
    found = []
    for name, each in load(REASONS.read_text(encoding="utf-8"), REASONS.name).items():
        side = "ours" if "we-object" in each else "theirs"
        covers = each["we-object" if side == "ours" else "they-object"]
        pairs = tuple((str(rule), str(text)) for rule, text in covers.items())
        editions = tuple(map(str, each.get("editions", ("1.0.0", "1.1.0"))))
        found.append(Reason(str(name), side, pairs, str(each["reason"]), each["shown-by"], editions))
    return found


def explanation(judged: Judged, known: Sequence[Reason]) -> set[str] | None:
    """Name the reasons for a disagreement; None if an error of the side that objects is covered by none."""
    side = "ours" if judged.ours else "theirs"
    named = set()
    for complaint in getattr(judged, side):
        covering = {each.name for each in known if each.side == side and each.covers_complaint(complaint)}
        if not covering:
            return None
        named |= covering
    return named

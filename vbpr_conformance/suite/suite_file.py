"""Reads suite files; every mistake is one line: `file:line: what, and what was expected`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.yaml12 import YamlDict, YamlList, load, wrong
from vbpr_conformance.ig.folders import suites_folder
from vbpr_conformance.suite.language import Step, SuiteSpec

_LOOKS_LIKE_A_SUITE = re.compile(rb"^suite[ \t]*:", re.MULTILINE)
_SAYS = {
    "missing": "{key!r} is missing; expected it here",
    "string_type": "{key!r} holds {kind}; expected text",
    "int_type": "{key!r} holds {kind}; expected a whole number",
    "float_type": "{key!r} holds {kind}; expected a number",
    "bool_type": "{key!r} holds {kind}; expected true or false",
    "list_type": "{key!r} holds {kind}; expected a list",
    "dict_type": "{key!r} holds {kind}; expected a mapping",
    "model_type": "{key!r} holds {kind}; expected a mapping",
    "too_short": "{key!r} is empty; expected at least one item",
}
_MOST_CHOICES = 30
Location = Sequence[str | int]


@dataclass(frozen=True)
class Suite:
    """A suite file as read: the model, and where each part of it stands."""

    path: Path
    spec: SuiteSpec
    data: YamlDict

    @property
    def name(self) -> str:
        """The name of the file without its ending: how a suite is chosen and shown."""
        return self.path.stem

    def line(self, *location: str | int) -> int:
        """The line on which the part at `location` stands, counted from 1."""
        return line_of(self.data, location)

    def wrong(self, location: Location, what: str, expected: str) -> UsageError:
        """Make the error of a mistake at `location`."""
        return wrong(str(self.path), self.line(*location), what, expected)


def packaged(actor: str = "server") -> list[Path]:
    """The suite files for an actor that come with the project, in order of their names."""
    return sorted((suites_folder() / actor).glob("*.yaml"))


def is_suite(path: Path) -> bool:
    """Whether a YAML file is a suite: it has the key `suite` at its top."""
    try:
        return _LOOKS_LIKE_A_SUITE.search(path.read_bytes()) is not None
    except OSError:
        return False


def load_suite(path: Path) -> Suite:
    """Read a suite file; all its mistakes together make one `UsageError`, a line each."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}), expected a suite file") from error
    data = load(text, str(path))
    if not isinstance(data, YamlDict):
        raise wrong(str(path), 1, "no mapping at the top", "expected `suite: NAME` and `cases:`")
    try:
        spec = SuiteSpec.model_validate(data)
    except ValidationError as error:
        raise UsageError("\n".join(mistakes(path, data, error, SuiteSpec))) from error
    suite = Suite(path, spec, data)
    _refuse_duplicates(suite)
    return suite


def line_of(data: Any, location: Location) -> int:
    """Find the line of what stands at `location`, or of the innermost part that does stand there."""
    line = data.line if isinstance(data, YamlDict | YamlList) else 1
    for step in location:
        if isinstance(data, YamlDict) and step in data:
            line, data = data.key_lines[str(step)], data[str(step)]
        elif isinstance(data, YamlList) and isinstance(step, int) and step < len(data):
            line, data = data.item_lines[step], data[step]
        else:
            break
    return line


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, else all of them, ready to end a sentence."""
    choices = sorted(known)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    if len(choices) > _MOST_CHOICES:
        return f"expected one of {len(choices)}, as {choices[0]}"
    return "expected one of " + ", ".join(choices) if choices else "expected none here"


def _refuse_duplicates(suite: Suite) -> None:
    seen: dict[str, int] = {}
    for index, case in enumerate(suite.spec.cases):
        if case.id in seen:
            first = suite.line("cases", seen[case.id], "id")
            raise suite.wrong(
                ("cases", index, "id"), f"the case id {case.id!r} is used twice", f"first on line {first}; rename one"
            )
        seen[case.id] = index


def mistakes(path: Path, data: YamlDict, trouble: ValidationError, model: type[BaseModel]) -> list[str]:
    """Say each mistake that pydantic found in a file of `model`, with its line, in the order of the lines."""
    found = {_mistake(path, data, each, model) for each in trouble.errors(include_url=False)}
    return [text for _, text in sorted(found)]


def _mistake(path: Path, data: YamlDict, error: Any, model: type[BaseModel]) -> tuple[int, str]:
    line, sentence = mistake(data, tuple(error["loc"]), error, model)
    return line, f"{path}:{line}: {sentence}"


def mistake(data: YamlDict, location: Location, error: Any, root: type[BaseModel]) -> tuple[int, str]:
    """Give the line of a mistake and say it; `error` is one of pydantic's, of a file that `root` describes."""
    return line_of(data, location), _sentence(location, error, root)


def _sentence(location: Location, error: Any, root: type[BaseModel]) -> str:
    key = next((str(step) for step in reversed(location) if isinstance(step, str)), "the file")
    if error["type"] == "extra_forbidden":
        model = _model_at(location[:-1], root)
        known = [field.alias or name for name, field in model.model_fields.items()]
        what = "verb" if model is Step else "matcher" if location[-2:-1] in {("expect",), ("should",)} else "key"
        return f"unknown {what} {key!r}; {did_you_mean(key, known)}"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    template = _SAYS.get(error["type"])
    if template:
        return template.format(key=key, kind=_kind(error["input"]))
    return f"{key!r}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else f"{value!r}"


def _model_at(location: Location, root: type[BaseModel]) -> type[BaseModel]:
    """Find the model that describes what stands at `location`, by the types of the fields on the way from `root`."""
    model = root
    for step in location:
        for name, field in model.model_fields.items():
            if step in {name, field.alias}:
                model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in getattr(annotation, "__args__", ()))
    return next((each for each in found if each is not None), None)

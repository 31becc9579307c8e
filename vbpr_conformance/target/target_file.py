"""Reads a target from its file, the environment and the command line; every mistake is `file:line: what, and why`."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Collection, Mapping, MutableMapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vbpr_conformance.client.redact import Secret
from vbpr_conformance.client.urls import checked_base
from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.yaml12 import YamlDict, YamlList, load, wrong
from vbpr_conformance.suite.suite_file import line_of, mistake
from vbpr_conformance.target.placeholders import PlaceholderError, Placeholders
from vbpr_conformance.target.target_model import TargetSpec

TARGET_FILE = "vbpr.yaml"
"""The file that is taken from the working folder where none is named."""
CONFIG_VARIABLE = "VBPR_CONFIG"
"""Names the target file to the processes of a run, and to pytest."""
_OPTIONS = "VBPR_RUN_OPTIONS"
"""What the command line says, as JSON, for the processes of a run."""
ENVIRONMENT = "environment"
COMMAND_LINE = "command line"
Where = Callable[[tuple[str, ...]], str]
"""Says where the value at a path stands."""
_SHORT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "token": lambda value: {"auth": {"type": "bearer", "token": value}},
    "basic": lambda value: {"auth": _basic(value)},
    "ca": lambda value: {"tls": {"ca": value}},
    "timeout": lambda value: {"timeouts": {"read": value}},
}
"""Options that name one part of a larger one."""
_SECRET = frozenset({"token", "password", "client-secret", "key", "key-password", "proxy"})
_PLAIN = frozenset({"url", "edition", "suite", "out", "k", "existing", "leave-out", "deviations"})
"""Where what a placeholder stands for is no secret."""
_PATHS = (("tls", "ca"), ("tls", "cert"), ("tls", "key"), ("auth", "token-file"))


@dataclass(frozen=True)
class Target:
    """A target as all sources together describe it. `origins` says for each value, by its path, where it came from."""

    spec: TargetSpec
    origins: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    secrets: Collection[Secret] = ()
    """What stood in the environment and in files for placeholders."""

    def __repr__(self) -> str:
        """Say nothing: this is printed where failures are shown."""
        return "Target(…)"


def find_target_file(named: Path | None = None, folder: Path | None = None) -> Path | None:
    """Give the target file: the one named, else `vbpr.yaml` in the working folder if it is there."""
    if named is not None:
        return named
    found = (folder or Path()) / TARGET_FILE
    return found if found.is_file() else None


def read_target(
    path: Path | None = None,
    options: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Target:
    """Read a target. What the command line says outweighs the file, and that outweighs the environment.

    `options` are values by the names of a target file. Mistakes are a `UsageError` with a line for each.
    """
    data, secrets = _file(path, environment) if path is not None else (YamlDict(1), [])
    origins: dict[tuple[str, ...], str] = {}
    merged: dict[str, Any] = {}
    sources: tuple[tuple[Mapping[str, Any], Where], ...] = (
        (_of_environment(environment), lambda _: ENVIRONMENT),
        (data, lambda at: f"{path}:{line_of(data, at)}"),
        (dict(options or {}), lambda _: COMMAND_LINE),
    )
    for values, where in sources:
        for name, value in values.items():
            for key, part in _written_out(name, value, where((name,))).items():
                _merge(merged, key, part)
                _note(origins, (key,), part, where if key == name else _always(where((name,))))
    try:
        spec = TargetSpec.model_validate(_plain(merged))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=True)
        lines = sorted({_mistake(path, data, origins, each) for each in errors})
        raise UsageError("\n".join(text for _, text in lines)) from None
    return Target(spec, origins, [*secrets, *_secrets(spec)])


def hand_on(path: Path | None, options: Mapping[str, Any], environment: MutableMapping[str, str]) -> None:
    """Let processes that are started from here read the same target: by their environment, which others cannot see."""
    for name, value in ((CONFIG_VARIABLE, str(path.resolve()) if path is not None else ""), (_OPTIONS, options)):
        environment[name] = value if isinstance(value, str) else json.dumps(value)


def keep_credentials(url: str, environment: MutableMapping[str, str] = os.environ) -> str:
    """Give a base URL without user and password; these stay in the environment, where `handed_on` finds them."""
    base, user, _ = checked_base(url)
    if user is not None:
        options = {**json.loads(environment.get(_OPTIONS) or "{}"), "url": url}
        environment[_OPTIONS] = json.dumps(options)
    return base


def handed_on(environment: Mapping[str, str] = os.environ) -> Target:
    """Read the target that the environment names: that of the run that started this process, or the user's own."""
    named = environment.get(CONFIG_VARIABLE)
    options = json.loads(environment.get(_OPTIONS) or "{}")
    return read_target(Path(named) if named else None, options, environment)


def _file(path: Path, environment: Mapping[str, str]) -> tuple[YamlDict, list[Secret]]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read as a target file: {error.strerror}") from None
    data = load(text, str(path))
    if data is None:
        return YamlDict(1), []
    if not isinstance(data, YamlDict):
        raise wrong(str(path), 1, "no mapping at the top", "expected options and values, as `url: https://…`")
    for name in [each for each in data if isinstance(each, str) and "_" in each]:
        data.key_lines[name.replace("_", "-")] = data.key_lines[name]
        data[name.replace("_", "-")] = data.pop(name)
    placeholders = Placeholders(environment, path.parent)
    filled = _filled(data, placeholders, path)
    for section, name in _PATHS:
        part = filled.get(section)
        if isinstance(part, YamlDict) and isinstance(part.get(name), str):
            part[name] = str(path.parent / part[name])
    return filled, placeholders.secrets


def _filled(data: Any, placeholders: Placeholders, path: Path, line: int = 1) -> Any:
    """Copy YAML with its placeholders filled, and its lines kept."""
    if isinstance(data, YamlDict):
        made = copy.copy(data)
        for key, value in data.items():
            known = len(placeholders.secrets)
            made[key] = _filled(value, placeholders, path, data.key_lines[key])
            if key in _PLAIN:
                del placeholders.secrets[known:]
        return made
    if isinstance(data, YamlList):
        items = copy.copy(data)
        items[:] = [_filled(value, placeholders, path, data.item_lines[i]) for i, value in enumerate(data)]
        return items
    if not isinstance(data, str):
        return float(data) if isinstance(data, Decimal) else data
    try:
        return placeholders.fill(data)
    except PlaceholderError as error:
        raise UsageError(f"{path}:{line}: {error}") from None


def _of_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the variables say that this program has always read."""
    found: dict[str, Any] = {}
    if environment.get("VBPR_BASIC"):
        found["basic"] = environment["VBPR_BASIC"]
    if environment.get("VBPR_TOKEN"):
        found.pop("basic", None)
        found["token"] = environment["VBPR_TOKEN"]
    if environment.get("VBPR_CA"):
        found["ca"] = environment["VBPR_CA"]
    if environment.get("VBPR_TIMEOUT"):
        found["timeout"] = _number(environment["VBPR_TIMEOUT"], "VBPR_TIMEOUT")
    if environment.get("VBPR_HEADERS"):
        found["headers"] = _headers(environment["VBPR_HEADERS"])
    return found


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{name} is {text!r}, expected a number of seconds") from None


def _headers(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UsageError('VBPR_HEADERS is not a JSON object of header names and values, as {"X-Api-Key": "…"}')
    return found


def _basic(value: Any) -> dict[str, Any]:
    if not isinstance(value, str) or ":" not in value:
        raise UsageError("HTTP Basic takes USER:PASSWORD, no `:` was found in what was given")
    user, _, password = value.partition(":")
    return {"type": "basic", "user": user, "password": password}


def _written_out(name: str, value: Any, source: str) -> dict[str, Any]:
    """Give an option by the part of the target that it names."""
    if name not in _SHORT:
        return {name: value}
    try:
        return _SHORT[name](value)
    except UsageError as error:
        raise UsageError(f"{source}: {error}") from None


def _merge(merged: dict[str, Any], name: str, value: Any) -> None:
    """Headers, times and TLS are put together from all sources; of the rest the last one counts."""
    if name in {"headers", "timeouts", "tls"} and isinstance(value, dict) and isinstance(merged.get(name), dict):
        merged[name] = {**merged[name], **value}
    else:
        merged[name] = value


def _note(origins: dict[tuple[str, ...], str], at: tuple[str, ...], value: Any, where: Where) -> None:
    """Note where a value came from, and each part of it."""
    origins[at] = where(at)
    for key, part in value.items() if isinstance(value, dict) else ():
        _note(origins, (*at, str(key)), part, where)


def _always(place: str) -> Where:
    return lambda _: place


def _plain(value: Any) -> Any:
    """Give YAML's mappings and lists as plain ones, which a strict model takes."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _mistake(path: Path | None, data: YamlDict, origins: Mapping[tuple[str, ...], str], error: Any) -> tuple[int, str]:
    """Say one mistake, with its line where it stands in the file."""
    location = tuple(error["loc"])
    names = tuple(each for each in location if isinstance(each, str))
    where = next((origins[names[:n]] for n in range(len(names), 0, -1) if names[:n] in origins), "")
    line, sentence = mistake(data, location, error, TargetSpec)
    if names and (names[0] == "headers" or names[-1] in _SECRET) and "holds" in sentence:
        sentence = f"{names[-1]!r} holds what is no text; expected text, in quotes"
    if where in {ENVIRONMENT, COMMAND_LINE}:
        return 0, f"{where}: {sentence}"
    return line, f"{path}:{line}: {sentence}"


def _secrets(spec: TargetSpec) -> list[Secret]:
    """All that is typed as a secret."""
    parts = [spec.auth, spec.tls, spec.refused_tokens]
    texts = [value for part in parts if part is not None for value in vars(part).values()]
    found = [each.get_secret_value() for each in texts if hasattr(each, "get_secret_value")]
    proxy = spec.proxy.get_secret_value() if spec.proxy is not None else ""
    found += [proxy] if "@" in proxy else []  # the place alone is none, and a message about it is to name it
    return [Secret(each) for each in found]

"""Writes for each failure a shell script that makes what is needed, shows the fault, and removes what it made.

The scripts need a POSIX shell and curl, and nothing of this project. Their data are the exchanges of the run; the ids
and versions that the server gives this time take the place of those it gave then. Where the run hid its bodies, a
script takes them from a folder, and says so.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vbpr_conformance.report.failure_text import writes
from vbpr_conformance.report.repeat_command import of_case
from vbpr_conformance.report.report_writer import write_whole
from vbpr_conformance.rest.curl import OWN_HEADERS, header_words, shell_word
from vbpr_conformance.rest.exchange import MASK
from vbpr_conformance.rest.located import located
from vbpr_conformance.rest.printable import CONTROL, printable
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.recorder import HIDDEN
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

FOLDER = "reproduce"
_CUT = re.compile(r"… \([\d,]+ bytes\)$")
_VERSION = re.compile(r'(?:W/)?"([^"]*)"')
_LOCATION = re.compile(r'"location"\s*:\s*"([^"]+)"|<location value="([^"]+)"')
"""Where an entry of a Bundle says that its resource is, in JSON or XML; the scripts look for the same."""
_BODIES = "give a folder that holds the body of each request in a file of its number, as the head of this script says"
_HIDDEN = (
    "# What was sent is not in here, as the run hid it (--redact-bodies): the body of request 1 is taken from the\n"
    "# file 1 of the folder BODIES, and so on. A run without that option writes this script with the bodies in it:\n"
    "#   {command}\n"
)
_PRELUDE = Path(__file__).with_name("reproduce.sh")


class ReproduceScripts:
    """Writes the script of a failure as soon as there is one: `reproduce/<case>.sh` below the folder of the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def begin(self, record: RunRecord) -> None:
        """Nothing has failed yet."""

    def add(self, record: RunRecord, result: CaseResult) -> None:
        """Write the script of a case that failed or missed a SHOULD, where its exchanges can be repeated."""
        text = script(result, record)
        if text is not None:
            path = self._folder / script_name(result, record)
            write_whole(path, text)
            path.chmod(0o755)

    def end(self, record: RunRecord, summary: RunSummary) -> None:
        """Everything is written."""


def script_name(result: CaseResult, record: RunRecord) -> str:
    """The name of a case's script: its id, after that of its suite where another suite has the same."""
    is_shared = any(each.id == result.id and each.suite != result.suite for each in record.results)
    whole = f"{result.suite}-{result.id}" if is_shared else result.id
    return re.sub(r"[^A-Za-z0-9._-]+", "-", whole) + ".sh"


def script_path(result: CaseResult, record: RunRecord) -> str:
    """Where the script of a case is, below the folder of the run; empty where it has none."""
    return f"{FOLDER}/{script_name(result, record)}" if script(result, record) is not None else ""


def script(result: CaseResult, record: RunRecord) -> str | None:
    """Give the script; None for a case that did not fail, or whose exchanges were not kept as a whole."""
    if result.verdict not in {Verdict.FAIL, Verdict.WARN} or record.actor != "server":
        return None
    chosen = _chosen(result.exchanges)
    if not any(each["failed"] for each in chosen) or any(_CUT.search(each["request_body"]) for each in chosen):
        return None
    names = RecordedNames(record.url, record.run_id)
    lines: list[str] = []
    for number, exchange in enumerate(chosen, 1):
        lines += _step(number, exchange, names)
        names.learn(number, exchange)
        lines += names.taken()
    return _head(result, record, chosen) + _PRELUDE.read_text(encoding="utf-8") + "\n" + "\n".join(lines) + "\n"


def _chosen(exchanges: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What was created for several cases, then what this case wrote up to the fault, and the answers that show it."""
    last = max((index for index, each in enumerate(exchanges) if each["failed"]), default=-1)
    kept = [each for each in exchanges[: last + 1] if each["failed"] or writes(each)]
    return [each for each in kept if each["phase"] != "teardown"]


def _head(result: CaseResult, record: RunRecord, chosen: Sequence[Mapping[str, Any]]) -> str:
    message = printable(result.message.replace("\n", " "))
    headers = chosen[-1]["request_headers"].items()
    login = " ".join(
        [*chosen[-1].get("curl_options", ()), *(word for name, value in headers for word in _secret(name, value))]
    )
    variables = sorted(set(re.findall(r"\$(VBPR_\w+)", login)))
    hidden = _HIDDEN.format(command=of_case(result, record)) if any(map(_is_hidden, chosen)) else ""
    needed = f"# Credentials come from the environment: {', '.join(variables)}.\n" if variables else ""
    return (
        "#!/bin/sh\n"
        f"# {result.id} · {result.suite} · {result.verdict.upper()} {result.expectation}\n"
        f"# {message}\n"
        "# Makes what is needed, shows the fault, and removes what it made. Usage: sh FILE [BASE URL]\n"
        f"{hidden}{needed}"
        "# Further options for curl, as a proxy, are taken from CURL_OPTIONS.\n"
        f"BASE=${{1:-{shlex.quote(record.url)}}}\n\n"
        "authorised() { # OPTION...: curl, let in\n"
        "    # shellcheck disable=SC2086  the options are words\n"
        f'    curl -sS ${{CURL_OPTIONS:-}} {login}{" " if login else ""}"$@"\n'
        "}\n\n"
    )


def _is_hidden(exchange: Mapping[str, Any]) -> bool:
    return bool(exchange["request_body"] == HIDDEN)


def _secret(name: str, value: str) -> list[str]:
    """The words of a header whose value is a secret, which is a variable of the environment here."""
    return header_words(name, value) if MASK in value else []


def _step(number: int, exchange: Mapping[str, Any], names: RecordedNames) -> list[str]:
    """The lines that send one request; the answers that show the fault are shown."""
    lines = [""]
    body = exchange["request_body"]
    if _is_hidden(exchange):
        lines.append(f'cat "${{BODIES:?{_BODIES}}}/{number}" > "$WORK/body"')
    elif body:
        end = "END_OF_BODY"
        while end in body:
            end += "_"
        lines += [f"cat > \"$WORK/body\" <<'{end}'", _visible(names.marked(body)), end]
    headers = exchange["request_headers"].items()
    own = {name: value for name, value in headers if name.lower() not in OWN_HEADERS and MASK not in value}
    words = [word for name, value in own.items() for word in _header(name, value, names)]
    url = names.marked_url(exchange["url"])
    follow = "next_page" if exchange["interaction"] == "page" else "request"
    lines.append(" ".join([follow, str(number), exchange["method"], _quoted(url), *words]))
    if exchange["failed"]:
        lines.append(f"show {number} {exchange['status']}")
    return lines


def _visible(body: str) -> str:
    """Write control characters of a body as JSON and XML can, so that the script can be looked at."""
    form = "\\u{:04x}" if body.lstrip()[:1] in {"{", "["} else "&#x{:x};"
    return CONTROL.sub(lambda found: form.format(ord(found[0])), body)


def _header(name: str, value: str, names: RecordedNames) -> list[str]:
    if name.lower() in {"if-match", "if-none-match"}:
        return ["-H", _quoted(f"{name}: {names.marked_versions(value)}")]
    return ["-H", _quoted(f"{name}: {names.marked_url(value)}")]


def _quoted(text: str) -> str:
    """Quote for the shell what is filled in when it is used: the markers stay as they are."""
    return '"$(fill ' + shell_word(text) + ')"'


class RecordedNames:
    """What stands for what the server names: each id, version and URL of then has a marker, filled in later."""

    def __init__(self, base: str, run_id: str) -> None:
        self._base = base.rstrip("/")
        self._run_id = run_id
        self._ids: dict[str, str] = {}
        self._versions: dict[str, str] = {}
        self._new: list[str] = []

    def learn(self, number: int, exchange: Mapping[str, Any]) -> None:
        """Take over what an answer named: where it says that something was created, and under which version."""
        status, method = exchange["status"], exchange["method"]
        if not writes(exchange) or status not in {200, 201}:
            return
        headers = {name.lower(): value for name, value in exchange["headers"].items()}
        asked = located(exchange["url"]).reference
        place = located(headers.get("location", "")) if headers.get("location") else located(exchange["url"])
        if method == "POST" and exchange["interaction"] in {"transaction", "batch"}:
            self._learn_bundle(number, exchange)
        elif method == "POST" and status == 201:  # noqa: PLR2004
            kind, identity = _in_body(exchange)
            place = place if place.reference and place.reference != asked else located(f"{kind}/{identity}")
            if place.reference:
                self._created(number, place.type or "", place.id or "", "")
        elif method == "PUT" and status == 201 and asked and asked not in self._ids:  # noqa: PLR2004
            self._new.append(f"created {shlex.quote(asked)}")
        version = place.version or (_VERSION.fullmatch(headers.get("etag", "")) or ["", ""])[1]
        if version:
            self._versions[version] = f"@{{v{number}}}"
            self._new.append(f"learn_version {number}")

    def _learn_bundle(self, number: int, exchange: Mapping[str, Any]) -> None:
        for index, found in enumerate(_LOCATION.finditer(exchange["body"]), 1):
            place = located(found[1] or found[2])
            if place.reference and place.reference not in self._ids:
                self._created(number, place.type or "", place.id or "", f"_{index}")

    def _created(self, number: int, kind: str, identity: str, suffix: str) -> None:
        marker = f"r{number}{suffix}"
        self._ids[f"{kind}/{identity}"] = f"@{{{marker}}}"
        index = suffix.removeprefix("_")
        self._new.append(f"learn_id {marker} {number} {kind} {index}".rstrip())

    def taken(self) -> list[str]:
        """Give, once, the lines that take over what the last answer names."""
        lines, self._new = self._new, []
        return lines

    def marked(self, body: str) -> str:
        """Put markers into a body; also for the ids of the resources in it, where no local reference means the same."""
        text = self._marked(body)
        for reference, marker in self._ids.items():
            identity = reference.partition("/")[2]
            if f'"#{identity}"' not in text:
                text = re.sub(rf'("id"\s*:\s*"|<id value="){re.escape(identity)}(?=")', rf"\g<1>{marker}", text)
        return text

    def marked_url(self, text: str) -> str:
        """Put markers into a URL, or into search parameters: also for a mere id as a value."""
        text = self._marked(text)
        for reference, marker in self._ids.items():
            identity = re.escape(reference.partition("/")[2])
            text = re.sub(rf"=(?:{identity})(?=&|$)", f"={marker}", text)
        for version, marker in self._versions.items():
            text = re.sub(rf"/_history/{re.escape(version)}(?=[?#]|$)", f"/_history/{marker}", text)
        return text

    def marked_versions(self, text: str) -> str:
        """Put markers into the value of If-Match."""
        return _VERSION.sub(lambda found: found[0].replace(found[1], self._versions.get(found[1], found[1])), text)

    def _marked(self, text: str) -> str:
        text = text.replace(self._base, "@{base}").replace(self._run_id, "@{run}")
        for reference, marker in self._ids.items():
            kind, _, identity = reference.partition("/")
            text = re.sub(rf"\b{kind}/{re.escape(identity)}(?![A-Za-z0-9.-])", f"{kind}/{marker}", text)
        return text


def _in_body(exchange: Mapping[str, Any]) -> tuple[str, str]:
    kind = re.search(r'"resourceType"\s*:\s*"(\w+)"|<(?P<xml>[A-Z]\w+)\b', exchange["body"])
    identity = re.search(r'"id"\s*:\s*"([^"]+)"|<id value="(?P<xml>[^"]+)"', exchange["body"])
    return (kind[1] or kind["xml"], identity[1] or identity["xml"]) if kind and identity else ("", "")

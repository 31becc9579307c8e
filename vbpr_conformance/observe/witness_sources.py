"""Where a client's output is found: files, folders and pages that the tester names, and a file of answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.yaml12 import load

_TIMEOUT_S = 10.0
_MOST_OUTPUT = 64 * 1024 * 1024


def read_witnesses(named: Sequence[str], scenario: str, scenarios: Iterable[str]) -> list[tuple[str, bytes]]:
    """Read everything that the tester named; a folder of the name of another scenario is not this one's."""
    others = {each for each in scenarios if each != scenario}
    return [each for name in named for each in _read(name, others)]


def _read(name: str, others: set[str]) -> Iterator[tuple[str, bytes]]:
    if urlsplit(name).scheme in {"http", "https"}:
        yield name, _fetched(name)
        return
    path = Path(name)
    try:
        if not path.is_dir():
            yield str(path), path.read_bytes()[:_MOST_OUTPUT]
            return
        for file in sorted(path.rglob("*")):
            if file.is_file() and not file.is_symlink() and not others & set(file.relative_to(path).parts[:-1]):
                yield str(file), file.read_bytes()[:_MOST_OUTPUT]
    except OSError as error:
        raise UsageError(f"cannot read the witness {name}: {error.strerror}") from None


def _fetched(url: str) -> bytes:
    import httpx  # noqa: PLC0415  only a witness at a URL needs it

    try:
        answer = httpx.get(url, timeout=_TIMEOUT_S, follow_redirects=True)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UsageError(f"cannot read the witness {url}: {error}") from None
    return answer.content


def read_answers(path: Path | None) -> dict[str, str]:
    """Read a file of answers: a mapping of question ids to values, in YAML or JSON."""
    if path is None:
        return {}
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the answers {path}: {error.strerror}") from None
    data = load(text, str(path))
    if not isinstance(data, dict):
        raise UsageError(f"{path}:1: answers are a mapping of question ids to values, as `plain/scores#1: 12.5`")
    return {str(key): str(value) for key, value in data.items()}


def check_witnesses(named: Sequence[str]) -> None:
    """Refuse a witness that cannot be there: a file or folder may come later, a URL has to be one."""
    for name in named:
        parts = urlsplit(name)
        if parts.scheme and "://" in name and parts.scheme not in {"http", "https"}:
            raise UsageError(f"the witness {name} is neither a file, a folder nor an http(s) URL")

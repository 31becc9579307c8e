"""References in searches (https://hl7.org/fhir/R4/search.html#reference)."""

from __future__ import annotations

from vbpr_conformance.fhir.match import Match, all_of
from vbpr_conformance.fhir.search_index import ReferenceValue
from vbpr_conformance.fhir.search_values import ReferenceTarget, SearchToken, is_url, parse_canonical, parse_target


def match_identifier(wanted: SearchToken, value: ReferenceValue) -> Match:
    """Match `:identifier`: the identifier that stands in the reference itself."""
    found = value.identifier
    if found is None:
        return Match.NO
    if wanted.system is not None and wanted.system != (found.system or ""):
        return Match.NO
    if wanted.code is None or wanted.code == found.code:
        return Match.YES
    same = found.code is not None and wanted.code.casefold() == found.code.casefold()
    return Match.UNDECIDED if same else Match.NO


def match_reference(modifier: str | None, text: str, value: ReferenceValue, base: str | None) -> Match:
    """Match `id`, `Type/id`, a URL or a canonical; a modifier with a capital is the type of the target."""
    if modifier in {"above", "below"}:
        return Match.UNDECIDED
    if value.target is None:
        return Match.NO
    if value.canonical:
        return _match_canonical(text, value.target, base)
    if modifier is not None and not is_url(text) and "/" not in text:
        text = f"{modifier}/{text}"
    return _match_target(parse_target(text), value.target, base)


def _match_canonical(text: str, found: ReferenceTarget, base: str | None) -> Match:
    """Without a version any version matches. A relative reference may be resolved to the URL it has, or not."""
    if not is_url(text):
        return Match.UNDECIDED if found.url.rpartition("/")[2] == text.rpartition("/")[2] else Match.NO
    wanted = parse_canonical(text)
    if wanted.url != found.url:
        local = base is not None and text.startswith(base)
        return Match.UNDECIDED if local else Match.NO
    if wanted.version is None or wanted.version == found.version:
        return Match.YES
    return Match.NO if found.version is not None else Match.UNDECIDED


def _match_target(wanted: ReferenceTarget, found: ReferenceTarget, base: str | None) -> Match:
    if wanted.url == found.url:
        return Match.YES
    if wanted.id is None or found.id is None:
        return Match.NO
    if wanted.id != found.id or (wanted.type is not None and found.type is not None and wanted.type != found.type):
        return Match.NO
    return all_of([_same_place(wanted.base, found.base, base), _same_version(wanted.version, found.version)])


def _same_place(wanted: str | None, found: str | None, base: str | None) -> Match:
    """Whether both are on the same server; without a base a reference is to the server itself."""
    if wanted == found:
        return Match.YES
    if base is None:
        return Match.UNDECIDED if wanted is None or found is None else Match.NO
    here = base.rstrip("/")
    return Match.of((wanted or here) == (found or here))


def _same_version(wanted: str | None, found: str | None) -> Match:
    """A reference to one version is found or not found by one to none: R4 does not say."""
    if wanted == found:
        return Match.YES
    return Match.UNDECIDED if wanted is None or found is None else Match.NO

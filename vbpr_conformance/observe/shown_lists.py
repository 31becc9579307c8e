"""Judges lists that a client shows: what is listed as one of those that were asked for, and what is listed twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vbpr_conformance.observe.scenario_data import HeldResource
from vbpr_conformance.observe.shown_facts import ShownFact, names_of
from vbpr_conformance.observe.shown_values import ClientOutput
from vbpr_conformance.observe.witness_tree import Piece, RecordIndex


def listed_alike(wanted: Sequence[HeldResource], decoy: HeldResource, output: ClientOutput) -> str:
    """Say where a resource is listed as one of those that were asked for; nothing if it is not.

    That is: beside them in one list, table or series of like lines, and not marked as included.
    """
    labels = {name: each.reference for each in (*wanted, decoy) for name in _names(each, output)}
    others = {
        f"id: {each.resource['id']}" for each in output.data.held.values() if each.profile.type != decoy.profile.type
    }
    shared = {name for each in wanted for name in names_of(each.resource)}
    labels |= {name: decoy.reference for name in names_of(decoy.resource) if name not in shared}
    index = RecordIndex(output.tree, labels)
    asked = {each.reference for each in wanted}
    cited = any(decoy.reference in str(each.resource) for each in wanted)
    return next(_alike(output.tree, index, asked, decoy.reference, others, lines=not cited), "")


def listed_twice(wanted: Sequence[HeldResource], output: ClientOutput) -> str:
    """Name a resource that one list, table or series of blocks has twice, word for word; nothing if none does."""
    labels = {name: each.reference for each in wanted for name in _names(each, output)}
    return next(_repeated(output.tree, RecordIndex(output.tree, labels)), "")


def _repeated(piece: Piece, index: RecordIndex) -> Iterator[str]:
    if not index.owners(piece):
        return
    blocks: list[tuple[str, list[str]]] = []
    if piece.kind in {"array", "rows", "lines"}:
        for part in piece.parts:
            owners = index.owners(part)
            if owners:
                blocks.append((next(iter(owners)) if len(owners) == 1 else "", [part.text]))
            elif blocks and piece.kind == "lines":
                blocks[-1][1].append(part.text)
    seen: set[tuple[str, str]] = set()
    for owner, texts in blocks:
        text = "\n".join(texts)
        if not owner or (piece.kind == "lines" and "\n" not in text):  # a line may stand in a summary as well
            continue
        if (owner, text) in seen:
            yield owner
        seen.add((owner, text))
    for part in piece.parts:
        yield from _repeated(part, index)


def _names(held: HeldResource, output: ClientOutput) -> list[str]:
    return [each for each in names_of(held.resource) if output.is_unique(ShownFact("text", (each,)))]


def _alike(  # noqa: PLR0913  what is looked for, and where
    piece: Piece, index: RecordIndex, asked: set[str], decoy: str, others: set[str], *, lines: bool
) -> Iterator[str]:
    if decoy not in index.owners(piece):
        return
    if piece.kind in {"array", "rows", "object"} or (lines and piece.kind == "lines"):
        keyed = piece.kind == "object"
        heads = [(part, _head(part, index)) for part in piece.parts if not keyed or index.named_by_key(part)]
        good = [part for part, head in heads if head in asked]
        bad = [part for part, head in heads if head == decoy and not _is_marked(part)]
        dump = any(line in others for part in piece.parts for line in part.text.splitlines())
        if good and bad and not dump and _same_kind(piece.kind, good, bad):
            yield bad[0].text[:120].replace("\n", " ")
    for part in piece.parts:
        yield from _alike(part, index, asked, decoy, others, lines=lines)


def _head(piece: Piece, index: RecordIndex) -> str:
    """The thing that a piece is about: the first that it names."""
    owners = index.owners(piece)
    if len(owners) <= 1:
        return next(iter(owners), "")
    for part in piece.parts:
        found = _head(part, index)
        if found:
            return found
    return ""


def _is_marked(piece: Piece) -> bool:
    if piece.parts:
        lines = piece.text.splitlines()
        return any(line in {f"mode: {mark}", mark} for mark in ("include", "outcome") for line in lines)
    return any(piece.has(mark) for mark in ("include", "included"))


def _same_kind(kind: str, good: Sequence[Piece], bad: Sequence[Piece]) -> bool:
    if kind == "object":
        return all(each.kind == "member" or ":" in each.text for each in (*good, *bad)) and not any(
            each.parts and each.parts[0].kind == "array" for each in (*good, *bad)
        )
    if kind != "lines":
        return True
    return bool({_shape(each) for each in good} & {_shape(each) for each in bad})


def _shape(piece: Piece) -> str:
    """The way a line begins: its first word without what differs from line to line."""
    first = piece.text.split()[0] if piece.text.split() else ""
    return piece.kind + "".join("0" if each.isdigit() else "a" if each.isalpha() else each for each in first)[:4]

"""Judges lists that a client shows: what is listed as one of those that were asked for, and what is listed twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vbpr_conformance.observe.scenario_data import HeldResource
from vbpr_conformance.observe.shown_facts import ShownFact, names_of
from vbpr_conformance.observe.shown_values import ClientOutput
from vbpr_conformance.observe.witness_tree import CELL, Piece, RecordIndex

_APART = re.compile(
    r"\b(?:includ|cit(?:e[sd]?|ing|ation)|referenc|referr|evaluat|quality|related|linked|based on|source|"
    r"eingeschlossen|zitiert|verwendet|qualit|cité|inclus|cita)",
    re.IGNORECASE,
)
"""What somebody says who shows apart from the rest what came along because it is cited."""
_ROW_MARKS = frozenset("|-*+\u2022\u2502")
_FIELD = re.compile(r":\s+(?!\d{0,3}$)")
"""A line of a name and its value; a heading may end with how many there are."""


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
    if any(decoy.reference in str(each.resource) for each in wanted):
        return next(_as_a_match(output.tree, index, asked, decoy.reference, others), "")
    return next(_alike(output.tree, index, asked, decoy.reference, others), "")


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


def _alike(piece: Piece, index: RecordIndex, asked: set[str], decoy: str, others: set[str]) -> Iterator[str]:
    """Where a list, table, object or series of lines has the decoy beside what was asked for."""
    if decoy not in index.owners(piece):
        return
    if piece.kind in {"array", "rows", "object", "lines"}:
        keyed = piece.kind == "object"
        heads = [(part, _head(part, index)) for part in piece.parts if not keyed or index.named_by_key(part)]
        good = [part for part, head in heads if head in asked]
        bad = [part for part, head in heads if head == decoy and not _is_marked(part)]
        if good and bad and not _is_dump(piece, others) and _same_kind(piece.kind, good, bad):
            yield _quoted(bad[0])
    for part in piece.parts:
        yield from _alike(part, index, asked, decoy, others)


def _as_a_match(piece: Piece, index: RecordIndex, asked: set[str], decoy: str, others: set[str]) -> Iterator[str]:
    """As `_alike`, of a decoy that those asked for cite: it may stand with them where anything sets it apart."""
    if decoy not in index.owners(piece):
        return
    if piece.kind in {"array", "rows"} and not _is_dump(piece, others):
        heads = [(part, _head(part, index)) for part in piece.parts]
        good = [part for part, head in heads if head in asked]
        bad = [part for part, head in heads if head == decoy and not _is_marked(part)]
        names = piece.parts[0].text.split(CELL) if piece.kind == "rows" else []
        if good and bad and not any(_cell_tells(each, good, names) for each in bad):
            yield _quoted(bad[0])
    elif piece.kind == "lines":
        yield from _as_a_block(_blocks(piece, index), asked, decoy)
    for part in piece.parts:
        yield from _as_a_match(part, index, asked, decoy, others)


def _cell_tells(row: Piece, good: Sequence[Piece], names: Sequence[str]) -> bool:
    """Whether a cell that none of the others has tells that this row came along, or heads a column about that."""
    others = [each.text.split(CELL) for each in good]
    cells = enumerate(zip(names, row.text.split(CELL), strict=False))
    own = [(name, cell) for at, (name, cell) in cells if all(cell not in other[at : at + 1] for other in others)]
    return any(cell.strip() and (_APART.search(name) or _APART.search(cell)) for name, cell in own)


def _blocks(piece: Piece, index: RecordIndex) -> list[tuple[str, list[Piece]]]:
    """What lines speak of, one after the other: each thing with the lines from the one that names it to the next."""
    found: list[tuple[str, list[Piece]]] = [("", [])]
    for part in piece.parts:
        head = _head(part, index)
        if head and head != found[-1][0]:
            found.append((head, []))
        found[-1][1].append(part)
    return found


def _as_a_block(blocks: Sequence[tuple[str, list[Piece]]], asked: set[str], decoy: str) -> Iterator[str]:
    """Where the decoy's lines begin as those do that were asked for, and nothing before or in them sets it apart."""
    good: list[list[Piece]] = []
    since: list[Piece] = []
    for head, lines in blocks:
        if head in asked:
            good.append(lines)
            since = lines[1:]
            continue
        if head == decoy and any(_same_form(lines[0], each[0]) for each in good):
            known = {_key(line) for each in good[:-1] for line in each}
            known |= {mark for each in good for line in each[1:] if (mark := line.text.strip()[:1]) in _ROW_MARKS}
            if not (_is_headed(since, lines[0], known) or _block_tells(lines, good)):
                yield _quoted(lines[0])
        since = [*since, *lines]


def _is_headed(before: Sequence[Piece], first: Piece, known: set[str]) -> bool:
    """Whether what follows has a heading: a line that says so, or right before it one that stands as far out.

    Lines that other blocks have as well are none.
    """
    if any(_APART.match(each.text.strip()) for each in before if not each.parts):
        return True
    last = before[-1] if before else None
    if last is None or last.parts or _depth(last) > _depth(first):
        return False
    text = last.text.strip()
    return _key(last) not in known and text[0] not in known and not _FIELD.search(text)


def _block_tells(lines: Sequence[Piece], good: Sequence[Sequence[Piece]]) -> bool:
    """Whether a block says that it came along, or is of another kind: in what all others have the same in common."""
    texts = [line for each in lines for line in each.text.splitlines()]
    said = [{line for each in block for line in each.text.splitlines()} for block in good]
    if any(_is_marked(each) for each in lines) or any(_APART.search(line) for line in texts if line not in said[0]):
        return True
    common = set.intersection(*said) if len(said) > 1 else set()
    fields = {line.partition(":")[0] for line in common if ":" in line}
    return any(line.partition(":")[0] in fields and line not in common for line in texts)


def _same_form(one: Piece, other: Piece) -> bool:
    """Whether two pieces are made alike: objects of mostly the same members, or lines that begin alike."""
    if one.parts and other.parts:
        mine, others = ({_key(part) for part in each.parts} for each in (one, other))
        return 2 * len(mine & others) >= len(mine | others)
    return not one.parts and not other.parts and _beginning(one) == _beginning(other)


def _beginning(piece: Piece) -> str:
    """How a line begins: its words up to the first with a digit, which differs from line to line."""
    words = re.match(r"\s*(?:[^\W\d_]+[\s:#*.|-]+(?=\S))*", piece.text.expandtabs())
    return words[0] if words else ""


def _key(line: Piece) -> str:
    """What a line is about, without its value."""
    return re.sub(r"\d+", "0", line.text.partition("\n")[0].partition(":")[0].strip())


def _depth(piece: Piece) -> int:
    text = piece.text.expandtabs()
    return len(text) - len(text.lstrip())


def _is_dump(piece: Piece, others: set[str]) -> bool:
    return any(line in others for part in piece.parts for line in part.text.splitlines())


def _quoted(piece: Piece) -> str:
    return piece.text[:120].replace("\n", " ")


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

"""What the self-test found, as people read it."""

from __future__ import annotations

from vbpr_conformance import __version__
from vbpr_conformance.selftest.fault_matrix import FaultMatrix


def selftest_text(made: FaultMatrix) -> str:
    """Give it as lines: the sentence first, then all that is wrong."""
    word = "PROVEN" if made.is_proven else "NOT PROVEN"
    tried = len(made.caught) + len(made.missed)
    caught = f"{len(made.caught)} of {tried} faults caught"
    said = f"{caught} · {len(made.turned_red)} cases seen to fail · {len(made.variations)} permitted variations"
    lines = [f"{word}   vbpr-conformance {__version__}, edition {made.edition}: {said}"]
    lines += [f"  not caught      {each}" for each in made.missed]
    lines += [f"  cannot fail     {each}" for each in made.never_red]
    lines += [f"  good server     {each}" for each in made.good_server]
    lines += [f"  {name}     {each}" for name, wrong in made.variations.items() for each in wrong]
    if made.not_tried:
        lines.append(f"  not tried       {len(made.not_tried)} faults that only a server behind a login shows")
    if made.partial:
        lines.append("  only a part of the faults was tried")
    return "\n".join(lines) + "\n"

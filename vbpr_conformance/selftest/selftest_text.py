"""What the self-test found, as people read it in a terminal."""

from __future__ import annotations

from vbpr_conformance import __version__
from vbpr_conformance.selftest.fault_matrix import FaultMatrix


def selftest_sentence(made: FaultMatrix) -> str:
    """Say in one line what was proven."""
    tried = [name for name in made.faults if name not in made.unseen]
    parts = [f"{len(tried) - len(made.missed)} of {len(tried)} faults caught"]
    if made.partial:
        parts.append(f"{len(made.reds)} cases seen to fail")
    else:
        able = [name for name in made.cases if name not in made.unable]
        parts.append(f"{len(able) - len(made.never_red)} of {len(able)} cases able to fail")
    passed = sum(not wrong for wrong in made.permitted.values())
    parts += [f"{passed} of {len(made.permitted)} permitted variations passed"] if made.permitted else []
    return " · ".join(parts)


def selftest_word(made: FaultMatrix) -> str:
    """Say in a word whether it is proven; a part is never the whole."""
    if not made.is_proven:
        return "NOT PROVEN"
    return "PROVEN IN PART" if made.partial else "PROVEN"


def selftest_text(made: FaultMatrix) -> str:
    """Give it as lines: the sentence first, then all that is wrong, then what was not tried."""
    lines = [
        f"{selftest_word(made)}   vbpr-conformance {__version__}, edition {made.edition}: {selftest_sentence(made)}"
    ]
    lines += [f"  not caught      {each}" for each in made.missed]
    lines += [f"  cannot fail     {each}" for each in made.never_red]
    lines += [f"  stale           {each} is listed as impossible and happened" for each in made.stale]
    lines += [f"  good server     {each}" for each in made.good_server]
    lines += [f"  {name}     {each}" for name, wrong in made.permitted.items() for each in wrong]
    lines += [f"  cannot be seen  {name}: {why}" for name, why in made.unseen.items()]
    if made.partial:
        lines.append("  only a part of the faults was tried")
    return "\n".join(lines) + "\n"

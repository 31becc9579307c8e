"""`selftest.html`: what the self-test found, for a certifier who must defend a verdict."""

from __future__ import annotations

from vbpr_conformance import __version__
from vbpr_conformance.reference.permitted_variations import PERMITTED_VARIATIONS
from vbpr_conformance.report.report_html import render
from vbpr_conformance.selftest.fault_matrix import FaultMatrix
from vbpr_conformance.selftest.selftest_text import selftest_sentence, selftest_word


def selftest_html(made: FaultMatrix) -> str:
    """Give the page: the sentence, all that is wrong, then the matrix from both sides."""
    return render(
        "selftest.html.j2",
        made=made,
        harness=__version__,
        word=selftest_word(made),
        sentence=selftest_sentence(made),
        reds=made.reds,
        variations=PERMITTED_VARIATIONS,
    )

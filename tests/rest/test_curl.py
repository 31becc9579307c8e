"""A line for a shell repeats a request, and can be looked at by a person."""

from __future__ import annotations

import subprocess

import pytest

from vbpr_conformance.rest.curl import shell_word


@pytest.mark.parametrize(
    "text", ["plain", "it's", "a\x1b[31mred", "back\\slash \x07 'quoted' $HOME", "click\u202egnp.exe\u2066"]
)
def test_a_word_is_itself_again_in_a_shell(text):
    """Quotes, backslashes and control characters come through, and no control character stands in the line."""
    word = shell_word(text)
    assert word.isprintable()
    said = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
    assert said.decode() == text

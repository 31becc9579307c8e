"""The self-test that users run."""

from __future__ import annotations

import json

from vbpr_conformance.cli import main
from vbpr_conformance.selftest.fault_matrix import FaultMatrix, fault_matrix
from vbpr_conformance.selftest.selftest_text import selftest_text


def test_a_fault_is_caught_by_a_case_about_what_it_breaks(edition):
    """And that case is seen to fail."""
    made = fault_matrix(edition, wanted=lambda name: name == "read-missing-200")
    assert list(made.caught) == ["read-missing-200"]
    assert made.caught["read-missing-200"] in made.turned_red
    assert (made.partial, made.is_proven) == (True, True)


def test_what_is_not_caught_proves_nothing():
    """Nor what cannot fail, nor a good server that is accused."""
    assert FaultMatrix("1.1.0").is_proven
    assert not FaultMatrix("1.1.0", missed=["a"]).is_proven
    assert not FaultMatrix("1.1.0", never_red=["a"]).is_proven
    assert not FaultMatrix("1.1.0", good_server=["a"]).is_proven
    assert not FaultMatrix("1.1.0", variations={"gzip": ["a"]}).is_proven
    assert "not caught      a" in selftest_text(FaultMatrix("1.1.0", missed=["a"]))


def test_the_command_writes_what_it_found(tmp_path, capsys):
    """As data and as a page."""
    assert main(["selftest", "--only", "read-missing-200", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("PROVEN")
    found = json.loads((tmp_path / "selftest.json").read_text())
    assert (found["proven"], found["partial"]) == (True, True)
    assert (tmp_path / "selftest.txt").read_text().startswith("PROVEN")

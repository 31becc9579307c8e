"""A bundle proves what it says, or nothing."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vbpr_conformance.cli import main
from vbpr_conformance.commands import certify, selftest_command
from vbpr_conformance.errors import TargetError, VbprError
from vbpr_conformance.report.certification_bundle import UnprovenError, proof_of, signed_bundle
from vbpr_conformance.report.outputs import write_all
from vbpr_conformance.runner import EndedRun
from vbpr_conformance.selftest.fault_matrix import FaultMatrix

RUN = {"target": "https://payer.example/fhir", "edition": "1.1.0", "started": "2026-11-28T10:00:00Z", "harness": "1"}
ABOUT = {"run": RUN, "verdict": "conformant"}
FILES = {"results.json": b'{"verdict": "conformant"}\n', "reproduce/a.sh": b"#!/bin/sh\n"}
MINE, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def bundle() -> bytes:
    """A bundle as it was made."""
    return signed_bundle(FILES, ABOUT, MINE)


def packed(entries: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def entries(bundle: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def test_what_was_not_touched_is_proven(bundle):
    """By its own key, and by the one that is given."""
    assert proof_of(bundle).manifest["verdict"] == "conformant"
    assert proof_of(bundle, MINE.public_key()).fingerprint.startswith("SHA256:")


def test_the_same_files_make_the_same_bytes(bundle):
    """So that every byte can be checked."""
    assert signed_bundle(dict(reversed(FILES.items())), ABOUT, MINE) == bundle


def test_one_changed_byte_anywhere_is_found(bundle):
    """In files, in the list, in the signature, and between them."""
    for at in range(len(bundle)):
        changed = bytearray(bundle)
        changed[at] ^= 1
        with pytest.raises(UnprovenError):
            proof_of(bytes(changed))
    for changed in (bundle + b"x", b"x" + bundle, bundle[:-1]):
        with pytest.raises(UnprovenError):
            proof_of(changed)


def test_another_key_is_found():
    """A bundle that somebody else signed is not the one that is expected."""
    with pytest.raises(UnprovenError, match="another key signed it"):
        proof_of(signed_bundle(FILES, ABOUT, OTHER), MINE.public_key())


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda found: [each for each in found if each[0] != "results.json"], "results.json is missing"),
        (lambda found: [each for each in found if each[0] != "manifest.sig"], "manifest.sig is missing"),
        (lambda found: [*found, ("manifest.json", b"{}")], "manifest.json is in it twice"),
        (lambda found: [*found, ("extra.txt", b"")], "extra.txt is not in its list"),
        (lambda found: [*found, ("../outside", b"")], "leads out of the archive"),
        (lambda found: [*found, ("/outside", b"")], "leads out of the archive"),
        (lambda found: [*found, ("a\\\\..\\\\b", b"")], "leads out of the archive"),
        (lambda _: [("a", b"")], "manifest.json is missing"),
        (
            lambda found: [(name, resigned(found) if name == "manifest.sig" else data) for name, data in found],
            "signature",
        ),
        (lambda found: [(name, b"" if name == "manifest.sig" else data) for name, data in found], "signature"),
    ],
)
def test_what_was_put_in_or_taken_out_is_found(bundle, change, reason):
    """Each told by its name."""
    with pytest.raises(UnprovenError, match=reason):
        proof_of(packed(change(entries(bundle))))


def put(found: list[tuple[str, bytes]], name: str, content: bytes) -> list[tuple[str, bytes]]:
    """The entries with another content of one."""
    return [(each, content if each == name else data) for each, data in found]


def resigned(found: list[tuple[str, bytes]]) -> bytes:
    """The signature of another key for the same list."""
    return base64.b64encode(OTHER.sign(dict(found)["manifest.json"]))


def test_a_link_in_place_of_a_file_is_found(bundle):
    """Though its bytes are those of the list."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries(bundle):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o120777 if name == "results.json" else 0o644) << 16
            archive.writestr(entry, content)
    with pytest.raises(UnprovenError, match=r"results\.json is no plain file"):
        proof_of(out.getvalue())


def private_key(folder):
    """A file with the private key."""
    private = MINE.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "KEY").write_bytes(private)
    return folder / "KEY"


def test_a_run_its_self_test_and_its_environment_are_in_the_bundle(record, tmp_path, monkeypatch):
    """Everything that the run left; a bundle is made only of a finished run and a proven build."""
    out = tmp_path / "out"
    write_all(record, record.summary(), out)
    ended = EndedRun(record, record.summary(), ())
    proven = FaultMatrix("1.1.0", faults={"a": "does"}, seen={"a": ["case"]}, cases={"case": "Title"})
    monkeypatch.setattr(selftest_command, "computed", lambda _: proven)
    bundle = certify.write_bundle(ended, out, private_key(tmp_path))
    proof = proof_of(bundle.read_bytes(), MINE.public_key())
    held = set(proof.manifest["files"])
    assert held >= {
        "results.json",
        "exchanges.har",
        "report.html",
        "selftest.json",
        "selftest.html",
        "environment.json",
    }
    assert proof.manifest["run"]["seed"] == record.seed
    assert proof.manifest["verdict"] == "non-conformant"
    environment = json.loads((out / "environment.json").read_text())
    assert all(environment[name] for name in ("python", "packages", "suites", "code"))
    monkeypatch.setattr(selftest_command, "computed", lambda _: FaultMatrix("1.1.0", good_server=["a: wrong"]))
    with pytest.raises(VbprError, match="certify nothing"):
        certify.write_bundle(ended, out, private_key(tmp_path))
    record.interrupted = True
    with pytest.raises(TargetError, match="not finished"):
        certify.write_bundle(ended, out, private_key(tmp_path))


def test_the_command_says_in_a_line_what_is_proven_and_what_not(tmp_path, bundle, capsys):
    """0, 1 where it proves nothing, 2 where there is nothing to check."""
    public = MINE.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(public)
    (tmp_path / "good.zip").write_bytes(bundle)
    (tmp_path / "bad.zip").write_bytes(bundle[:-3])
    assert main(["verify", str(tmp_path / "good.zip"), "--key", str(tmp_path / "key.pem")]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert "was found CONFORMANT for VBPR 1.1.0" in line
    assert "It does not prove" in line
    assert main(["verify", str(tmp_path / "bad.zip")]) == 1
    assert capsys.readouterr().out.startswith("PROVES NOTHING")
    assert main(["verify", str(tmp_path / "none.zip")]) == 2
    assert main(["verify", str(tmp_path / "good.zip"), "--key", str(tmp_path / "good.zip")]) == 2
    assert "expected an Ed25519 public key" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--certify"],
        ["--key", "KEY"],
        ["--certify", "--key", "KEY", "-k", "read"],
        ["--certify", "--key", "no"],
        ["--certify", "--key", "KEY", "--out", "."],
    ],
)
def test_a_certified_run_has_fixed_settings(tmp_path, words, monkeypatch):
    """What would make it another run is refused before anything is sent."""
    monkeypatch.chdir(tmp_path)
    private_key(tmp_path)
    assert main(["run", "http://127.0.0.1:9/fhir", *words]) == 2

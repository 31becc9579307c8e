"""A bundle proves what it says, or nothing."""

from __future__ import annotations

import io
import zipfile

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vbpr_conformance.cli import main
from vbpr_conformance.report.certification_bundle import UnprovenError, proof_of, signed_bundle

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
    ],
)
def test_what_was_put_in_or_taken_out_is_found(bundle, change, reason):
    """Each told by its name."""
    with pytest.raises(UnprovenError, match=reason):
        proof_of(packed(change(entries(bundle))))


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
    [["--certify"], ["--key", "KEY"], ["--certify", "--key", "KEY", "-k", "read"], ["--certify", "--key", "no"]],
)
def test_a_certified_run_has_fixed_settings(tmp_path, words, monkeypatch):
    """What would make it another run is refused before anything is sent."""
    monkeypatch.chdir(tmp_path)
    private = MINE.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "KEY").write_bytes(private)
    assert main(["run", "http://127.0.0.1:9/fhir", *words]) == 2

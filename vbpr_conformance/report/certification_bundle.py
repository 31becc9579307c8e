"""A certification bundle: everything that a run left, with a signed list of it, in one archive.

The archive holds its files as they are, in the order of their names and with fixed dates, so that the same files always
make the same bytes: a byte that is changed anywhere in it is found, also one that belongs to no file.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT = "vbpr-conformance-certification/1"
FILE = "certification.zip"
MANIFEST, SIGNATURE, KEY = "manifest.json", "manifest.sig", "public-key.pem"
_OWN = (MANIFEST, SIGNATURE, KEY)
_DATE = (1980, 1, 1, 0, 0, 0)
_MOST_BYTES = 2**30


@dataclass(frozen=True)
class Proof:
    """What a bundle proves: `manifest` is its signed list, `fingerprint` that of the key that signed it."""

    manifest: Mapping[str, Any]
    fingerprint: str


class UnprovenError(Exception):
    """The bundle does not prove what it says; the message says why."""


def signed_bundle(files: Mapping[str, bytes], about: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Give the archive of `files` by their names; `about` is what it says of the run."""
    digests = {name: {"sha256": _digest(files[name]), "bytes": len(files[name])} for name in sorted(files)}
    manifest = json.dumps({"format": FORMAT, **about, "files": digests}, indent=1, ensure_ascii=False).encode()
    public = _pem(key.public_key())
    signature = base64.b64encode(key.sign(manifest)) + b"\n"
    return _archive({**files, MANIFEST: manifest, SIGNATURE: signature, KEY: public})


def proof_of(data: bytes, key: Ed25519PublicKey | None = None) -> Proof:
    """Check a bundle, by the key that must have signed it, or else by its own; raises `UnprovenError`."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  only who certifies needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    files = _files(data)
    for name in _OWN:
        if name not in files:
            raise UnprovenError(f"{name} is missing")
    try:
        own = load_pem_public_key(files[KEY])
        manifest = json.loads(files[MANIFEST])
        signature = base64.b64decode(files[SIGNATURE], validate=False)
    except (ValueError, TypeError):
        raise UnprovenError("its key, list or signature cannot be read") from None
    if not isinstance(own, Ed25519PublicKey) or not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UnprovenError(f"it is no bundle of the format {FORMAT}")
    if key is not None and _pem(key) != _pem(own):
        raise UnprovenError(f"another key signed it: {fingerprint(own)}, expected {fingerprint(key)}")
    try:
        own.verify(signature, files[MANIFEST])
    except InvalidSignature:
        raise UnprovenError("the signature does not belong to the list of files") from None
    _check_files(files, manifest)
    if _archive(files) != data:
        raise UnprovenError("bytes were changed between its files")
    return Proof(manifest, fingerprint(own))


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read an Ed25519 private key (PEM, not encrypted); anything else is a `UsageError`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    expected = "expected an Ed25519 private key, as `openssl genpkey -algorithm ed25519` makes one"
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise UsageError(f"--key {path}: {error.strerror}; {expected}") from None
    except (ValueError, TypeError):
        raise UsageError(f"--key {path} cannot be used; {expected}, without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"--key {path} is another kind of key; {expected}")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read the Ed25519 public key that must have signed a bundle (PEM); anything else is a `UsageError`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    expected = "expected an Ed25519 public key, as `openssl pkey -pubout` gives one"
    try:
        text = path.read_bytes()
        if not text.startswith(b"-----BEGIN"):
            raise ValueError("no PEM")  # noqa: TRY301  told as any other that cannot be read
        key = load_pem_public_key(text)
    except OSError as error:
        raise UsageError(f"--key {path}: {error.strerror}; {expected}") from None
    except (ValueError, TypeError):
        raise UsageError(f"--key {path} cannot be used; {expected}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"--key {path} is another kind of key; {expected}")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """Give the SHA-256 of a public key, short enough to be read out."""
    return f"SHA256:{_digest(_pem(key))[:32]}"


def _files(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [each.filename for each in entries]
            for entry in entries:
                _check_name(entry, names)
            if sum(each.file_size for each in entries) > _MOST_BYTES:
                raise UnprovenError("it holds more than a bundle can")
            return {each.filename: archive.read(each) for each in entries}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError, OSError) as error:
        raise UnprovenError(f"it is no whole archive ({error})") from None


def _check_name(entry: zipfile.ZipInfo, names: list[str]) -> None:
    name = entry.filename
    if names.count(name) > 1:
        raise UnprovenError(f"{name} is in it twice")
    if name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name or ":" in name or entry.is_dir():
        raise UnprovenError(f"the path {name!r} leads out of the archive")
    if stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG}:
        raise UnprovenError(f"{name} is no plain file")
    if entry.compress_type != zipfile.ZIP_STORED:
        raise UnprovenError(f"{name} is packed; a bundle holds its files as they are")


def _check_files(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        raise UnprovenError("its list names no files")
    for name, told in listed.items():
        if name not in files:
            raise UnprovenError(f"{name} is missing")
        if not isinstance(told, dict) or told.get("sha256") != _digest(files[name]):
            raise UnprovenError(f"{name} was changed")
    extra = sorted(set(files) - set(listed) - set(_OWN))
    if extra:
        raise UnprovenError(f"{extra[0]} is not in its list")


def _archive(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return out.getvalue()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _pem(key: Ed25519PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

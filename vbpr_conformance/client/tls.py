"""TLS as the user set it: authorities to trust besides the usual ones, and the client's own certificate."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

import httpx

from vbpr_conformance.client.redact import Secret
from vbpr_conformance.errors import UsageError


class ClientCertificate(NamedTuple):
    """A certificate by which the client shows who it is: PEM with its key (in the same file or its own), or PKCS#12."""

    file: str
    key: str | None = None
    password: Secret | None = None


def tls_context(ca: str | None = None, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
    """Make the context of all connections; certificates are always verified. Raises `UsageError` for unfit files."""
    context = httpx.create_ssl_context()
    if ca is not None:
        try:
            is_folder = Path(ca).is_dir()
            context.load_verify_locations(cafile=None if is_folder else ca, capath=ca if is_folder else None)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"{ca}: cannot be read as a file of certificates (PEM): {error}") from None
    if certificate is not None:
        _show(context, certificate)
    return context


def _show(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    try:
        data = Path(certificate.file).read_bytes()
    except OSError as error:
        raise UsageError(f"{certificate.file}: the client's certificate cannot be read: {error.strerror}") from None
    if b"-----BEGIN" in data:
        _load(context, certificate)
    else:
        _load_pkcs12(context, certificate, data)


def _load(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    def password() -> str:
        """Answer for the user: OpenSSL would ask at the terminal."""
        if certificate.password is None:
            raise UsageError(f"{certificate.key or certificate.file}: the key is encrypted, and no password was given")
        return certificate.password.reveal()

    try:
        context.load_cert_chain(certificate.file, certificate.key, password)
    except (OSError, ssl.SSLError) as error:
        where = certificate.key or certificate.file
        what = "no certificate with its key (PEM)"
        if certificate.password is not None:
            what = f"the password does not open the key, or it is {what}"
        raise UsageError(f"{where}: {what}: {getattr(error, 'reason', None) or error}") from None


def _load_pkcs12(context: ssl.SSLContext, certificate: ClientCertificate, data: bytes) -> None:
    """Load a PKCS#12 file. OpenSSL takes files only: the key goes through one that is encrypted and deleted at once."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  few targets need it
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        pkcs12,
    )

    password = certificate.password.reveal().encode() if certificate.password is not None else None
    try:
        found = pkcs12.load_pkcs12(data, password)
    except (ValueError, TypeError):
        what = "no password was given, or" if password is None else "the password is wrong, or"
        raise UsageError(f"{certificate.file}: {what} it is no certificate (PEM or PKCS#12)") from None
    if found.key is None or found.cert is None:
        raise UsageError(f"{certificate.file}: holds no certificate with its key")
    passing = secrets.token_hex()
    parts = [found.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passing.encode()))]
    parts += [each.certificate.public_bytes(Encoding.PEM) for each in (found.cert, *found.additional_certs)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "client.pem"
        file.touch(0o600)
        file.write_bytes(b"".join(parts))
        context.load_cert_chain(file, password=passing)

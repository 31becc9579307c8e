"""Keys and certificates for one run of the server: made when it starts, gone when it ends."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=2)


@dataclass(frozen=True)
class ClientKey:
    """A key pair of a client; the server knows the public half under `id`."""

    id: str
    algorithm: str
    private_pem: str
    public: Any


def client_keys() -> dict[str, ClientKey]:
    """Make a key for each algorithm that SMART asks for."""
    made: dict[str, Any] = {
        "RS384": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ES384": ec.generate_private_key(ec.SECP384R1()),
    }
    return {name: ClientKey(name.lower(), name, _pem(key), key.public_key()) for name, key in made.items()}


@dataclass(frozen=True)
class Certificates:
    """Files of one authority: its certificate, and certificate and key of the server and of one client."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def certificates(folder: Path, host: str) -> Certificates:
    """Make an authority and what it vouches for, and write all of it into a folder."""
    authority = ec.generate_private_key(ec.SECP384R1())
    ca = _certificate("vbpr-conformance throw-away CA", authority, None, authority, ca=True)
    files = Certificates(
        *(folder / name for name in ("ca.pem", "server.pem", "server.key", "client.pem", "client.key"))
    )
    files.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for name, certificate, key_file in (
        (host, files.server, files.server_key),
        ("vbpr-client", files.client, files.client_key),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(name, key, ca, authority)
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        key_file.touch(mode=0o600)
        key_file.write_text(_pem(key))
    return files


def _certificate(name: str, key: Any, issuer: x509.Certificate | None, signer: Any, *, ca: bool = False) -> Any:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_key_usage(ca=ca), critical=True)
    )
    if not ca:
        built = built.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        names: list[x509.GeneralName] = [x509.DNSName("localhost")]
        try:
            names += [x509.IPAddress(ipaddress.ip_address(each)) for each in {name, "127.0.0.1"}]
        except ValueError:
            names += [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return built.sign(signer, hashes.SHA384())


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: Any) -> str:
    return str(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )

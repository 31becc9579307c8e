"""TLS and proxies, tried on real ports; every trouble is a sentence that names the option."""

from __future__ import annotations

import contextlib

import pytest
from cryptography.hazmat.primitives import serialization
from tls_server import Authority, serve_plain, serve_proxy, serve_tls

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.client_errors import NoAnswerError
from vbpr_conformance.client.connection import Connection
from vbpr_conformance.client.credentials import MutualTls, bearer
from vbpr_conformance.client.redact import Secret
from vbpr_conformance.client.tls import ClientCertificate
from vbpr_conformance.client.transport import Proxy
from vbpr_conformance.errors import UsageError
from vbpr_conformance.rest.curl import curl_line


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def start():
    """Start servers that end with the module."""
    with contextlib.ExitStack() as stack:

        def begin(server, base=""):
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return base or server

        yield begin


@pytest.fixture(scope="module")
def secured(authority, start):
    return start(*serve_tls(authority))


@pytest.fixture(scope="module")
def mutual(authority, start):
    return start(*serve_tls(authority, asks=True))


@pytest.fixture(scope="module")
def plain(start):
    return start(*serve_plain())


@pytest.fixture(scope="module")
def proxy(start):
    return start(serve_proxy())


def ask(base, certificate=None, inner=None, **settings):
    credentials = MutualTls(certificate, inner) if certificate is not None else inner
    with FhirClient(base, credentials=credentials, connection=Connection(retries=0, **settings)) as client:
        return client.capabilities()


def refused(base, certificate=None, **settings):
    with pytest.raises(NoAnswerError) as caught:
        ask(base, certificate, **settings)
    return str(caught.value)


def test_an_own_authority_is_trusted_when_named(secured, authority):
    """`--ca` names it, as a file."""
    assert ask(secured, ca=str(authority.file)).resource == {"resourceType": "CapabilityStatement"}
    assert "is not trusted: name the file of its authority by --ca FILE" in refused(secured)


def test_a_certificate_of_another_host_is_told(authority, start):
    """The name in the certificate is another one."""
    base = start(*serve_tls(authority, host="10.1.2.3"))
    assert "is not trusted: it is that of another host; check the URL" in refused(base, ca=str(authority.file))


def test_a_certificate_of_the_client_lets_in(mutual, authority):
    """PEM, PEM with an encrypted key, key and certificate in one file, and PKCS#12; alone or with a token."""
    cert, key = authority.files("client")
    locked, locked_key = authority.files("locked", "key password")
    both = authority.folder / "both.pem"
    with open(cert, encoding="utf-8") as one, open(key, encoding="utf-8") as other:  # noqa: PTH123  two at once
        both.write_text(one.read() + other.read())
    for certificate in (
        ClientCertificate(cert, key),
        ClientCertificate(str(both)),
        ClientCertificate(locked, locked_key, Secret("key password")),
        ClientCertificate(authority.pkcs12("packed", "p12 password"), None, Secret("p12 password")),
        ClientCertificate(authority.pkcs12("open", None)),
    ):
        assert ask(mutual, certificate, ca=str(authority.file)).status == 200
        assert ask(mutual, certificate, bearer("token"), ca=str(authority.file)).status == 200


def test_a_server_that_asks_for_a_certificate_is_told(mutual, authority):
    """Without one, and with one that it does not accept."""
    said = refused(mutual, ca=str(authority.file))
    assert "asks for a certificate of the client" in said
    assert "--cert FILE" in said
    other = Authority(authority.folder)
    cert, key = other.files("stranger")
    authority.file.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    assert "does not accept the one it was shown" in refused(
        mutual, ClientCertificate(cert, key), ca=str(authority.file)
    )


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        (None, "the key is encrypted, and no password was given"),
        (Secret("wrong"), "the password does not open the key"),
    ],
)
def test_a_key_that_does_not_open_is_told(authority, password, sentence):
    """Nobody is asked at the terminal."""
    cert, key = authority.files("shut", "key password")
    with pytest.raises(UsageError, match=sentence):
        ask("https://127.0.0.1:9/fhir", ClientCertificate(cert, key, password))


def test_files_that_are_no_certificates_are_told(authority, tmp_path):
    """Missing, of another kind, PKCS#12 with another password."""
    packed = authority.pkcs12("packed-again", "p12 password")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "half.pem").write_text("-----BEGIN CERTIFICATE-----\nhello")
    for certificate, sentence in (
        (ClientCertificate(str(tmp_path / "missing")), "cannot be read: No such file"),
        (ClientCertificate(str(tmp_path / "text")), "it is no certificate"),
        (ClientCertificate(str(tmp_path / "half.pem")), "no certificate with its key"),
        (ClientCertificate(packed, None, Secret("wrong")), "the password is wrong, or it is no certificate"),
        (ClientCertificate(packed), "no password was given, or it is no certificate"),
    ):
        with pytest.raises(UsageError, match=sentence):
            ask("https://127.0.0.1:9/fhir", certificate)


def test_tls_and_plain_http_are_told_apart(secured, plain):
    """TLS spoken to a server that has none, and the reverse."""
    assert "does not speak TLS: is its URL http://127.0.0.1:" in refused(plain.replace("http:", "https:"))
    said = refused(secured.replace("https:", "http:"))
    assert "speaks TLS: is its URL https://127.0.0.1:" in said or "broke off" in said


def through(proxy, credentials="me:proxy%20secret@"):
    return Proxy.read(f"http://{credentials}127.0.0.1:{proxy.server_port}")


def test_a_proxy_with_credentials(proxy, plain, secured, authority):
    """Plain requests are handed to it, TLS goes through it."""
    assert ask(plain, proxy=through(proxy)).status == 200
    assert ask(secured, ca=str(authority.file), proxy=through(proxy)).status == 200
    assert [each.partition(" ")[0] for each in proxy.seen[-2:]] == ["GET", "CONNECT"]
    assert "proxy%20secret" not in through(proxy).url


def test_trouble_of_a_proxy_names_it(proxy, plain, secured, authority):
    """One that is not there, and one that asks for credentials, name the option."""
    dead = Proxy.read("http://me:secret-of-the-proxy@127.0.0.1:9")
    said = refused(plain, proxy=dead)
    assert "the proxy http://127.0.0.1:9 could not be reached" in said
    assert "--proxy URL" in said
    assert "secret-of-the-proxy" not in said
    said = refused(secured, ca=str(authority.file), proxy=through(proxy, ""))
    assert "asks for credentials (407)" in said


def test_the_environment_names_a_proxy(proxy, monkeypatch):
    """HTTP_PROXY counts, and never for this machine."""
    monkeypatch.setenv("HTTP_PROXY", through(proxy).url.replace("//", "//me:proxy%20secret@"))
    assert ask("http://no-such-host.invalid/fhir").status == 200
    assert proxy.seen[-1] == "GET http://no-such-host.invalid/fhir/metadata"


def test_a_curl_line_names_the_certificate():
    """Variables stand for the files."""
    options = MutualTls(ClientCertificate("secret.pem", "secret.key"), bearer("x")).curl_options()
    assert " ".join(options) == '--cert "$VBPR_CERT" --key "$VBPR_CERT_KEY"'
    assert " ".join(MutualTls(ClientCertificate("a.p12")).curl_options()) == '--cert "$VBPR_CERT" --cert-type P12'


def test_what_failed_is_seen_again_with_the_certificate(authority, secured):
    """The curl line of an exchange has the words of the connection: the authority, and the client's certificate."""
    credentials = MutualTls(ClientCertificate(*authority.files("shown")))
    with FhirClient(secured, credentials=credentials, connection=Connection(ca=str(authority.file))) as client:
        line = curl_line(client.capabilities())
    assert line.startswith('curl -s --cacert "$VBPR_CA" --cert "$VBPR_CERT" --key "$VBPR_CERT_KEY" ')

"""An authority of certificates, servers that speak TLS, and a proxy that asks for credentials: all on real ports."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import http.client
import ipaddress
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from login_server import pem

BODY = b'{"resourceType": "CapabilityStatement"}'


class Authority:
    """Makes certificates."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        self.certificate = self._sign(self.name, self.key.public_key(), is_authority=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, name, public, *, is_authority=False, host="127.0.0.1"):
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        builder = builder.not_valid_after(now + dt.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        if not is_authority:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name, host="127.0.0.1"):
        """Make a key and its certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        return key, self._sign(subject, key.public_key(), host=host)

    def files(self, name, password=None, **more):
        """Write certificate and key as PEM; give both paths."""
        key, certificate = self.issue(name, **more)
        cert, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private.write_text(pem(key, password))
        return str(cert), str(private)

    def pkcs12(self, name, password):
        """Write certificate and key as PKCS#12; give the path."""
        key, certificate = self.issue(name)
        file = self.folder / f"{name}.p12"
        how = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        file.write_bytes(pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, None, how))
        return str(file)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away is no news."""


class _Fhir(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


def serve_tls(authority, *, asks=False, host="127.0.0.1"):
    """Start a server behind TLS, which may ask for a certificate of the client; give it and its base URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.files(f"server-{host}", host=host))
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.file)
    server = _Quiet(("127.0.0.1", 0), _Fhir)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server, f"https://127.0.0.1:{server.server_port}/fhir"


def serve_plain():
    """Start a server without TLS."""
    server = _Quiet(("127.0.0.1", 0), _Fhir)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/fhir"


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wanted = "Basic " + base64.b64encode(b"me:proxy secret").decode()

    def do_GET(self):
        self.server.seen.append(f"GET {self.path}")
        if self.headers.get("Proxy-Authorization") != self.wanted:
            self.send_error(407)
            return
        _Fhir.do_GET(self)

    def do_CONNECT(self):
        self.server.seen.append(f"CONNECT {self.path}")
        if self.headers.get("Proxy-Authorization") != self.wanted:
            self.send_error(407)
            return
        host, _, port = self.path.partition(":")
        self.send_response(200)
        self.end_headers()
        with socket.create_connection((host, int(port))) as there:
            back = threading.Thread(target=_copy, args=(there, self.connection), daemon=True)
            back.start()
            _copy(self.connection, there)

    def log_message(self, *_):
        pass


def _copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass


def serve_proxy():
    """Start a proxy that asks for `me` and `proxy secret`."""
    server = _Quiet(("127.0.0.1", 0), _Proxy)
    server.seen = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@contextlib.contextmanager
def certificate_asking_proxy(authority, behind):
    """Stand before a server: speaks TLS, asks for a certificate of the client, and passes everything on.

    Gives the base URL. The server sees the host that was asked for, and so calls itself by it, without TLS.
    """
    there = urlsplit(behind)

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection = http.client.HTTPConnection(there.hostname, there.port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            connection.request(self.command, self.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            data = answer.read()
            connection.close()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"content-length", "transfer-encoding", "connection", "keep-alive"}:
                    self.send_header(name, value)
            if answer.status not in {204, 304}:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815  the names are those of http.server

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.files("proxy-before-a-server"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    server = _Quiet(("127.0.0.1", 0), Passing)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}{there.path}"
    server.shutdown()
    server.server_close()

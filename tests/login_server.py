"""A server that lets in who has a token, and gives tokens, behind a real port; every fault of a token endpoint."""

from __future__ import annotations

import base64
import json
import time
from email.utils import formatdate
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

FORM = "application/x-www-form-urlencoded"


def pem(key, password=None):
    how = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, how).decode()


def jwk(key, kid, **more):
    is_rsa = isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey)
    algorithm = jwt.algorithms.RSAAlgorithm if is_rsa else jwt.algorithms.ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key)), "kid": kid, **more}


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP384R1())


class LoginServer:
    """What `serve` answers by: `/token`, `/.well-known/smart-configuration`, and FHIR for who has the newest token."""

    def __init__(self):
        self.base = ""
        self.issued = []
        self.valid = None
        self.seen = []
        self.answer = {"token_type": "bearer", "expires_in": 300}
        self.status = 200
        self.raw = None
        self.headers = {}
        self.ahead_s = 0
        self.statement = None
        self.configured = True
        self.verify = self.by_assertion
        self.keys = {"RS384": RSA.public_key(), "ES384": EC.public_key()}

    def __call__(self, server):
        body = server.content().decode()
        path = server.path.partition("?")[0].removeprefix("/fhir")
        self.seen.append(f"{server.command} {path}")
        if path == "/.well-known/smart-configuration":
            found = {"token_endpoint": f"{self.base.removesuffix('/fhir')}/token"}
            server.reply(200, found) if self.configured else server.reply(404, b"<html>no</html>")
        elif path == "/token":
            self.give_token(server, parse_qs(body))
        elif path == "/metadata" and self.statement is not None:
            server.reply(200, self.statement)
        elif server.headers.get("Authorization") != f"Bearer {self.valid}" or self.valid is None:
            server.reply(401, {"resourceType": "OperationOutcome"})
        else:
            server.reply(200, {"resourceType": "Bundle", "type": "searchset"})

    def give_token(self, server, form):
        if self.ahead_s:
            server.date_time_string = lambda: formatdate(time.time() + self.ahead_s, usegmt=True)
        if self.raw is not None:
            server.reply(self.status, self.raw, **self.headers)
            return
        trouble = self.verify(server, form)
        if trouble:
            server.reply(400, {"error": "invalid_client", "error_description": trouble}, **self.headers)
            return
        self.valid = f"token-number-{len(self.issued)}-of-the-server"
        self.issued.append(self.valid)
        server.reply(self.status, {"access_token": self.valid, **self.answer}, **self.headers)

    def by_assertion(self, _, form):
        """Verify the assertion as https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html asks."""
        if form["grant_type"] != ["client_credentials"] or "client_assertion" not in form:
            return "no assertion"
        text = form["client_assertion"][0]
        head = jwt.get_unverified_header(text)
        claims = jwt.decode(
            text,
            self.keys[head["alg"]],
            algorithms=["RS384", "ES384"],
            audience=f"{self.base.removesuffix('/fhir')}/token",
            options={"require": ["exp", "iss", "sub", "jti"]},
        )
        self.head, self.claims = head, claims
        if claims["iss"] != claims["sub"] or claims["exp"] - claims["iat"] > 300:
            return "claims"
        return None

    def by_secret(self, server, form):
        """Verify client id and secret, as Basic or in the form."""
        header = server.headers.get("Authorization", "").removeprefix("Basic ")
        basic = base64.b64decode(header).decode() if header else ""
        posted = ":".join([*form.get("client_id", []), *form.get("client_secret", [])])
        self.shown = (basic, posted)
        return None if "id%3A1:secret%20of%20the%20client" in basic or posted == "id:1:secret of the client" else "who?"

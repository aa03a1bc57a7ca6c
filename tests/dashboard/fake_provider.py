"""A provider of sign-on on loopback that tests tell what to get wrong."""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "assay", "a secret of the client"


@cache
def key(name: str = "usual") -> RSAKey:
    """A signing key, one for each name."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"}, auto_kid=False)


class FakeProvider:
    """What the next browser and the next code get; every field may be changed at any time."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "p1", "email": "pat@council.example", "groups": ["leads"]}
        self.claims: dict[str, Any] = {}  # in place of what the token would say; None leaves one out
        self.metadata: dict[str, Any] = {}  # in place of what discovery would say; None leaves one out
        self.answer: dict[str, Any] = {}  # in place of what goes back with the browser
        self.sign = self.signed  # a function from claims to a token
        self.key = key()
        self.keys: list[dict[str, Any]] = [key().as_dict(private=False)]
        self.codes: dict[str, dict[str, str]] = {}
        self.keeps_codes = False  # whether a code may be used again
        self.asked: list[str] = []  # the paths it was asked for
        self.takes = "client_secret_basic"  # how the client shows its secret
        self.raw: dict[str, tuple[int, dict[str, str], bytes]] = {}  # path -> status, headers, body
        self.pause = 0.0  # seconds before anything is answered
        self.url = ""  # the issuer: no two in a run are alike

    def discovery(self) -> dict[str, Any]:
        usual = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "authorization_response_iss_parameter_supported": True,
            "token_endpoint_auth_methods_supported": [self.takes],
        }
        return without({**usual, **self.metadata})

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes next: straight back, with a code."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        answer = without({"code": code, "state": asked["state"], "iss": self.url, **self.answer})
        return f"{asked['redirect_uri']}?{urlencode(answer, doseq=True)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.get(form.get("code", "")) if self.keeps_codes else self.codes.pop(form.get("code", ""), None)
        posted = (form.get("client_id"), form.get("client_secret"))
        if (authorization, posted) != (
            (f"Basic {basic}", (None, None)) if self.takes.endswith("basic") else ("", (CLIENT, SECRET))
        ):
            return 401, {"error": "invalid_client"}
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person}
        given = self.sign(without({**usual, **self.claims}))
        return 200, {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": given}

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


def without(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def unsigned(claims: dict[str, Any]) -> str:
    """A token with `alg` none."""
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def with_unknown_algorithm(claims: dict[str, Any]) -> str:
    """A token whose header names an algorithm that there is not, and the right signature of another."""
    return f"{part({'alg': 'XY256', 'kid': key().kid})}.{part(claims)}.{part({'a': 1})}"


def with_public_key(claims: dict[str, Any]) -> str:
    """A token made by whoever knows the public key alone: its PEM taken for a secret (HS256)."""
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': key().kid})}.{part(claims)}"
    made = hmac.digest(key().as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def with_another_algorithm(claims: dict[str, Any]) -> str:
    """A token that is rightly signed, in a way that was not agreed."""
    return jwt.encode({"alg": "PS256", "kid": key().kid}, claims, key(), algorithms=["PS256"])


def with_an_unknown_key(claims: dict[str, Any]) -> str:
    """A token signed by a stranger under a name of their own."""
    return jwt.encode({"alg": "RS256", "kid": secrets.token_hex(4)}, claims, key("a stranger's"))


def with_another_key(claims: dict[str, Any]) -> str:
    """A token signed by a stranger under the name of the provider's key."""
    return jwt.encode({"alg": "RS256", "kid": key().kid}, claims, key("a stranger's"))


def with_its_own_key(claims: dict[str, Any]) -> str:
    """A token that brings the key with which it wants to be checked."""
    own = key("a stranger's")
    return jwt.encode({"alg": "RS256", "jwk": own.as_dict(private=False)}, claims, own)


def altered(claims: dict[str, Any]) -> str:
    """A token whose claims were changed after it was signed."""
    head, _, signature = jwt.encode({"alg": "RS256", "kid": key().kid}, claims, key()).split(".")
    return f"{head}.{part({**claims, 'groups': ['leads', 'administrators']})}.{signature}"


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of whoever stopped listening, which tests make happen."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def running() -> Iterator[FakeProvider]:
    """A provider that answers until the block ends."""
    provider = FakeProvider()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.answered(b"")

        def do_POST(self) -> None:
            self.answered(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def answered(self, body: bytes) -> None:
            asked = urlsplit(self.path)
            path = asked.path.removeprefix(urlsplit(provider.url).path)
            provider.asked.append(path)
            time.sleep(provider.pause)
            if path in provider.raw:
                self.say(*provider.raw[path])
            elif path == "/.well-known/openid-configuration":
                self.tell(200, provider.discovery())
            elif path == "/keys":
                self.tell(200, {"keys": provider.keys})
            elif path == "/authorize":
                self.say(302, {"Location": provider.authorize(once(asked.query))}, b"")
            elif path == "/token":
                self.tell(*provider.token(once(body.decode()), self.headers.get("Authorization", "")))
            else:
                self.say(404, {}, b"")

        def tell(self, status: int, value: object) -> None:
            self.say(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

        def say(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = Server(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_port}/{secrets.token_hex(4)}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def once(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}

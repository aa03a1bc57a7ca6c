"""What a sign-on provider says of itself: where it takes what, and the keys with which it signs (reliability.md W4).

Only the operator's own word says which issuer that is; its discovery document must say the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import requests
from cachetools import TTLCache, cached
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from dashboard.outgoing import json_at, may_be_asked
from dashboard.providers import Provider

_LOCK = Lock()
_FAILED: TTLCache[str, str] = TTLCache(maxsize=64, ttl=10)
_ASKED_ANEW: TTLCache[str, bool] = TTLCache(maxsize=64, ttl=30)
_KEPT_KEYS: TTLCache[str, KeySet] = TTLCache(maxsize=64, ttl=600)


class Unreachable(Exception):
    """A provider does not answer, or not as providers do."""


@dataclass(frozen=True)
class Discovered:
    """Where a provider takes what, by its own word; `says_issuer`: its answers name it (RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_goes: str
    says_issuer: bool


def discovered(provider: Provider) -> Discovered:
    """What the provider says of itself, kept for an hour; Unreachable where it says nothing, or speaks for another.

    One that failed is not asked again for ten seconds, so that a silent provider does not hold every thread.
    """
    with _LOCK:
        failed = _FAILED.get(provider.issuer)
    if failed is not None:
        raise Unreachable(f"asked a moment ago: {failed}")
    try:
        return _discovered(provider)
    except Unreachable as error:
        with _LOCK:
            _FAILED[provider.issuer] = str(error)
        raise


@cached(TTLCache(maxsize=64, ttl=3600), key=lambda provider: provider.issuer, lock=Lock())
def _discovered(provider: Provider) -> Discovered:
    said = _asked(provider, provider.issuer.removesuffix("/") + "/.well-known/openid-configuration")
    if said.get("issuer") != provider.issuer:
        raise Unreachable(f"its discovery document is of another issuer: {shown(said.get('issuer'))}")
    ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    basic = not isinstance(ways, list) or "client_secret_basic" in ways or "client_secret_post" not in ways
    return Discovered(
        authorization_endpoint=_endpoint(provider, said, "authorization_endpoint"),
        token_endpoint=_endpoint(provider, said, "token_endpoint"),
        jwks_uri=_endpoint(provider, said, "jwks_uri"),
        secret_goes="client_secret_basic" if basic else "client_secret_post",
        says_issuer=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(provider: Provider, said: Mapping[str, Any], name: str) -> str:
    address = said.get(name)
    if not isinstance(address, str) or not may_be_asked(provider, address):
        raise Unreachable(f"its discovery document's {name} may not be asked: {shown(address)}")
    return address


def keys(provider: Provider, address: str) -> KeySet:
    """The keys with which the provider signs, kept for ten minutes; Unreachable where it publishes none."""
    with _LOCK:
        kept = _KEPT_KEYS.get(provider.issuer)
    if kept is not None:
        return kept
    usable = []
    listed = _asked(provider, address).get("keys")
    for key in listed if isinstance(listed, list) else []:
        # A key of a kind unknown here, or a secret one, is no fault of the others (RFC 7517, 5).
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig":
            try:
                usable.append(JWKRegistry.import_key(key))
            except (JoseError, ValueError, TypeError, KeyError, AttributeError):
                continue
    if not usable:
        raise Unreachable("it publishes no key with which its tokens can be checked")
    with _LOCK:
        _KEPT_KEYS[provider.issuer] = KeySet(usable)
        return _KEPT_KEYS[provider.issuer]


def keys_anew(provider: Provider, address: str) -> KeySet:
    """The keys as they are now; tokens with made-up key names do not make the server ask more than twice a minute."""
    with _LOCK:
        if not _ASKED_ANEW.get(provider.issuer):
            _ASKED_ANEW[provider.issuer] = True
            _KEPT_KEYS.pop(provider.issuer, None)
    return keys(provider, address)


def _asked(provider: Provider, address: str) -> dict[str, Any]:
    try:
        return json_at(provider, address)
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise Unreachable(f"{address} failed: {type(error).__name__} {shown(str(error))}") from error


def shown(value: object) -> str:
    """A stranger's text as it may stand in a log: one line, quoted, not long."""
    return repr(value if isinstance(value, str) else type(value).__name__)[:200]

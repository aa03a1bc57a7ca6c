"""OpenID Connect exactly: what is asked of a provider, and what its answer must hold before anybody is believed.

Code flow with PKCE (reliability.md W4; OpenID Connect Core 3.1.3.7, RFC 9207, RFC 9700). The texts of its errors
are for the log alone.
"""

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client.oauth2_session import OAuth2ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from dashboard.discovery import Discovered, Unreachable, keys, keys_anew, shown
from dashboard.outgoing import Outgoing
from dashboard.providers import Provider

LEEWAY = 60  # seconds by which clocks may differ
OLDEST = 600  # seconds since a token was issued
GROUPS, TEXT = 2000, 255  # groups of one person; characters of a subject, an address


class NotProven(Exception):
    """What came back does not prove who signs in."""


@dataclass(frozen=True)
class Proven:
    """A person a provider vouches for: `subject` is who, `email` only what to call them by, "" where not given."""

    issuer: str
    subject: str
    email: str
    groups: tuple[str, ...]


def start_address(
    provider: Provider, found: Discovered, redirect_uri: str, state: str, nonce: str, verifier: str
) -> str:
    """Where to send the browser, so that the provider asks who is there and sends it back to `redirect_uri`."""
    with Outgoing(provider) as outgoing:
        client = _client(provider, found, redirect_uri, outgoing)
        address, _ = client.create_authorization_url(
            found.authorization_endpoint, state=state, code_verifier=verifier, nonce=nonce
        )
    return str(address)


def answer_is_from(provider: Provider, found: Discovered, named: str | None) -> None:
    """Raise NotProven where the answer's `iss` is another's, or is missing though the provider says it is always there.

    RFC 9207: so that no provider can hand over what another has given.
    """
    if named is None and found.says_issuer:
        raise NotProven("the answer does not name its issuer, which this provider says it always does")
    if named is not None and named != provider.issuer:
        raise NotProven(f"the answer names another issuer: {shown(named)}")


def proven(provider: Provider, found: Discovered, redirect_uri: str, code: str, verifier: str, nonce: str) -> Proven:
    """The person for whom the provider gave this code; NotProven for any fault of it or of the token it buys."""
    with Outgoing(provider) as outgoing:
        client = _client(provider, found, redirect_uri, outgoing)
        try:
            bought = client.fetch_token(
                found.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except requests.RequestException as error:
            raise Unreachable(f"the token endpoint failed: {type(error).__name__}") from error
        except AuthlibBaseError as error:
            raise NotProven(f"the provider did not take the code: {shown(error.error)}") from error
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise Unreachable(f"the token endpoint's answer is none: {type(error).__name__}") from error
    token = bought.get("id_token")
    if not isinstance(token, str) or not token:
        raise NotProven("the provider gave no ID token")
    access_token = bought.get("access_token")
    return _believed(provider, _claims(provider, found, token, nonce, access_token))


# --- the token --------------------------------------------------------------------------------------------------------


def _claims(provider: Provider, found: Discovered, token: str, nonce: str, access_token: object) -> Mapping[str, Any]:
    registry = JWSRegistry(algorithms=list(provider.algorithms))  # never empty: then joserfc would choose
    try:
        try:
            signed = jwt.decode(token, keys(provider, found.jwks_uri), registry=registry)
        except InvalidKeyIdError:
            # The provider may have changed its keys since they were read.
            signed = jwt.decode(token, keys_anew(provider, found.jwks_uri), registry=registry)
        options = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True},
        }
        wanted = {"nonce": nonce, "client_id": provider.client_id}
        if isinstance(access_token, str):
            wanted["access_token"] = access_token
        checked = CodeIDToken(signed.claims, signed.header, options, wanted)
        checked.validate(now=int(time.time()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise NotProven(f"the ID token is not right: {type(error).__name__} {shown(str(error))}") from error
    claims: Mapping[str, Any] = checked
    # Said by the library too; these three are what everything hangs on, so they are read here once more.
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims["iss"] != provider.issuer or provider.client_id not in audience:
        raise NotProven("the ID token is another's")
    if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise NotProven("the ID token answers another question")
    if claims["iat"] < time.time() - OLDEST - LEEWAY:
        raise NotProven("the ID token was issued too long ago")
    return claims


def _believed(provider: Provider, claims: Mapping[str, Any]) -> Proven:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= TEXT or not subject.isprintable():
        raise NotProven("the ID token's subject is none")
    email = claims.get("email")
    if not isinstance(email, str) or len(email) > TEXT or not email.isprintable():
        email = ""
    is_checked = claims.get("email_verified", True) in (True, "true")
    groups = claims.get(provider.groups_claim, [])
    groups = [groups] if isinstance(groups, str) else groups
    if not isinstance(groups, list) or len(groups) > GROUPS or not all(isinstance(name, str) for name in groups):
        raise NotProven(f"the claim {provider.groups_claim} is no list of groups")
    return Proven(provider.issuer, subject, email if is_checked else "", tuple(dict.fromkeys(groups)))


class _Client(OAuth2Client):  # type: ignore[misc]  # untyped there
    client_auth_class = OAuth2ClientAuth


def _client(provider: Provider, found: Discovered, redirect_uri: str, outgoing: Outgoing) -> Any:
    return _Client(
        session=outgoing,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        token_endpoint_auth_method=found.secret_goes,
        scope=" ".join(provider.scopes),
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )

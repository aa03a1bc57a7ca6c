"""The operator's file of sign-on providers (ASSAY_SIGN_ON), and the one address under which people reach Assay.

reliability.md W4. Whom a provider may let in, and where, is the operator's word alone; nothing a browser or a provider
sends adds to it.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from scheme.errors import UsageError
from variables import declare, text

# Signatures with a key pair alone: with HS256 the key by which a token is checked could also make one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NEEDED = ("title", "issuer", "client_id", "tenants")
_OPTIONAL = ("client_secret_env", "client_secret_file", "groups_claim", "scopes", "algorithms")


@dataclass(frozen=True)
class Provider:
    """Who proves people's identity for some tenants; `tenants` are the only ones it may ever grant roles in."""

    name: str
    title: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    tenants: tuple[str, ...]
    groups_claim: str = "groups"
    scopes: tuple[str, ...] = ("openid", "email")
    algorithms: tuple[str, ...] = ("RS256",)


def providers() -> Mapping[str, Provider]:
    """The providers by name, in the file's order; none where ASSAY_SIGN_ON is not set.

    The file is read once. UsageError where it cannot be read, says something that makes no sense, or lacks a secret.
    """
    path = SIGN_ON.said()
    return _read(path) if path else MappingProxyType({})


def configured_origin() -> str | None:
    """The origin in ASSAY_ORIGIN, such as "https://assay.example.org"; None where it is not set.

    UsageError where it is no origin, or plain HTTP away from loopback.
    """
    return ORIGIN.read()


def _origin(said: str) -> str | None:
    origin = said.removesuffix("/")
    if not origin:
        return None
    parts = urlsplit(origin)
    bare = f"{parts.scheme}://{parts.netloc}" == origin and parts.hostname and "@" not in parts.netloc
    if not bare or not is_fit(origin):
        raise UsageError("ASSAY_ORIGIN is where people reach Assay, such as https://assay.example.org, and no more")
    return origin


SIGN_ON = declare("ASSAY_SIGN_ON", "the file of sign-on providers, below", "passwords of Assay alone", text)
ORIGIN = declare(
    "ASSAY_ORIGIN",
    "where people reach Assay: `https://assay.example.org`; signing on needs it away from loopback, and letters and "
    "links need it",
    "none",
    _origin,
)


def is_fit(address: str) -> bool:
    """Whether something may be sent to an address: HTTPS, or plain HTTP on this machine's loopback."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        parts.port  # noqa: B018 (raises where it is no number)
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def is_loopback(host: str) -> bool:
    """Whether a host's name or number is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def _read(path: str) -> Mapping[str, Provider]:
    try:
        said = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"ASSAY_SIGN_ON: {path} cannot be read as TOML ({error})") from error
    tables = said.get("providers")
    if set(said) != {"providers"} or not isinstance(tables, dict) or not tables:
        raise UsageError(f"{path} needs a table [providers.NAME] for each provider, and nothing else")
    made = {name: _provider(f"{path}, [providers.{name}]", name, table) for name, table in tables.items()}
    issuers = [provider.issuer for provider in made.values()]
    if len(set(issuers)) < len(issuers):
        raise UsageError(f"{path}: two providers have one issuer; make them one, with the tenants of both")
    return MappingProxyType(made)


def _provider(where: str, name: str, table: Any) -> Provider:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{where}: a provider's name is of small letters, digits and hyphens, 40 at most")
    if not isinstance(table, dict):
        raise UsageError(f"{where} is not a table")
    if unknown := sorted(set(table) - {*_NEEDED, *_OPTIONAL}):
        raise UsageError(f"{where}: unknown setting {', '.join(unknown)}")
    if lacking := [key for key in _NEEDED if not table.get(key)]:
        raise UsageError(f"{where} lacks {', '.join(lacking)}")
    issuer = _text(where, table, "issuer", "")
    if not is_fit(issuer) or urlsplit(issuer).query or "#" in issuer or "?" in issuer:
        raise UsageError(f"{where}: issuer is an https address without ? and #, exactly as the provider writes it")
    scopes = _texts(where, table, "scopes", ("openid", "email"))
    algorithms = _texts(where, table, "algorithms", ("RS256",))
    if "openid" not in scopes:
        raise UsageError(f"{where}: scopes need 'openid' among them")
    if unknown := [algorithm for algorithm in algorithms if algorithm not in ALGORITHMS]:
        raise UsageError(f"{where}: algorithm {', '.join(unknown)} is not one of {', '.join(ALGORITHMS)}")
    return Provider(
        name=name,
        title=_text(where, table, "title", ""),
        issuer=issuer,
        client_id=_text(where, table, "client_id", ""),
        client_secret=_secret(where, table),
        tenants=_texts(where, table, "tenants", ()),
        groups_claim=_text(where, table, "groups_claim", "groups"),
        scopes=scopes,
        algorithms=algorithms,
    )


def _text(where: str, table: Mapping[str, Any], key: str, otherwise: str) -> str:
    value = table.get(key, otherwise)
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where}: {key} is a text that is not empty")
    return value


def _texts(where: str, table: Mapping[str, Any], key: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    values = table.get(key, list(otherwise))
    if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
        raise UsageError(f"{where}: {key} is a list of texts that is not empty")
    return tuple(dict.fromkeys(values))


def _secret(where: str, table: Mapping[str, Any]) -> str:
    """The client's secret from the environment or a file of its own, never from this one, which people copy about."""
    variable, file = table.get("client_secret_env"), table.get("client_secret_file")
    if (variable is None) == (file is None) or not isinstance(variable or file, str):
        raise UsageError(f"{where} needs client_secret_env (a variable) or client_secret_file (a path), not both")
    if variable is not None:
        secret = os.environ.get(variable, "").strip()
    else:
        try:
            secret = Path(str(file)).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise UsageError(f"{where}: client_secret_file {file} cannot be read") from error
    if not secret:
        raise UsageError(f"{where}: the client's secret ({variable or file}) is empty or missing")
    return secret

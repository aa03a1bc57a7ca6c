"""The program's secret, with which it closes what must be kept but not read (second factors)."""

import base64
import hashlib
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from db.engine import address
from scheme.errors import UsageError
from variables import declare, text

SHORTEST = 32
_NEW = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def _one(said: str) -> str:
    return _fit(said) if said else said


def _several(said: str) -> tuple[str, ...]:
    return tuple(_fit(one) for one in said.split())


SECRET = declare(
    "ASSAY_SECRET",
    "what the program closes second factors with: 32 characters or more and no spaces; "
    "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` makes one. "
    "Keep it where only the program reads it, and in your backups",
    "`assay serve` refuses to start; `assay demo` makes one for itself beside its warehouse",
    _one,
    is_secret=True,
)
SECRET_FILE = declare("ASSAY_SECRET_FILE", "a file that holds the program's secret instead", "none", text)
SECRET_BEFORE = declare(
    "ASSAY_SECRET_BEFORE",
    "earlier secrets, spaces between: what they closed still opens",
    "none",
    _several,
    is_secret=True,
)


def box() -> MultiFernet:
    """What encrypts and decrypts with the secret; still opens what earlier secrets closed (ASSAY_SECRET_BEFORE).

    UsageError, which says how to make one, where the secret is missing, too short or no secret at all.
    """
    secret = SECRET.said() or _kept()
    if not secret:
        raise UsageError(f"ASSAY_SECRET is not set; make one with {_NEW} and keep it where only this program reads it")
    return MultiFernet([Fernet(_key(one)) for one in (_fit(secret), *SECRET_BEFORE.read())])


def at_hand() -> dict[str, str]:
    """The settings under which another process opens what this one closed; nothing where there is no secret here."""
    secret = SECRET.said() or _kept()
    return {SECRET.name: secret, SECRET_BEFORE.name: SECRET_BEFORE.said()} if secret else {}


def make_demo_secret() -> None:
    """Give the demo a secret of its own, in a file beside its SQLite warehouse that only its owner may read."""
    path = _beside()
    if path is not None and not path.exists() and not SECRET.is_set():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), "utf-8")


def _beside() -> Path | None:
    made = address()
    if made.drivername.partition("+")[0] != "sqlite" or not made.database:
        return None
    return Path(made.database).with_suffix(".secret")


def _kept() -> str:
    named = SECRET_FILE.said()
    path = Path(named) if named else _beside()
    try:
        return path.read_text("utf-8").strip() if path is not None and (named or path.exists()) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the secret's file {path} cannot be read ({error})") from error


def _fit(secret: str) -> str:
    if len(secret) < SHORTEST or len(set(secret)) < 10 or secret.split() != [secret]:
        raise UsageError(f"ASSAY_SECRET is too short, too plain or has spaces; make one with {_NEW}")
    return secret


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"assay box: {secret}".encode()).digest())

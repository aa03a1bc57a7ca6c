"""The program's secret, with which it closes what must be kept but not read (second factors)."""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import make_url

from db.engine import database_url
from scheme.errors import UsageError

SHORTEST = 32
_NEW = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def box() -> MultiFernet:
    """What encrypts and decrypts with the secret; still opens what earlier secrets closed (ASSAY_SECRET_BEFORE).

    UsageError, which says how to make one, where the secret is missing, too short or no secret at all.
    """
    secret = os.environ.get("ASSAY_SECRET") or _kept()
    if not secret:
        raise UsageError(f"ASSAY_SECRET is not set; make one with {_NEW} and keep it where only this program reads it")
    before = os.environ.get("ASSAY_SECRET_BEFORE", "").split()
    return MultiFernet([Fernet(_key(_fit(text))) for text in (secret, *before)])


def at_hand() -> dict[str, str]:
    """The settings under which another process opens what this one closed; nothing where there is no secret here."""
    secret = os.environ.get("ASSAY_SECRET") or _kept()
    return {"ASSAY_SECRET": secret, "ASSAY_SECRET_BEFORE": os.environ.get("ASSAY_SECRET_BEFORE", "")} if secret else {}


def make_demo_secret() -> None:
    """Give the demo a secret of its own, in a file beside its SQLite warehouse that only its owner may read."""
    path = _beside()
    if path is not None and not path.exists() and not os.environ.get("ASSAY_SECRET"):
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), "utf-8")


def _beside() -> Path | None:
    made = make_url(database_url())
    if made.drivername.partition("+")[0] != "sqlite" or not made.database:
        return None
    return Path(made.database).with_suffix(".secret")


def _kept() -> str:
    named = os.environ.get("ASSAY_SECRET_FILE")
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

"""A visitor on the way to a provider of sign-on and back: where each step leads, and what is left of it here."""

import re
import sqlite3
from urllib.parse import urlsplit

import requests

from db import sessions, sign_on, tenants

SETTINGS = """
[providers.council]
title = "Northshire staff"
issuer = "{issuer}"
client_id = "{client}"
client_secret_env = "COUNCIL_SECRET"
tenants = ["demo"]

[providers.other]
title = "Elsewhere"
issuer = "{issuer}/other"
client_id = "{client}"
client_secret_env = "COUNCIL_SECRET"
tenants = ["canary"]
"""


def give(tenant: str, through: str, group: str, role: str, *departments: str) -> None:
    sign_on.give_to_group(tenants.scope_of(tenant), through, group, role, departments)


def sent_out(visitor, path: str = "/sign-on/council", **headers: str) -> str:
    """Where the visitor is sent."""
    answer = visitor.get(path, headers=headers)
    assert answer.status_code == 302, answer.text
    return answer.location


def sent_back(address: str) -> str:
    """Where the provider sends the visitor, as a path of ours."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def signed_on(visitor, path: str = "/sign-on/council"):
    """What the visitor gets when it comes back."""
    return visitor.get(sent_back(sent_out(visitor, path)))


def person(visitor):
    """Who the visitor is signed in as; None for nobody."""
    cookie = visitor.get_cookie("assay")
    return sessions.session_of(cookie.value) if cookie else None


def rows(address: str) -> tuple[int, ...]:
    """How many people, grants and sessions providers have brought."""
    database = sqlite3.connect(address.removeprefix("sqlite:///"))
    counted = (
        "SELECT count(*) FROM users WHERE issuer IS NOT NULL",
        "SELECT count(*) FROM grants WHERE origin = 'sign_on'",
        "SELECT count(*) FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE u.issuer IS NOT NULL",
    )
    found = tuple(database.execute(statement).fetchone()[0] for statement in counted)
    database.close()
    return found


def refused(answer, visitor, address: str, status: int = 403) -> None:
    """Nobody is signed in, nothing is written, and the page tells a number and nothing of the fault."""
    assert answer.status_code == status, answer.text
    assert visitor.get_cookie("assay") is None
    assert rows(address) == (0, 0, 0)
    assert re.search(r"report it with the number [0-9a-f]{8}\.", answer.text)
    for word in ("claim", "token", "algorithm", "nonce", "issuer", "Error", "127.0.0.1"):
        assert word not in re.sub(r"<[^>]*>", "", answer.text)

"""What every page of administration is made with: the frame around it, what a form sent, and what is said afterwards.

A change is a form that is posted, then a redirect to where its outcome is seen, with one sentence on top. The sentence
travels in a cookie that only this program can read, for this session and a minute or two.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from cryptography.fernet import InvalidToken
from flask import abort, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dashboard import shell
from dashboard.administration import PAGES, START
from dashboard.identity import cookie_name, current_person, current_scope, is_local, keep_token, page_token
from dashboard.words import organisation
from db import reminders, tenants
from db.secret import box
from db.session import open_session
from db.version import installed

LASTS = 120  # seconds for which a sentence about a change waits for the next page
LONGEST = 4000  # characters of a field, where a page does not say otherwise


def shown(template: str, title: str, wrong: Mapping[str, str] | None = None, **told: Any) -> Response:
    """A page: its template in `templates/administration`, or in another folder that is named, with what it tells.

    `wrong` says what is wrong with which field of a form ("" is the form as a whole); the page answers 400 then.
    """
    person, scope = current_person(), current_scope()
    with open_session(scope) as session:
        has_logo, unread = tenants.has_logo(session), reminders.waiting(session, scope, person.user_id)
    frame = {
        "scope": scope,
        "organisation": organisation(scope.tenant_name),
        "has_logo": has_logo,
        "is_fictional": shell.is_fictional(scope.tenant_name),
        "guest": shell.looking(person.guest) if person.guest else "",
        "unread": unread,
        "unread_said": "" if unread is None else shell.reminders_said(unread),
        "groups": [
            (words, [page for page in (*shell.PAGES, *shell.PLAIN) if page.group == name and scope.may(page.needs)])
            for name, (words, needs) in shell.GROUPS.items()
            if scope.may(needs)
        ],
        "places": [page for page in PAGES if scope.may(page.needs)],
    }
    return _framed(template, title, wrong, frame | told)


def shown_without_tenant(
    template: str, title: str, groups: Sequence[tuple[str, Sequence[Any]]], **told: Any
) -> Response:
    """A page that is of no organisation, with a menu of its own: its groups, each with its words and pages."""
    return _framed(template, title, None, {"groups": groups, "unread": None, **told})


def _framed(template: str, title: str, wrong: Mapping[str, str] | None, told: Mapping[str, Any]) -> Response:
    person = current_person()
    message, once = _said()
    frame = {
        "title": title,
        "wrong": wrong or {},
        "message": message,
        "once": once,
        "person": person,
        "has_several": len(person.grants) > 1 or person.is_operator,
        "start": START,
        "version": installed(),
    }
    where = template if "/" in template else f"administration/{template}"
    response = make_response(render_template(f"{where}.html", **frame, **told), 400 if wrong else 200)
    if _name() in request.cookies:
        response.delete_cookie(_name(), httponly=True, samesite="Lax", secure=not is_local(), path="/")
    return response


def done(said: str, onward: str, once: str = "") -> Response:
    """Go on to a page after a change, which says there what was done; `once` is a secret that it shows this once."""
    response = redirect(onward, 303)
    told = json.dumps([page_token(), said, once])
    keep_token(response, box().encrypt(told.encode()).decode(), _name())
    return response


def sent(
    *fields: str, many: tuple[str, ...] = (), longest: int = LONGEST, files: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What a form sent: each field's text without spaces around it, "" where it was not sent; a list for `many`.

    400 for a field that the form does not have, one that is sent twice, and one that is too long: nobody sets by hand
    what a page does not ask for (reliability.md T10).
    """
    asked = {"page", *fields, *many}
    if set(request.form) - asked or set(request.files) - set(files) or set(request.args) - {"page"}:
        abort(400)
    told: dict[str, Any] = {}
    for name in fields:
        given = request.form.getlist(name)
        if len(given) > 1 or any(len(value) > longest or "\x00" in value for value in given):
            abort(400)
        told[name] = given[0].strip() if given else ""
    for name in many:
        given = request.form.getlist(name)
        if any(len(value) > LONGEST or "\x00" in value for value in given):
            abort(400)
        told[name] = list(dict.fromkeys(given))
    return told


def day_of(text: str) -> date | None:
    """The day that a form's date field holds, None where it is empty; ValueError where it is none."""
    return date.fromisoformat(text) if text else None


def today() -> date:
    """The day it is."""
    return datetime.now(UTC).date()


def sentence(error: object) -> str:
    """An error's words as a sentence."""
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."


def _name() -> str:
    return f"{cookie_name()}-said"


def _said() -> tuple[str, str]:
    """What the change before this page said, and what is shown this once; empty where there was none."""
    kept = request.cookies.get(_name(), "")
    if kept and request.method == "GET" and "identity" in g:
        with suppress(InvalidToken, ValueError):
            token, said, once = json.loads(box().decrypt(kept.encode(), ttl=LASTS))
            if token == page_token():
                return said, once
    return "", ""

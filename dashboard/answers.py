"""Whole answers of callbacks, kept as they are sent: written as JSON and compressed, under all that they hang on (T4).

A callback whose answer hangs on nothing but the address, the day and what the tenant's version counts says so where it
says what it needs (`@needs(RESULTS, kept=True)`); every other is made anew. That it is so is not believed:

- it is made where there is no request, no cookie and no person, with a scope that tells who asks of nobody's e-mail
  address (`_Unnamed`): whatever asks for them is found out;
- db.watched tells of every table that it read and no version counts, and of every change that it made;
- what went wrong, was told beside (`set_props`), or changed nothing is not kept.

What was found out is not kept, and so costs time and not the truth. Under the key lie the warehouse, the tenant with
its version, everything of the scope but the names, the language, the day, and what the callback was given; scope and
version are those that this very request looked up, and they are compared again when an answer is taken out.
"""

from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, has_app_context, request

from dashboard.identity import current_person, current_scope
from dashboard.language import language, speak
from dashboard.view import kept_bytes
from db.deadline import allow, left
from db.engine import database_url
from db.session import Scope
from db.watched import hangs_on, watching

F = TypeVar("F", bound=Callable[..., Any])
_NAMES = ("email", "actor", "origin")  # of a scope: who it is and from where, and nothing of what they see
_SIGHT = tuple(one.name for one in fields(Scope) if one.name not in _NAMES)
_ENCODINGS = ("br", "gzip")
_LONGEST = 8000  # letters of all that a callback was given; of longer ones the answer is not kept
_ENTRY = 1500


@dataclass(frozen=True)
class _Answer:
    """The body of an answer as it goes over the wire, how it is encoded, and whose it is."""

    whose: tuple[Any, ...]
    body: bytes
    encoding: str | None


@dataclass
class _Wanted:
    """An answer that is being made: its key, and whether it may be kept when it is there."""

    whose: tuple[Any, ...]
    key: tuple[Any, ...]
    day: date
    is_sound: bool = False


class _Unnamed(Scope):
    """A scope of which it is found out whether anybody asked who it is."""

    def __getattribute__(self, name: str) -> Any:
        if name in _NAMES:
            hangs_on(name)
        return super().__getattribute__(name)


def found(is_kept: Callable[[], bool]) -> Callable[[], Response | None]:
    """What gives the kept answer to the present callback, None where there is none: after the gate, before Dash."""

    def look() -> Response | None:
        if request.path != "/_dash-update-component":
            return None
        scope, chosen = current_scope(), current_person().chosen
        if chosen is None:
            return None
        g.version_of = (chosen.tenant_id, chosen.version)  # saves dashboard.view asking for it
        wanted = _wanted(scope, chosen.version) if is_kept() else None
        if wanted is None:
            return None
        held: _Answer | None = kept_bytes.found(wanted.whose[:2], wanted.key)
        if held is None:
            g.wanted_answer = wanted
            return None
        if held.whose != wanted.whose:
            raise AssertionError("an answer of another's is kept here")
        response = Response(held.body, content_type="application/json")
        if held.encoding:
            response.headers["Content-Encoding"] = held.encoding
        return response

    return look


def keep(response: Response) -> Response:
    """Keep an answer that turned out to hang on nothing else; the last thing that is done with it."""
    wanted: _Wanted | None = g.pop("wanted_answer", None)
    if wanted is None or not wanted.is_sound or response.status_code != 200 or response.mimetype != "application/json":
        return response
    encoding = response.headers.get("Content-Encoding")
    if wanted.day == _today() and encoding in (None, wanted.key[-1]) and not response.is_streamed:
        body = response.get_data()
        size = len(body) + sum(len(part) for part in wanted.key if isinstance(part, str)) + _ENTRY
        kept_bytes.keep(wanted.whose[:2], wanted.key, _Answer(wanted.whose, body, encoding), size)
    return response


def apart(function: F) -> F:
    """A callback that is made apart from its request where its answer is wanted for keeping."""

    @wraps(function)
    def made(*given: Any) -> Any:
        wanted: _Wanted | None = g.get("wanted_answer") if has_app_context() else None
        if wanted is None:
            return function(*given)
        server: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy for it
        told, beside = Context().run(_alone, server, g.scope, g.version_of, language(), left(), function, given)
        wanted.is_sound = not beside
        return told

    return made  # type: ignore[return-value]  # called alike


def _alone(
    server: Flask,
    scope: Scope,
    version_of: tuple[int, int],
    spoken: str,
    seconds: float | None,
    function: Callable[..., Any],
    given: Any,
) -> tuple[Any, set[str]]:
    speak(spoken)
    allow(seconds)
    with server.app_context(), watching() as beside:
        g.scope, g.version_of = _Unnamed(**vars(scope)), version_of
        told = function(*given)
    return told, beside


def _wanted(scope: Scope, version: int) -> _Wanted | None:
    body: dict[str, Any] = request.get_json()
    given = [item.get("value") for item in (*body.get("inputs", ()), *body.get("state", ()))]
    if not body.get("outputs") or sum(len(str(value)) for value in given) > _LONGEST:
        return None
    whose = (database_url(), scope.tenant_id, *(getattr(scope, name) for name in _SIGHT), version)
    encoding, day = request.accept_encodings.best_match(_ENCODINGS), _today()
    key = (*whose, "answer", language(), day, g.callback, *given, encoding)
    return _Wanted(whose, key, day)


def _today() -> date:
    return datetime.now(UTC).date()

"""The one gate: every page, callback, file and form says what it needs, and what says nothing is shut (D1, D5).

The need is declared beside the function (`@needs("results")`) and asked for in one place, before the request reaches
it. What a browser sends decides nothing: the person, the tenant and the role come from the session on the server.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard import answers
from dashboard.identity import API, current_person, current_scope, is_shut_to_guests
from db import audit
from db.roles import EXPORT, OPERATE
from db.session import open_session

SIGNED_IN = "signed_in"  # needs a session that is past all its doors, and no permission

F = TypeVar("F", bound=Callable[..., Any])


def needs(*permissions: str, hands_out: bool = True, kept: bool = False) -> Callable[[F], F]:
    """Declare what a callback, a view or a form needs: all of these of db.roles.PERMISSIONS, or SIGNED_IN.

    `kept`: of a callback, that its answer hangs on nothing but what it is given, the day, what the person may see and
    do, and what the tenant's version counts; so it may be kept (dashboard.answers, which finds out where it is not so).

    A file needs `export` and whatever the page needs that shows the same. Whatever needs `export` is written into the
    tenant's audit log before it is handed out, but what says that it hands nothing out: a page about files.
    """

    def declare(function: F) -> F:
        declared: Any = _recorded(function) if EXPORT in permissions and hands_out else function
        declared = answers.apart(declared) if kept else declared
        declared.needs, declared.is_kept = " ".join(permissions), kept
        return declared  # type: ignore[no-any-return]  # the same function, or one that is called alike

    return declare


def needed(function: object) -> str | None:
    """What a function was declared to need, a space between; None where it was not."""
    declared: str | None = getattr(function, "needs", None)
    return declared


def is_kept(function: object) -> bool:
    """Whether a function was declared to give answers that may be kept."""
    declared: bool = getattr(function, "is_kept", False)
    return declared


def record(action: str, about: str = "", **detail: object) -> None:
    """Write into the audit log of the tenant that somebody looked at something which is to be traced."""
    with open_session(current_scope(), write=True) as session:
        audit.record(session, action, about, **detail)


def refused(need: str | None) -> BaseResponse:
    """The answer to a request for what the person's role may not open; it is written into the audit log."""
    if "scope" in g or g.get("identity"):
        record("refused", request.path[:200], need=need or "nothing declared")
    if request.path.startswith(API):
        abort(403, "This token may not do that; its scopes say what it may.")
    if request.method in ("GET", "HEAD") and request.accept_mimetypes.accept_html and not _is_data():
        return make_response(render_template("not_yours.html"), 403)
    return Response("Your role may not do that.\n", 403, mimetype="text/plain")


def check(server: Flask, need_of: Callable[[], str | None]) -> None:
    """Ask at every request that a session or token may make whether it may have what it asks for.

    `need_of`: what the present request needs, None where nothing was declared. Requests that the doors let through
    without a session (`g.is_open`) are not asked; whoever opened a link writes nothing, whatever is declared.
    """

    def ask() -> BaseResponse | None:
        if g.get("is_open"):
            return None
        if is_shut_to_guests():
            return refused(None)
        need = need_of()
        return None if _may(need) else refused(need)

    server.before_request(ask)


def _may(need: str | None) -> bool:
    if need == OPERATE:  # of the account itself: it needs no organisation, and no role in one brings it
        return current_person().is_operator
    return need == SIGNED_IN or (bool(need) and all(current_scope().may(each) for each in str(need).split()))


def need_of_endpoint() -> str | None:
    """What the view of the present request needs."""
    if request.endpoint is None:
        abort(404)
    return needed(current_app.view_functions[request.endpoint])


def _is_data() -> bool:
    return request.path.startswith(("/_dash", "/download/"))


def _recorded(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def handed_out(*arguments: Any, **named: Any) -> Any:
        answer = make_response(function(*arguments, **named))
        if answer.status_code == 200 and request.method != "HEAD":
            asked = {key: value[:100] for key, value in request.args.items() if key != "page"}
            record("exported", request.path[:200], **{"asked": asked} if asked else {})
        return answer

    return handed_out

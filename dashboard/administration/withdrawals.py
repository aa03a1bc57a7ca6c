"""Withdrawing a load whole: first what would go back to what, then why, then it is done.

For those who send for all departments: what a champion's load said may stand beside what others said, and what goes
back is theirs as well; a champion asks them.
"""

from flask import abort
from werkzeug.wrappers import Response

from dashboard.administration import START, Route
from dashboard.administration.forms import Act, sender
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.gate import needs, refused
from dashboard.identity import current_scope
from db import reads
from db.roles import SEND
from db.session import Scope, open_session
from db.withdraw import Withdrawal, asked, refusal, withdraw
from scheme.errors import UsageError

_LARGEST = 2**31 - 1


def may_withdraw(scope: Scope) -> bool:
    """Whether somebody may withdraw loads: who sends for all departments."""
    return scope.may(SEND) and scope.departments is None and scope.certificates is None


@needs(SEND)
def ask(load: int) -> Response:
    """What withdrawing a load would do, and a form that does it."""
    scope = current_scope()
    return _page(scope, load) if may_withdraw(scope) else refused("send for all departments")


@needs(SEND)
def take_back(load: int) -> Response:
    """Withdraw it, if nothing was loaded since the form was shown."""
    scope = current_scope()
    if not may_withdraw(scope):
        return refused("send for all departments")
    told = sent("why", "seen")
    if not told["why"]:
        return _page(scope, load, {"why": "Say why; it is kept with the withdrawal."})
    _known(scope, load)
    try:
        with open_session(scope, write=True) as session:
            if told["seen"] != str(reads.version(session)):
                raise UsageError("something was loaded or changed since this was shown; read again what would happen")
            made = withdraw(session, load, sender(scope), told["why"])
    except UsageError as error:
        return _page(scope, load, {"": sentence(error)}, told["why"])
    said = "; ".join(made.sentences())
    words = f"Load {load} is withdrawn by load {made.number}: {said}. What was known before stays readable."
    return done(words, f"{START}/withdraw/{load}")


def _known(scope: Scope, load: int) -> str | None:
    """Why a load cannot be withdrawn, None where it may be; 404 where there is none of that number."""
    with open_session(scope) as session:
        if load > _LARGEST or load not in reads.loads(session)["load"]:
            abort(404)
        return refusal(session, load)


def _page(scope: Scope, load: int, wrong: dict[str, str] | None = None, why: str = "") -> Response:
    up = Act("Data", f"/data?load={load}")
    title, why_not, told, seen = f"Withdraw load {load}", _known(scope, load), None, ""
    if why_not is None:
        try:
            told, seen = _asked(scope, load)
        except UsageError as error:
            why_not = str(error)
    if told is None:
        return shown("withdraw", title, wrong, up=up, why_not=sentence(why_not))
    filled, action = {"why": why, "seen": seen}, f"{START}/withdraw/{load}"
    return shown("withdraw", title, wrong, up=up, told=filled, sentences=told.sentences(), action=action, do=title)


def _asked(scope: Scope, load: int) -> tuple[Withdrawal, str]:
    """What it would do, and at which version of the data that was asked."""
    with open_session(scope, write=True) as session:
        return asked(session, load), str(reads.version(session))


ROUTES = (Route("/<int:load>", ask), Route("/<int:load>", take_back, ("POST",)))

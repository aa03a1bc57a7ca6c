"""People: who may sign in to this organisation, as what, where and until when."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import abort, request
from werkzeug.wrappers import Response

from dashboard import data
from dashboard.administration import START, Route
from dashboard.administration.frame import day_of, done, sent, sentence, shown
from dashboard.administration.places import EXPORT_CHOICES, ROLES, certificates, departments, role_name, where
from dashboard.gate import needs
from dashboard.identity import current_person, current_scope
from dashboard.providers import configured_origin
from db import administration, members
from db.members import Given, Member
from db.roles import ADMINISTER
from db.session import Scope
from scheme.errors import Forbidden, UsageError

_LIST = f"{START}/people"
_GIVEN = ("role", "until", "export")
_PLACES = ("departments", "certificates")
KINDS = {
    "ours": "Made here",
    "platform": "Kept by the operator",
    "sign_on": "Signed on by your own service",
}


@needs(ADMINISTER)
def people() -> Response:
    """Everybody, and the visits of the operator."""
    scope = current_scope()
    rows = [_row(one) for one in members.members(scope)]
    return shown("people", "People", rows=rows, visits=administration.visits(scope))


@needs(ADMINISTER)
def invite() -> Response:
    """The form for somebody new."""
    return _inviting({"role": "", "export": "usual"})


@needs(ADMINISTER)
def invited() -> Response:
    """Make an account for somebody new, and show once how they come in."""
    told = sent("email", *_GIVEN, many=_PLACES)
    given, wrong = _given(told)
    try:
        if not wrong:
            token = members.invite(current_scope(), told["email"], given, by_link=True)
    except UsageError as error:
        wrong["email"] = sentence(error)
    if wrong:
        return _inviting(told, wrong)
    said = (
        f"{told['email']} is {_called(given.role)} now. Hand this link over to them, to nobody else: it lets whoever "
        "opens it choose the password, once and for a day."
    )
    return done(said, _LIST, once=_link(token))


@needs(ADMINISTER)
def person(user_id: int) -> Response:
    """One person, and what can be changed about them."""
    return _person(_member(user_id))


@needs(ADMINISTER)
def changed(user_id: int) -> Response:
    """Give them another role, or the same elsewhere or until another day."""
    one = _member(user_id)
    told = sent(*_GIVEN, many=_PLACES)
    given, wrong = _given(told)
    try:
        if not wrong:
            members.change(current_scope(), user_id, given)
    except UsageError as error:
        wrong["role"] = sentence(error)
    if wrong:
        return _person(one, told, wrong)
    return done(f"{one.email} is {_called(given.role)} now, and has to sign in again.", _LIST)


@needs(ADMINISTER)
def acted(user_id: int, act: str) -> Response:
    """One of the other things that can be done about a person."""
    if act not in _ACTS:
        abort(404)
    one, (do, said) = _member(user_id), _ACTS[act]
    sent()
    if act in _NOT_ONESELF and user_id == current_person().user_id:
        return _person(one, wrong={"": "Change your own password and second factor under your account."})
    try:
        once = do(current_scope(), user_id) or ""
    except UsageError as error:
        return _person(one, wrong={"": sentence(error)})
    return done(said.format(one.email), f"{_LIST}/{user_id}" if one.user_id != current_person().user_id else "/", once)


_ACTS: dict[str, tuple[Callable[[Scope, int], str | None], str]] = {
    "end-access": (members.end_access, "{} may do nothing here any more."),
    "disable": (members.disable, "{} can no longer sign in."),
    "enable": (members.enable, "{} can sign in again."),
    "reset-password": (
        lambda scope, user_id: _link(members.reset_password(scope, user_id, by_link=True)),
        "The password of {} is dead. Hand this link over to them, to nobody else: it lets whoever opens it choose "
        "another, once and for a day.",
    ),
    "reset-second-factor": (members.reset_second_factor, "{} sets up a new second factor at the next sign-in."),
    "end-sessions": (members.end_their_sessions, "{} is signed out everywhere."),
}


_NOT_ONESELF = ("reset-password", "reset-second-factor")


def _link(token: str) -> str:
    return f"{configured_origin() or request.host_url.rstrip('/')}/reset/{token}"


def _called(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role_name(role).lower()}"


def _member(user_id: int) -> Member:
    try:
        return members.member(current_scope(), user_id)
    except Forbidden:
        abort(404)  # somebody else's and nobody's alike (reliability.md T6)


def _given(told: dict[str, Any]) -> tuple[Given, dict[str, str]]:
    """What a form asks to give, and what is wrong with which of its fields."""
    wrong: dict[str, str] = {}
    try:
        last = day_of(told["until"])
        ends_on = None if last is None else last + timedelta(days=1)
    except (ValueError, OverflowError):
        ends_on, wrong["until"] = None, "Write the last day as a day, such as 2027-03-31."
    export = {"usual": None, "yes": True, "no": False}.get(told["export"])
    given = Given(told["role"], tuple(told["departments"]), tuple(told["certificates"]), ends_on, export)
    wrong |= {field: sentence(words) for field, words in members.unfit(current_scope(), given).items()}
    return given, wrong


def _inviting(told: dict[str, Any], wrong: dict[str, str] | None = None) -> Response:
    return shown("people_invite", "Invite somebody", wrong, told=told, **_choices(told))


def _person(one: Member, told: dict[str, Any] | None = None, wrong: dict[str, str] | None = None) -> Response:
    told = told or {
        "role": one.role,
        "departments": one.departments,
        "certificates": one.certificates,
        "until": (one.ends_on - timedelta(days=1)).isoformat() if one.ends_on else "",
        "export": "yes" if one.may_export else "no",
    }
    itself = one.user_id == current_person().user_id
    return shown("person", one.email, wrong, told=told, itself=itself, **_row(one), **_choices(told))


def _choices(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "roles": [(role, role_name(role), words) for role, words in ROLES.items()],
        "departments": departments(told.get("departments", ())),
        "certificates": certificates(told.get("certificates", ())),
        "exports": EXPORT_CHOICES,
    }


def _row(one: Member) -> dict[str, Any]:
    names = data.names(data.view(current_scope()))
    return {
        "one": one,
        "role": role_name(one.role) if one.role else "",
        "where": where(one.departments, one.certificates, names) if one.role else "",
        "last": one.ends_on - timedelta(days=1) if one.ends_on else None,
        "kind": KINDS[one.kind],
    }


ROUTES = (
    Route("", people),
    Route("/invite", invite),
    Route("/invite", invited, ("POST",)),
    Route("/<int:user_id>", person),
    Route("/<int:user_id>", changed, ("POST",)),
    Route("/<int:user_id>/<act>", acted, ("POST",)),
)

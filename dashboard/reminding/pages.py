"""The page Reminders: what somebody was told, what they want to be told of, and their calendar's address."""

from datetime import UTC, datetime

from flask import abort
from werkzeug.wrappers import Response

from dashboard import data
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.gate import needs
from dashboard.identity import current_person, current_scope
from dashboard.providers import configured_origin
from dashboard.reminding.holds import HEADINGS, LABELS, kinds_for
from dashboard.words import count, day, moment
from db import feeds, reminders
from db.reminders import Choices
from db.roles import EXPORT, RESULTS
from db.session import open_session
from scheme.alerts import KINDS, thing
from scheme.errors import UsageError

START = "/reminders"


@needs(RESULTS)
def reminded() -> Response:
    """What this person was told and still holds, what no longer does; their choices; their calendar."""
    user_id, scope = _user(), current_scope()
    view = data.view(scope)
    with open_session(scope) as session:
        told = reminders.notices(session, user_id, reminders.sight_of(scope))
        wanted = reminders.choices(session, user_id)
        feed = feeds.feed(session, user_id)
    holds = [each for each in told if each.ended_at is None]
    still = {thing(each.key) for each in holds}
    return shown(
        "reminding/reminders",
        "Reminders",
        groups_told=[(HEADINGS[kind], some) for kind in KINDS if (some := [one for one in holds if one.kind == kind])],
        over=[each for each in told if each.ended_at is not None and thing(each.key) not in still],
        new=count(sum(each.read_at is None for each in holds), "reminder"),
        has_new=any(each.read_at is None for each in holds),
        newest=max((each.number for each in told), default=0),
        wanted=wanted,
        kinds=[(kind, LABELS[kind], 0) for kind in kinds_for(view)],
        feed=feed,
        may_take=scope.may(EXPORT),
        email=scope.email,
        day=day,
        moment=moment,
    )


@needs(RESULTS)
def read() -> Response:
    """Take all that was shown as read."""
    user_id, scope, told = _user(), current_scope(), sent("number")
    up_to = int(told["number"]) if told["number"].isdecimal() and len(told["number"]) < 10 else 0
    with open_session(scope, write=True) as session:
        many = reminders.read_all(session, user_id, reminders.sight_of(scope), up_to, datetime.now(UTC))
    return done(f"{count(many, 'reminder')} read.".capitalize(), START)


@needs(RESULTS)
def chosen() -> Response:
    """Keep what this person wants to be told of."""
    user_id, scope = _user(), current_scope()
    told = sent("by_mail", "weekly", many=("alerts",), longest=40)
    mine = kinds_for(data.view(scope))
    if set(told["alerts"]) - set(mine):
        abort(400)
    with open_session(scope, write=True) as session:
        # What the role does not include now is kept as it was: it may once more.
        before = reminders.choices(session, user_id).kinds
        kinds = {*told["alerts"], *(kind for kind in before if kind not in mine)}
        wanted = Choices(
            tuple(kind for kind in KINDS if kind in kinds), told["by_mail"] == "yes", told["weekly"] == "yes"
        )
        reminders.choose(session, user_id, wanted, datetime.now(UTC))
    return done("Your choices are kept. They hold from the next round of reminders.", START)


@needs(RESULTS, EXPORT)
def feed_made() -> Response:
    """Make this person's calendar feed, in place of one there is, and show its address this once."""
    user_id = _user()
    sent()
    with open_session(current_scope(), write=True) as session:
        token = feeds.make(session, user_id)
    said = "Your calendar has an address of its own. Add it to your calendar as a subscription; show it to nobody."
    return done(said, START, once=f"{configured_origin() or ''}/feed/{token}.ics")


@needs(RESULTS)
def feed_ended() -> Response:
    """End this person's calendar feed."""
    user_id = _user()
    sent()
    try:
        with open_session(current_scope(), write=True) as session:
            feeds.end(session, user_id)
    except UsageError as error:
        return done(sentence(error), START)
    return done("The address opens nothing any more. Take it out of your calendar too.", START)


def _user() -> int:
    """The number of the person who asks; 404 for whoever is here for a while only: by a link, or as an operator."""
    person = current_person()
    if person.guest is not None or current_scope().role == "operator":
        abort(404)
    return person.user_id


ROUTES = (
    (START, reminded, "GET"),
    (f"{START}/read", read, "POST"),
    (f"{START}/choices", chosen, "POST"),
    (f"{START}/feed", feed_made, "POST"),
    (f"{START}/feed/end", feed_ended, "POST"),
)

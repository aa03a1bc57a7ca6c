"""The start page of administration: what there is, and what needs attention."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl
from werkzeug.wrappers import Response

from dashboard import data
from dashboard.administration import PAGES, Route
from dashboard.administration.frame import shown, today
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.words import count, day, listing, moment
from db import administration, members, quotas
from db import tokens as kept
from db.roles import ADMINISTER
from db.session import Scope, open_session

SOON = timedelta(days=30)


@dataclass(frozen=True)
class Point:
    """Something that needs attention: a sentence, and where to see to it."""

    words: str
    link: str
    path: str


@needs(ADMINISTER)
def start() -> Response:
    """What there is, and what needs attention."""
    scope = current_scope()
    points = [*_visits(scope), *_people(scope), *_tokens(scope), *_registers(scope), *_quotas(scope)]
    return shown("start", "Administration", points=points)


def _visits(scope: Scope) -> Iterator[Point]:
    for visit in administration.visits(scope):
        if visit.is_running:
            words = f"The operator {visit.email} is let in until {moment(visit.ends_at)}: {visit.reason}"
            yield _point(words, "people", "#visits")


def _people(scope: Scope) -> Iterator[Point]:
    there = [one for one in members.members(scope) if one.is_in]
    unproven = [one.email for one in there if one.lacks_second_factor]
    if unproven:
        have = "has" if len(unproven) == 1 else "have"
        who = f"{_count(unproven)} whose role asks for a second factor {have} not set it up yet"
        yield _point(f"{who}: {listing(unproven, 5)}.", "people")
    unseen = [one.email for one in there if one.seen_at is None]
    if unseen:
        have = "has" if len(unseen) == 1 else "have"
        yield _point(f"{_count(unseen)} {have} never signed in: {listing(unseen, 5)}.", "people")
    for one in there:
        if one.ends_on is not None and one.ends_on - today() <= SOON:
            last = day(one.ends_on - timedelta(days=1))
            yield _point(f"{one.email} may come in until {last}.", "people", f"/{one.user_id}")
    if not any(one.role == "administrator" for one in there):
        yield _point("Nobody here is an administrator.", "people")


def _count(people: Sequence[str]) -> str:
    return count(len(people), "person", "people")


def _tokens(scope: Scope) -> Iterator[Point]:
    with open_session(scope) as session:
        there = kept.tokens(session)
    for token in there:
        if not token.is_over and token.expires_at - datetime.now(UTC) <= SOON:
            yield _point(f"Token {token.number}, {token.name}, ends on {day(token.expires_at.date())}.", "tokens")


def _quotas(scope: Scope) -> Iterator[Point]:
    with open_session(scope) as session:
        there = quotas.near(session)
    for words in there:
        yield _point(f"{words} are used; beyond that, whatever is sent is refused.", "settings", "#quotas")


def _registers(scope: Scope) -> Iterator[Point]:
    view, known = data.view(scope), {page.name: page for page in PAGES}
    for table, code, one in (("departments", "department_code", "department"), ("sites", "site_code", "site")):
        guessed = data.rows_of(view, table).filter(~pl.col("is_confirmed"))[code].sort().to_list()
        if guessed and table in known:
            words = f"{count(len(guessed), one)} {'was' if len(guessed) == 1 else 'were'} taken in by code alone"
            yield _point(f"{words}, and no register names them: {listing(guessed, 5)}.", table)
    lacking = _without_annual_list(view)
    if lacking and "profiles" in known:
        until = "until then every element is due once in the cycle"
        yield _point(f"No list of annual elements is set in {listing(lacking)}; {until}.", "profiles")


def _point(words: str, name: str, below: str = "") -> Point:
    """A sentence, and the page of that name to see to it."""
    page = next(page for page in PAGES if page.name == name)
    return Point(f"{words[:1].upper()}{words[1:]}", page.title, f"{page.path}{below}")


def _without_annual_list(view: data.View) -> list[str]:
    """The names of the profiles in force today, for the tenant itself or a certificate, that lack the annual list."""
    known = data.programme(view)
    named = ["", *known.certificates["profile"].drop_nulls().unique().sort()]
    profiles = [known.profile(today(), code) for code in named]
    return list(dict.fromkeys(profile.name for profile in profiles if profile.annual_elements is None))


ROUTES = (Route("", start),)

"""Letters: alerts and the week, as plain text and as HTML that says the same, to one person.

Whoever may take nothing away as a file is told how much there is to read and where, and nothing of what it is: a letter
leaves the organisation's hands as a file does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from dashboard.reminding.holds import HEADINGS
from dashboard.reminding.post import Post
from dashboard.shell import is_fictional
from dashboard.view import View
from dashboard.words import count, day, listing, organisation
from db.reminders import Told
from db.roles import EXPORT
from db.session import Scope
from scheme.alerts import KINDS
from scheme.digest import Digest

SHOWN = 15  # of one kind; what is more stands on the page
PAGE = "/reminders"


@dataclass(frozen=True)
class Line:
    """A sentence of a letter, and the whole address that it leads to ("" for none)."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Part:
    """A heading of a letter, and what stands below it."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Letter:
    """What a letter says, whoever it goes to."""

    subject: str
    lead: str
    parts: Sequence[Part] = ()


def of_alerts(scope: Scope, told: Sequence[Told], post: Post) -> Letter:
    """A letter that tells of these alerts."""
    many = count(len(told), "reminder")
    subject = f"{many[:1].upper()}{many[1:]} from {organisation(scope.tenant_name)}"
    if not scope.may(EXPORT):
        return Letter(subject, f"There {'is' if len(told) == 1 else 'are'} {many} for you. Sign in to read.")
    return Letter(subject, "This is new for you. Each is told once, for as long as it holds.", _by_kind(told, post))


def of_week(
    view: View, digest: Digest, names: Mapping[str | None, str], parts: tuple[list[Told], list[Told]], post: Post
) -> Letter:
    """The weekly letter; `parts` are the alerts that began and those that ceased, as told."""
    title = f"The week to {day(digest.second)}: {organisation(view.scope.tenant_name)}"
    if not view.scope.may(EXPORT):
        return Letter(title, f"Something changed since {day(digest.first)}. Sign in to read.")
    began, ceased = parts
    said = [Part("Bands that fell", _moves(digest, "worse", names, post))]
    said += [Part("Bands that rose", _moves(digest, "better", names, post))]
    said += [Part("New", _lines(began, post)), Part("No longer so", _lines(ceased, post))]
    return Letter(title, summary(digest), [part for part in said if part.lines])


def summary(digest: Digest) -> str:
    """The week in one sentence."""
    parts = (
        (digest.count("worse"), "band fell", "bands fell"),
        (digest.count("better"), "band rose", "bands rose"),
        (digest.count("first") + digest.count("opened"), "band is a first one", "bands are first ones"),
        (digest.count("closed"), "band went with its department", "bands went with their departments"),
        (digest.began.height, "reminder is new", "reminders are new"),
        (digest.ceased.height, "reminder is over", "reminders are over"),
    )
    told = [count(number, one, several) for number, one, several in parts if number]
    return f"Since {day(digest.first)}: {listing(told)}."


def written(letter: Letter, scope: Scope, post: Post, now: datetime) -> EmailMessage:
    """The letter as it is sent: plain text and HTML, with the way to the choices in its head."""
    about = {
        "letter": letter,
        "tenant": organisation(scope.tenant_name),
        "is_fictional": is_fictional(scope.tenant_name),
        "page": f"{post.origin}{PAGE}",
        "day": day(now.date()),
    }
    made = EmailMessage()
    made["Subject"] = " ".join(letter.subject.split())
    made["From"] = post.sender
    made["To"] = scope.email
    made["Date"] = format_datetime(now)
    made["Message-ID"] = make_msgid(domain=parseaddr(post.sender)[1].rpartition("@")[2])
    made["List-Unsubscribe"] = f"<{post.origin}{PAGE}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(_plain(letter, about))
    made.add_alternative(_templates().get_template("letter.html").render(about), subtype="html")
    return made


def _plain(letter: Letter, about: Mapping[str, Any]) -> str:
    """The letter as plain text."""
    told = [letter.subject, *(["Fictional demonstration data."] if about["is_fictional"] else []), letter.lead]
    for part in letter.parts:
        told.append(part.title)
        told += [f"- {line.text}" + (f"\n  {line.href}" if line.href else "") for line in part.lines]
    foot = f"-- \nAssay, {about['tenant']}, {about['day']}, as you may see it now."
    return "\n\n".join([*told, f"{foot}\nAll your reminders, and which of them you want: {about['page']}\n"])


@cache
def _templates() -> Environment:
    folder = Path(__file__).parents[1] / "templates" / "reminding"
    return Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape())


def _by_kind(told: Sequence[Told], post: Post) -> list[Part]:
    of = {kind: [each for each in told if each.kind == kind] for kind in KINDS}
    return [Part(HEADINGS[kind], _lines(some, post)) for kind, some in of.items() if some]


def _lines(told: Sequence[Told], post: Post) -> list[Line]:
    lines = [Line(each.sentence, f"{post.origin}{each.address}") for each in told[:SHOWN]]
    more = len(told) - SHOWN
    return [*lines, Line(f"And {more} more", f"{post.origin}{PAGE}")] if more > 0 else lines


def _moves(digest: Digest, how: str, names: Mapping[str | None, str], post: Post) -> list[Line]:
    rows = digest.moves.filter(how=how).to_dicts()
    said = [
        Line(
            f"{names.get(row['department_code'], row['department_code'])}: {row['element']} from "
            f"{_band(row['band_before'])} to {_band(row['band_after'])}, assessed on {day(row['assessed_on'])}",
            f"{post.origin}/department?department={row['department_code']}" if row["department_code"] else "",
        )
        for row in rows[:SHOWN]
    ]
    more = len(rows) - SHOWN
    return [*said, Line(f"And {more} more", f"{post.origin}/trend")] if more > 0 else said


def _band(code: str) -> str:
    return {"non_compliant": "non-compliant"}.get(code, code.replace("_", " "))

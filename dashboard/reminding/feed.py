"""Calendar feeds: /feed/TOKEN.ics, which a calendar asks for again and again without anybody being signed in (T8).

What it holds is what the token's person may see at that moment: reviews, forms, visits and the ends of certificates for
whom the cycle is shown; for everybody actions, and evidence that expires within the next 90 days. Days, not hours:
entries last all day and block nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

import polars as pl
from flask import Response
from icalendar import Calendar, Event

from dashboard import data, doing
from dashboard.identity import origin
from dashboard.providers import configured_origin
from dashboard.view import View
from dashboard.words import count, organisation
from dashboard.words import day as in_words
from db import feeds
from db.roles import CYCLE
from scheme.actions import UNDONE
from scheme.arrivals import review_forms
from scheme.evidence import SOON

BACK, AHEAD = timedelta(days=31), timedelta(days=3 * 366)  # from today
SHOWN = 20  # lines of what falls on one day
OFTEN = "PT6H"  # how often a calendar is to ask
CONTENT_TYPE = "text/calendar; charset=utf-8"


@dataclass(frozen=True)
class Entry:
    """An entry: what makes it the same from one reading to the next, its first and last day, words, where it leads."""

    key: str
    begins_on: date
    ends_on: date
    summary: str
    about: str = ""
    address: str = ""
    place: str = ""


def calendar_feed(token: str) -> Response:
    """The calendar of whom the token stands for; what opens nothing is answered alike, whatever is wrong with it."""
    scope = feeds.reader(token[:100], origin())
    if scope is None:
        if not feeds.refused(token[:100], origin()):
            return Response("Too many addresses that open nothing; wait five minutes.\n", 429, mimetype="text/plain")
        return Response("There is no calendar here, or no more.\n", 404, mimetype="text/plain")
    return Response(calendar(data.view(scope), datetime.now(UTC)), content_type=CONTENT_TYPE)


def calendar(view: View, now: datetime) -> bytes:
    """All entries of a person as iCalendar (RFC 5545)."""
    made = Calendar()
    made.add("prodid", "-//Assay//Reminders//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"Assay: {organisation(view.scope.tenant_name)}")
    made.add("x-published-ttl", OFTEN)
    stamp, home = datetime.combine(now.date(), time(), UTC), configured_origin()
    for one in entries(view, now.date()):
        entry = Event()
        entry.add("uid", sha256(f"{view.scope.tenant_code}:{one.key}".encode()).hexdigest()[:40] + "@assay")
        entry.add("dtstamp", stamp)
        entry.add("dtstart", one.begins_on)
        entry.add("dtend", one.ends_on + timedelta(days=1))
        entry.add("summary", one.summary)
        entry.add("transp", "TRANSPARENT")
        for name, text in (("description", one.about), ("location", one.place)):
            if text:
                entry.add(name, text)
        if one.address and home:
            entry.add("url", f"{home}{one.address}")
        made.add_component(entry)
    return bytes(made.to_ical())


def entries(view: View, day: date) -> list[Entry]:
    """What a person's calendar holds, from a month ago to three years ahead, by day."""
    found = [*_actions(view, day), *_evidence(view, day)]
    if view.scope.may(CYCLE):
        found += [*_reviews(view, day), *_visits(view), *_expiries(view, day)]
    near = [one for one in found if day - BACK <= one.ends_on and one.begins_on <= day + AHEAD]
    return sorted(near, key=lambda one: (one.begins_on, one.key))


def _reviews(view: View, day: date) -> Iterator[Entry]:
    known, names = data.cut(view, review_forms(data.programme(view).assessments)), data.names_with_organisation(view)
    for row in known.iter_rows(named=True):
        code, kind = row["assessment_code"], row["assessment_type"].replace("_", " ")
        kind = {"initial": "first assessment"}.get(kind, kind)
        name, leads = names.get(row["department_code"], ""), _of("journey", row["department_code"])
        said = f"{kind[:1].upper()}{kind[1:]}: {name}"
        yield Entry(f"review:{code}", row["begins_on"], max(row["ended_on"], row["begins_on"]), said, code, leads)
        if row["submitted_on"] is None or row["submitted_on"] > day:
            about = f"For the {kind} on {in_words(row['begins_on'])}."
            yield Entry(f"form:{code}", row["form_on"], row["form_on"], f"Review form due: {name}", about, leads)


def _visits(view: View) -> Iterator[Entry]:
    known = data.programme(view)
    sites = {row["site_code"]: row for row in known.sites.iter_rows(named=True)}
    for code, on in known.visits.filter("planned").select("site_code", "visited_on").unique().iter_rows():
        site = sites.get(code, {})
        name = site.get("site_name") or code
        leads, place = "/sites", ", ".join(filter(None, [name, site.get("address")]))
        yield Entry(f"visit:{code}:{on}", on, on, f"Visit: {name}", f"Site {code}.", leads, place)


def _expiries(view: View, day: date) -> Iterator[Entry]:
    names = data.names_with_organisation(view)
    held = data.certificates(view, day).filter(pl.col("ended_on").is_null() | (pl.col("ended_on") > day))
    for code, holder, on in held.select("certificate_code", "department_code", "expires_on").iter_rows():
        said = f"Certificate {code} expires: {names.get(holder, '')}"
        yield Entry(f"expiry:{code}", on, on, said, "", f"/renewal?certificate={code}")


def _actions(view: View, day: date) -> Iterator[Entry]:
    due = doing.actions(view, day).filter(pl.col("state").is_in(UNDONE), pl.col("due_on").is_not_null())
    lines = pl.concat_str(pl.col("element"), pl.col("action").fill_null(pl.col("action_key")), separator=": ")
    yield from _together(view, due.with_columns(on="due_on", line=lines), "action", "action due", "actions due")


def _evidence(view: View, day: date) -> Iterator[Entry]:
    ends = doing.evidence(view, day).filter(pl.col("expires_on") <= day + SOON)
    lines = pl.concat_str(pl.col("evidence_code"), pl.col("evidence").fill_null(""), separator=" ")
    told = ends.with_columns(on="expires_on", line=lines)
    yield from _together(view, told, "evidence", "piece of evidence expires", "pieces of evidence expire")


def _together(view: View, rows: pl.DataFrame, kind: str, one: str, several: str) -> Iterator[Entry]:
    """One entry for what falls on one day in one department; `rows` have on and line."""
    names, page = data.names_with_organisation(view), {"action": "actions"}.get(kind, kind)
    found = rows.group_by("department_code", "on", maintain_order=True).agg("line")
    for code, on, lines in found.iter_rows():
        said = f"{count(len(lines), one, several)}: {names.get(code, '')}"
        more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        yield Entry(f"{kind}:{code or ''}:{on}", on, on, said, "\n".join([*lines[:SHOWN], *more]), _of(page, code))


def _of(page: str, department: str | None) -> str:
    return f"/{page}?department={department}" if department else f"/{page}"


ROUTES = (("/feed/<token>.ics", calendar_feed, "GET"),)

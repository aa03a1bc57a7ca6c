"""The itinerary to take along: a table as CSV or workbook, and a calendar. Times are local to the United Kingdom."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from flask import Response, abort
from icalendar import Calendar, Event

import formats
from dashboard.gate import needs
from dashboard.handing_out import file_stem, handed_out
from dashboard.planning.plan import Opened, opened
from db.roles import CYCLE, EXPORT
from scheme.frames import Schema
from scheme.itinerary import MET, Meeting

ZONE = ZoneInfo("Europe/London")
_TABLE: Schema = {
    "day": pl.Date,
    "from": pl.String,
    "to": pl.String,
    "site": pl.String,
    "site_name": pl.String,
    "address": pl.String,
    "met": pl.List(pl.String),
    "who": pl.String,
    "elements": pl.List(pl.String),
    "notes": pl.String,
}
KINDS = ("csv", "xlsx", "ics")


@needs(CYCLE, EXPORT)
def itinerary_file(number: int, kind: str) -> Response:
    """The itinerary of a kept scope as a file."""
    if kind not in KINDS:
        abort(404)
    one = opened(number)
    return handed_out(_body(one, kind), file_stem("itinerary", one.draft.name), kind)


def _body(one: Opened, kind: str) -> bytes | str:
    if kind == "ics":
        return calendar(one)
    frame = table(one)
    return formats.csv_text(frame) if kind == "csv" else formats.xlsx_bytes({"Itinerary": frame})


def table(one: Opened) -> pl.DataFrame:
    """The rows of an itinerary as a table: day, from, to, site, site_name, address, met, who, elements, notes."""
    sites = one.sites
    rows = [
        {
            "day": row.day,
            "from": f"{row.begins:%H:%M}",
            "to": f"{row.ends:%H:%M}",
            "site": row.site or None,
            "site_name": sites.get(row.site, {}).get("site_name"),
            "address": sites.get(row.site, {}).get("address"),
            "met": [MET[who] for who in row.met],
            "who": row.who or None,
            "elements": list(row.elements),
            "notes": row.note or None,
        }
        for row in one.plan.meetings
    ]
    return pl.DataFrame(rows, schema=_TABLE)


def calendar(one: Opened) -> bytes:
    """The itinerary as a calendar (RFC 5545), an entry for each row, with the rules of the time zone in it."""
    made = Calendar()
    made.add("prodid", "-//Assay//Itinerary//EN")
    made.add("version", "2.0")
    for number, row in enumerate(one.plan.meetings, 1):
        made.add_component(_entry(one, number, row))
    days = [row.day for row in one.plan.meetings]
    if days:
        made.add_missing_timezones(min(days) - timedelta(days=366), max(days) + timedelta(days=366))
    return bytes(made.to_ical())


def _entry(one: Opened, number: int, row: Meeting) -> Event:
    site = one.sites.get(row.site, {})
    met = ", ".join(MET[who].lower() for who in row.met)
    name = site.get("site_name") or row.site
    words = [f"Meeting {met}" if met else "", row.who, f"Elements: {', '.join(row.elements)}" if row.elements else ""]
    entry = Event()
    entry.add("uid", f"{one.draft.number}-{number}@assay")
    entry.add("dtstamp", one.draft.changed_at)
    entry.add("dtstart", datetime.combine(row.day, row.begins, ZONE))
    entry.add("dtend", datetime.combine(row.day, row.ends, ZONE))
    entry.add("summary", f"{one.draft.name}: {name or met or 'review'}")
    entry.add("description", "\n".join(filter(None, [*words, row.note])))
    place = ", ".join(filter(None, [name, site.get("address")]))
    if place:
        entry.add("location", place)
    return entry


ROUTES = (("/download/itinerary/<int:number>.<kind>", itinerary_file, "GET"),)

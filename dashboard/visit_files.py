"""A visit plan as files: the list of its visits, and entries for a calendar."""

from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

import polars as pl
from icalendar import Calendar, Event

from dashboard.visit_shown import WHY, Shown, named, review_names

KINDS = ("csv", "xlsx", "ics", "svg")


def lists(shown: Shown) -> dict[str, pl.DataFrame]:
    """The sheets of a plan: its visits, its reviews, and what it leaves undone."""
    visits = named(shown).select(
        "review",
        "day",
        "site_code",
        "site_name",
        pl.col("why").replace_strict(WHY).alias("why"),
        "must_visit",
        pl.col("kilometres").round(1).alias("kilometres_from_centre"),
        "address",
        "latitude",
        "longitude",
        *(["since"] if "since" in shown.plan.visits.columns else []),
    )
    return {"Visits": visits, "Reviews": shown.plan.reviews, "Left undone": shown.plan.undone}


def calendar(shown: Shown, tenant_code: str) -> bytes:
    """An entry for each visit, for the whole of its day, with the site's address; what is not booked is tentative."""
    names = ["A day of its own", *review_names(shown)]
    made = Calendar()
    made.add("prodid", "-//Assay//Visit plan//EN")
    made.add("version", "2.0")
    stamp = datetime.combine(shown.day, time(), UTC)
    for row in named(shown).iter_rows(named=True):
        entry = Event()
        entry.add("uid", sha256(f"{tenant_code}:{shown.wanted.certificate}:{row['site_code']}".encode()).hexdigest())
        entry.add("dtstamp", stamp)
        entry.add("dtstart", row["day"])
        entry.add("dtend", row["day"] + timedelta(days=1))
        entry.add("summary", f"Visit {row['site_name']}")
        entry.add("description", f"{names[row['review_number']]}. {WHY[row['why']]}. Site {row['site_code']}.")
        entry.add("status", "CONFIRMED" if row["why"] == "booked" else "TENTATIVE")
        entry.add("transp", "TRANSPARENT")
        if row["address"]:
            entry.add("location", row["address"])
        if row["latitude"] is not None and row["longitude"] is not None:
            entry.add("geo", (row["latitude"], row["longitude"]))
        made.add_component(entry)
    return bytes(made.to_ical())

"""The panels of the page of a department: one for each thing one may ask of it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, table
from dashboard.figures import band_counts
from dashboard.filters import Filters
from dashboard.pages import verdicts
from dashboard.pages.actions import actions_table
from dashboard.pages.certificates import facts
from dashboard.pages.department_facts import About, self_against_assessor
from dashboard.pages.evidence import on_site
from dashboard.table import Column, Row
from dashboard.words import count, day, listing
from scheme.standard import ALL_BANDS, Standard

LISTED = 8  # more than these wait behind a line one can open
_CHANGES = {1: "Better", 0: "Same", -1: "Worse"}


def more(words: str, href: str) -> Component:
    """The way to a page that tells more."""
    return html.P(html.A(words, href=href), className="more")


def criteria(about: About) -> Component:
    """How each criterion stands: partials used of those allowed, and why."""
    title = {criterion.code: criterion.title for criterion in about.standard.criteria}
    columns = [
        Column("criterion", "Criterion"),
        Column("marks", "Partials used", "marks", "Partials used of those allowed"),
        Column("left", "Left", "number", "How many more partials it can bear"),
        Column("why", "Why", width=260, sortable=False),
    ]
    rows = []
    for row in about.headroom.iter_rows(named=True):
        is_known = row["not_assessed"] < row["elements"]
        status = None if row["indicative"] else row["status"]
        numbers = (row["partial"], row["allowance"], row["non_compliant"], row["not_assessed"])
        marks = table.headroom(status, *numbers) if is_known else None
        left = row["headroom"] if is_known else None
        cells = [f"{row['criterion']} {title[row['criterion']]}", marks, left, row["why"]]
        rows.append(Row(row["criterion"], cells))
    drawn = table.table_json("How each criterion stands", columns, rows, find=False)
    return components.table("department-criteria", drawn)


def history(about: About) -> Component:
    """Assessments and certificates over time: a chart of the bands in force, and all of it as a table."""
    rows = about.timeline
    if rows.is_empty():
        return components.card(
            "History", html.P("It was never assessed by itself and never held a certificate."), explains="movement"
        )
    columns = [
        Column("on", "Day", "day"),
        Column("what", "What"),
        Column("status", "Status then", "status"),
        Column("change", "Change", "change"),
        Column("bands", "Bands in force", title="How many elements were in each band at the end of that day"),
    ]
    listed = [
        Row(f"{place}", [row["on"], _event(row), _then(row), _change(row), _bands(row, about.standard)])
        for place, row in enumerate(rows.iter_rows(named=True))
    ][::-1]
    drawn = table.table_json("History, the latest first", columns, listed, find=False)
    assessed = rows.filter(what="assessment")
    if assessed.height < 2:
        return components.table("department-history", drawn)
    first, last = assessed["on"][0], assessed["on"][-1]
    said = f"{count(assessed.height, 'formal assessment')} from {day(first)} to {day(last)}: bands in force after each."
    return components.chart(
        "department-history", "History", band_counts(assessed, about.standard), drawn, said, explains="movement"
    )


def _event(row: Mapping[str, Any]) -> Any:
    if row["what"] == "assessment":
        words = {"initial": "First assessment"}.get(row["about"], row["about"].replace("_", " ").capitalize())
        return table.text(words, count(row["elements"], "element"))
    words = {"awarded": "Certificate awarded", "ended": "Certificate ended early", "expired": "Certificate expired"}
    return table.text(words[row["what"]], row["about"])


def _then(row: Mapping[str, Any]) -> Any:
    if row["status"] is None:
        return None
    return table.status("indication" if row["indicative"] else row["status"])


def _change(row: Mapping[str, Any]) -> Any:
    return None if row["change"] is None else table.change(row["change"], _CHANGES[row["change"]])


def _bands(row: Mapping[str, Any], standard: Standard) -> str:
    if row["status"] is None:
        return ""
    told = [f"{row[band]} {standard.band[band].label.lower()}" for band in ALL_BANDS if row[band]]
    return listing([*told, *([f"{row['not_assessed']} not assessed"] if row["not_assessed"] else [])])


def certificates(about: About, asked: Filters) -> Component:
    """Coverage of the certificates it holds or is below."""
    if about.certificates is None:
        return html.Div()
    if about.certificates.is_empty():
        return components.card(
            "Coverage", html.P("It holds no certificate, and none is held above it that you may see.")
        )
    items = []
    for row in about.certificates.iter_rows(named=True):
        own = row["department_code"] == about.code
        holder = "Its own" if own else f"Held by {about.names.get(row['department_code'])}"
        ended = row["ended_on"] if row["ended_on"] is not None and row["ended_on"] <= about.day else None
        end = f"not in force since {day(ended)}" if ended else _expiry(row["expires_on"], about.day)
        href = asked.href("coverage", certificate=row["certificate_code"], department="")
        looked = (
            f"{row['covered']} of {count(row['elements'], 'element')} looked at, {row['outstanding'] or 'none'} owed"
        )
        gate, scope = (
            asked.href(page, certificate=row["certificate_code"], department="") for page in ("renewal", "scope")
        )
        items.append(
            html.Li(
                [
                    f"{holder}: ",
                    html.A(f"certificate {row['certificate_code']}", href=href),
                    f", {end}. {looked}. {row['sentence']} ",
                    html.A("Will it be renewed?", href=gate),
                    " ",
                    html.A("What should the next review look at?", href=scope),
                ]
            )
        )
    return components.card("Coverage", html.Ul(items), explains="coverage")


def _expiry(expires_on: date, today: date) -> str:
    left = (expires_on - today).days
    return f"expires on {day(expires_on)}, {count(left, 'day')} left" if left > 0 else f"expired on {day(expires_on)}"


def sites(about: About, asked: Filters) -> Component:
    """Its sites in scope, when each was last visited, and the way to what is to be seen there."""
    if about.sites is None:
        return html.Div()
    if about.sites.is_empty():
        return components.card("Sites", html.P("No site of its own is in scope on this day."), explains="visits")
    columns = [
        Column("site", "Site"),
        Column("visited", "In this cycle", "status", "Whether a visit counts in the cycle of its certificate"),
        Column("last_on", "Last visited", "day", "The last visit that was held, on site or remote"),
        Column("booked_on", "Booked for", "day"),
        Column("see", "On site", "link", sortable=False),
    ]
    rows = [
        Row(
            row["site_code"],
            [
                table.text(row["site_name"] or row["site_code"], "must be visited" if row["must_visit"] else None),
                _visited(row),
                row["last_on"],
                row["booked_on"],
                table.link("What to see there", asked.href("evidence", site=row["site_code"], department="")),
            ],
        )
        for row in about.sites.iter_rows(named=True)
    ]
    drawn = table.table_json(f"Sites in scope ({len(rows)})", columns, rows, find=len(rows) > LISTED)
    return components.table("department-sites", drawn)


def _visited(row: Mapping[str, Any]) -> Any:
    if row["visited"] is None:
        return table.status("indication", "No certificate")
    if row["visited"]:
        return table.status("passes", "Visited")
    return table.status("at_limit", "Must visit") if row["must_visit"] else table.status("incomplete", "Not yet")


def actions(about: About, asked: Filters, enters: bool) -> Component:
    """Its actions that are not done with, the most urgent first."""
    rows = about.actions.filter(pl.col("state") != "closed")
    closed = about.actions.height - rows.height
    every = more(f"All its actions ({closed} closed)", asked.href("actions", department=about.code, status="all"))
    links = [
        every,
        *([html.P(components.enter_link("action", "Enter an action", department_code=about.code))] * enters),
    ]
    if rows.is_empty():
        return components.card("Actions", html.P("No action is open."), *links, explains="actions")
    drawn = actions_table(rows, about.names, about.standard, asked, enters, department=False)
    return html.Div([components.table("department-actions", drawn), *links])


def evidence(about: About, asked: Filters, enters: bool) -> Component:
    """How much evidence it has, how much of it has expired, and which elements have none."""
    number = {state: about.evidence.filter(state=state).height for state in ("expired", "expiring")}
    none: dict[str, Any] = {"none": [], "expired": [], "elements": 0}
    lacks = about.lacking.row(0, named=True) if about.lacking.height else none
    told = [
        ("Pieces of evidence", f"{about.evidence.height}", f"{on_site(about.evidence).height} to see on site"),
        ("Expired", f"{number['expired']}", f"{number['expiring']} more within 90 days"),
        ("Elements with none", f"{len(lacks['none'])}" if about.lacking.height else "not known", ""),
        ("All expired", f"{len(lacks['expired'])}", "elements with nothing that holds"),
    ]
    parts: list[Any] = [facts(told)]
    if lacks["none"]:
        codes = "all of them" if len(lacks["none"]) == lacks["elements"] else ", ".join(lacks["none"])
        parts.append(html.P(f"Elements with none: {codes}."))
    parts.append(more("All its evidence", asked.href("evidence", department=about.code)))
    if enters:
        given = {"department_code": about.code} | ({"element": lacks["none"][0]} if lacks["none"] else {})
        parts.append(html.P(components.enter_link("evidence", "Enter evidence", **given)))
    return components.card("Evidence", *parts, explains="evidence")


def against_assessor(about: About) -> Component:
    """Where it rates itself otherwise than its assessors did."""
    if about.own.is_empty():
        return components.card(
            "Self against assessor", html.P("It has no self-assessment of its own."), explains="difference"
        )
    rows = self_against_assessor(about.own, about.standing)
    if rows.is_empty():
        return components.card(
            "Self against assessor",
            html.P("It rates itself nowhere otherwise than its assessors."),
            explains="difference",
        )
    label = {band.code: band.label for band in about.standard.bands}
    columns = [
        Column("element", "Element"),
        Column("own", "Rates itself"),
        Column("own_on", "On", "day"),
        Column("assessed", "Assessed"),
        Column("found_on", "Found", "day"),
        Column("by", "It rates itself", "change"),
    ]
    listed = [
        Row(
            row["element"],
            [
                table.text(row["element"], about.standard.element[row["element"]].title),
                label[row["own"]],
                row["own_on"],
                label[row["assessed"]],
                row["found_on"],
                table.change(row["by"], f"{abs(row['by'])} {'higher' if row['by'] > 0 else 'lower'}"),
            ],
        )
        for row in rows.iter_rows(named=True)
    ]
    higher = rows.filter(pl.col("by") > 0).height
    title = f"Self against assessor: {higher or 'none'} higher, {rows.height - higher or 'none'} lower"
    drawn = table.table_json(title, columns, listed, find=len(listed) > LISTED)
    return components.table("department-self", drawn)


def below(about: About, asked: Filters) -> Component:
    """The departments directly below with their status; nothing where there are none."""
    if about.below.is_empty():
        return html.Div()
    columns = [Column("department", "Directly below"), Column("status", "Status", "status"), Column("why", "Why")]
    rows = [
        Row(
            row["department_code"],
            [row["name"], verdicts.cell(row), verdicts.reason(row)],
            href=asked.href("department", department=row["department_code"]),
        )
        for row in about.below.iter_rows(named=True)
    ]
    drawn = table.table_json("Departments directly below", columns, rows, find=len(rows) > LISTED)
    return components.table("department-below", drawn)

"""Coverage: which elements were looked at in a certificate's cycle, which are owed, and whether it can be completed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.components import Choice
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import count, day, listing
from scheme.standard import Standard

# What the states of scheme.coverage are called on screen: four, and two quiet ones (measures.md section 4).
STATE = {
    "covered": "looked_at",
    "satisfied": "elsewhere",
    "planned": "planned",
    "missed": "missed",
    "due": "owed",
    "open": "open",
}
YEAR = {"over": "over", "running": "running", "to_come": "to come"}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Coverage",
        components.headline(ids.COVERAGE_HEADLINE),
        components.filter_bar("coverage", "as_of", Choice("certificate", "Certificate")),
        components.stack(
            components.place(ids.COVERAGE_NOTES),
            html.Div(id=ids.COVERAGE_CHIPS),
            components.table_place(ids.COVERAGE_MATRIX),
            html.Div(id=ids.COVERAGE_LEGEND),
            components.table_place(ids.COVERAGE_CRITERIA),
            components.table_place(ids.COVERAGE_YEARS),
            components.table_place(ids.COVERAGE_CERTIFICATES),
        ),
        components.drawer("coverage"),
    )


def by_certificate(
    coverage: pl.DataFrame, completion: pl.DataFrame, certificates: pl.DataFrame, today: date
) -> pl.DataFrame:
    """scheme.coverage.completion with what else one asks of a certificate, those that need most first.

    Adds missed and planned (elements with such a year), expires_on, ended_on, days (to expiry, negative once past).
    """
    cells = coverage.group_by("certificate_code").agg(
        missed=pl.col("years").list.contains("missed").sum(),
        planned=pl.col("years").list.contains("planned").sum(),
    )
    return (
        completion.join(cells, on="certificate_code", maintain_order="left")
        .join(certificates.select("certificate_code", "expires_on", "ended_on"), on="certificate_code")
        .with_columns(days=(pl.col("expires_on") - today).dt.total_days())
        .with_row_index("place")
        .sort(pl.col("days") <= 0, pl.col("can_complete").fill_null(value=True), -pl.col("outstanding"), "place")
    )


def headline(row: Mapping[str, Any], name: str) -> str:
    """How far one certificate's cycle is, what is owed, and whether that can still be done."""
    share = f"{row['covered']} of {count(row['elements'], 'element')} looked at in this cycle"
    left = row["days"]
    until = (
        f"{count(left, 'day')} left"
        if left > 0
        else f"the cycle ended {count(-left, 'day')} ago"
        if left
        else "it ends today"
    )
    return f"{name}, certificate {row['certificate_code']}: {share}, {row['outstanding'] or 'none'} owed, {until}."


def notes(row: Mapping[str, Any]) -> Component:
    """Whether the cycle can still be completed, with both numbers, and what one should know of its rules."""
    said = [row["sentence"]]
    if not row["annual_list_set"]:
        said.append("Annual list not set: ask your certification body. Until then every element counts as rolling.")
    if row["missed"]:
        said.append(f"{count(row['missed'], 'element')} missed in a year that is over; that cannot be made good.")
    if row["ended_on"]:
        said.append(f"Not in force since {day(row['ended_on'])}; nothing counts from that day on.")
    return components.card("Can this cycle still be completed?", html.Ul([html.Li(line) for line in said]))


def chips(cells: pl.DataFrame, asked: Filters) -> Component:
    """Which elements to show."""
    items = [("All", cells.height, asked.href(status=""), not asked.status)]
    for status, words in (("owed", "Owed"), ("planned", "Planned"), ("missed", "Missed"), ("covered", "Looked at")):
        number = shown(cells, status).height
        items.append((words, number, asked.href(status=status), asked.status == status))
    return components.chips(items, "Show elements")


def shown(cells: pl.DataFrame, status: str) -> pl.DataFrame:
    """The elements of a chip."""
    match status:
        case "owed":
            return cells.filter("outstanding")
        case "planned" | "missed":
            return cells.filter(pl.col("years").list.contains(status))
        case "covered":
            return cells.filter("covered")
    return cells


def matrix(cells: pl.DataFrame, years: pl.DataFrame, standard: Standard, asked: Filters) -> str:
    """Elements by the years of the cycle, in the states one can act on."""
    columns = [
        Column("element", "Element", width=320),
        Column("kind", "Due", title="Annual: once in every year. Rolling: once in the cycle"),
        *(
            Column(
                f"year{row['year']}",
                f"Year {row['year']}",
                "state",
                f"Year {row['year']}, {day(row['begins_on'])} until {day(row['ends_on'])}, {YEAR[row['state']]}",
            )
            for row in years.iter_rows(named=True)
        ),
        Column("owed", "Owed"),
        Column("last", "Last looked at", "day", "The last counting day of this cycle", first_descending=True),
    ]
    rows = [_row(row, years.height, standard, asked) for row in cells.iter_rows(named=True)]
    return table.table_json(
        "Elements by years of the cycle",
        columns,
        rows,
        find="url",
        dense=True,
        empty="No element is in this state.",
        say=f"{count(len(rows), 'element')} shown",
    )


def _row(row: Mapping[str, Any], years: int, standard: Standard, asked: Filters) -> Row:
    element = standard.element[row["element"]]
    states = [table.state(STATE[state]) for state in row["years"]]
    return Row(
        row["element"],
        [
            table.text(
                f"{element.code} {element.title}",
                None,
                asked.href(cell=f"{row['department_code'] or ''}~{element.code}"),
            ),
            "every year" if row["kind"] == "annual" else "once",
            *states,
            *([None] * (years - len(states))),
            "owed" if row["outstanding"] else None,
            row["last_covered_on"],
        ],
        name=f"element {element.code}",
    )


def criteria_table(cells: pl.DataFrame, standard: Standard) -> str:
    """Shares per criterion: covered / elements."""
    rows = []
    for criterion in standard.criteria:
        own = cells.filter(pl.col("criterion") == criterion.code)
        covered, whole = int(own["covered"].sum()), own.height
        words = f"{covered} of {whole}"
        share = table.share(covered / whole, words) if whole else None
        rows.append(
            Row(
                criterion.code,
                [f"{criterion.code} {criterion.title}", share, whole - covered, int(own["outstanding"].sum())],
            )
        )
    columns = [
        Column("criterion", "Criterion"),
        Column("share", "Looked at", "share"),
        Column("not_yet", "Not yet", "number", first_descending=True),
        Column("owed", "Owed", "number", "Owed now: rolling elements not covered, annual ones a running year lacks"),
    ]
    return table.table_json("Shares by criterion", columns, rows, find=False)


def years_table(years: pl.DataFrame) -> str:
    """The years of the cycle and the days that count for each."""
    columns = [
        Column("year", "Year"),
        Column("begins", "From", "day"),
        Column("ends", "Until", "day", "The first day on which it no longer runs"),
        Column("state", "State"),
        Column(
            "days", "Assessment days", title="A day that slipped past the year's end counts for it if the year had none"
        ),
    ]
    rows = [
        Row(
            str(row["year"]),
            [
                f"Year {row['year']}",
                row["begins_on"],
                row["ends_on"],
                YEAR[row["state"]],
                listing([day(on) for on in row["assessment_days"]]) or "none",
            ],
        )
        for row in years.iter_rows(named=True)
    ]
    return table.table_json("Years of the cycle", columns, rows, find=False)


def certificates_table(rows: pl.DataFrame, names: Mapping[str | None, str], tenant: str, asked: Filters) -> str:
    """Every certificate, the one that needs most first."""
    columns = [
        Column("holder", "Holder and certificate"),
        Column("share", "Looked at", "share"),
        Column("owed", "Owed", "number", first_descending=True),
        Column("missed", "Missed", "number", first_descending=True),
        Column("planned", "Planned", "number", first_descending=True),
        Column("complete", "Can it be completed?"),
        Column("reviews", "Reviews left", "number"),
        Column("days", "Days to expiry", "number"),
    ]
    words = {True: "yes", False: "no", None: "not known"}
    told = [
        Row(
            row["certificate_code"],
            [
                table.text(
                    names.get(row["department_code"]) or row["department_code"] or tenant,
                    row["certificate_code"],
                    asked.href(certificate=row["certificate_code"], status=""),
                ),
                table.share(row["share"], f"{row['covered']} of {row['elements']}"),
                row["outstanding"],
                row["missed"],
                row["planned"],
                words[row["can_complete"]],
                row["reviews_left"],
                row["days"],
            ],
        )
        for row in rows.iter_rows(named=True)
    ]
    return table.table_json("Certificates, those that need most first", columns, told, find=len(told) > 12)

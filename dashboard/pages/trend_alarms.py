"""The part of Trend about what is going wrong: falls, recurring partials, alarms, and bands by year."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.figures import stacked
from dashboard.filters import Filters
from dashboard.pages.trend import Names, cell_href, element_cell
from dashboard.table import Cell, Column, Row
from dashboard.theme import band_colour
from dashboard.words import count, day, listing, percent
from scheme.standard import Standard
from scheme.trend import FEWEST, LEVEL

_NAMED = 4


def said(elements: pl.DataFrame, criteria: pl.DataFrame, since: date, until: date) -> Component:
    """What more departments did than chance explains, how many were too few to say, and how it is judged."""
    lines = [*_of_elements(elements), *_of_criteria(criteria)]
    return html.Section(
        [
            html.H2(f"More than chance? From {day(since)} to {day(until)}"),
            html.Ul([html.Li(line) for line in lines], className="aloud"),
            components.details(
                "How this is judged",
                html.P(
                    "Each department counts once: by its band before the first look in this time and after the last "
                    "one. If nothing were going on, the two could stand in either order, so a department that moved "
                    "fell or rose like heads or tails of a coin; the chance shown is that of so many falls or more "
                    "(for criteria, of a count so far from half and half to either side). With fewer than "
                    f"{FEWEST} departments that moved nothing is said."
                ),
                html.P(
                    "Who looks at many elements finds some by luck. So alarms are raised by the steps of Benjamini and "
                    f"Hochberg: of all alarms about elements at most {float(LEVEL):.0%} are expected to be false, and "
                    "so of those about criteria. It asks whether departments agree, not how bad a fall is: what fell "
                    "is listed below whether or not there is an alarm."
                ),
            ),
        ],
        className="block",
    )


def _of_elements(rows: pl.DataFrame) -> list[str]:
    tested, alarms = rows.drop_nulls("alarm").height, rows.filter("alarm")
    too_few = f"fewer than {FEWEST} departments moved"
    if not rows.height:
        return ["No element was looked at twice in this time, so nothing can be said of elements."]
    if not tested:
        return [f"Nothing can be said of elements: in each {too_few}."]
    rest = rows.height - tested
    silent = f" Of {count(rest, 'element')} nothing can be said: {too_few}." if rest else ""
    if alarms.is_empty():
        return [f"None of {count(tested, 'element')} fell in more departments than chance explains.{silent}"]
    told = [
        f"{row['code']} fell in {row['fell']} departments and rose in {row['rose'] or 'none'}."
        for row in alarms.iter_rows(named=True)
    ]
    return [*told, f"The other {tested - alarms.height} tested are no more than chance explains.{silent}"]


def _of_criteria(rows: pl.DataFrame) -> list[str]:
    alarms = rows.filter("alarm")
    if not rows.drop_nulls("alarm").height:
        return [f"Nothing can be said of criteria: in each, fewer than {FEWEST} departments moved."]
    if alarms.is_empty():
        return ["No criterion drifts more than chance explains."]
    return [
        f"Criterion {row['code']} drifts {'down' if row['fell'] > row['rose'] else 'up'}: "
        f"{count(row['fell'], 'department')} fell in it, {row['rose'] or 'none'} rose."
        for row in alarms.sort("code").iter_rows(named=True)
    ]


def alarms_tables(elements: pl.DataFrame, criteria: pl.DataFrame, standard: Standard, names: Names) -> tuple[str, str]:
    """The numbers behind the alarms about elements, and about criteria."""
    of_elements = {element.code: element.title for element in standard.elements}
    of_criteria = {criterion.code: criterion.title for criterion in standard.criteria}
    return _alarms_table(elements, "Elements", of_elements, names), _alarms_table(
        criteria, "Criteria", of_criteria, names
    )


def _alarms_table(rows: pl.DataFrame, what: str, titles: Mapping[str, str], names: Names) -> str:
    """The numbers behind the alarms, the surest first; `what` is Elements or Criteria. "" where nothing can be said."""
    if rows["alarm"].is_null().all():
        return ""
    columns = [
        Column("what", "Element" if what == "Elements" else "Criterion"),
        Column("said", "Judged", "status"),
        Column("fell", "Fell", "number", "Departments in which it fell", first_descending=True),
        Column("rose", "Rose", "number", "Departments in which it rose", first_descending=True),
        Column("same", "Same", "number", "Departments in which it stands where it stood", first_descending=True),
        Column("chance", "By chance", "text", "The chance of this, or more, if nothing were going on", sortable=False),
        Column("who", "Fell in", sortable=False, width=200),
    ]
    shown = rows.filter((pl.col("fell") > 0) | pl.col("alarm").fill_null(value=False)) if what == "Elements" else rows
    return table.table_json(
        f"{what}: departments that fell and rose",
        columns,
        [_alarm(row, titles, names) for row in shown.iter_rows(named=True)],
        find=what == "Elements",
        empty="Nothing fell in this time.",
    )


def _alarm(row: Mapping[str, Any], titles: Mapping[str, str], names: Names) -> Row:
    who = sorted(names.get(code) or code or "" for code in row["who"])
    cells = [
        table.text(row["code"], titles[row["code"]]),
        _judged(row),
        *(row["fell"], row["rose"], row["same"], None if row["chance"] is None else percent(row["chance"])),
        listing(who, _NAMED) or None,
    ]
    return Row(row["code"], cells, name=row["code"])


def _judged(row: Mapping[str, Any]) -> Cell:
    if row["alarm"] is None:
        return table.status("indication", "Too few moved")
    if not row["alarm"]:
        return table.status("incomplete", "May be chance")
    return table.status("fails", "Falling") if row["fell"] > row["rose"] else table.status("passes", "Rising")


def falls_table(falls: pl.DataFrame, standard: Standard, names: Names, asked: Filters) -> str:
    """What fell at its last look, newest first."""
    columns = [
        Column("element", "Element"),
        Column("department", "Department"),
        Column("before", "From", "band"),
        Column("after", "To", "band"),
        Column("fell_on", "Fell", "day", first_descending=True),
        Column("before_on", "Look before", "day", first_descending=True),
    ]
    rows = [
        _row(row, standard, names, asked, *(table.band(row[name]) for name in ("band_before", "band")), *_days(row))
        for row in falls.iter_rows(named=True)
    ]
    return table.table_json(
        "Fell at their last look",
        columns,
        rows,
        bands=standard.bands,
        empty="Nothing fell in this time.",
        note="Between two consecutive own formal results, and not looked at since.",
    )


def _days(row: Mapping[str, Any]) -> tuple[date, date]:
    return row["assessed_on"], row["before_on"]


def recurring_table(recurring: pl.DataFrame, standard: Standard, names: Names, asked: Filters) -> str:
    """What is partial look after look, the longest first."""
    columns = [
        Column("element", "Element"),
        Column("department", "Department"),
        Column("partials", "Partial in a row", "number", "Consecutive own formal results", first_descending=True),
        Column("since", "Since", "day"),
        Column("last_on", "Last look", "day", first_descending=True),
    ]
    rows = [
        _row(row, standard, names, asked, row["partials"], row["partial_since"], row["assessed_on"])
        for row in recurring.iter_rows(named=True)
    ]
    return table.table_json(
        "Partial again and again", columns, rows, empty="Nothing is partial at two or more looks in a row."
    )


def _row(row: Mapping[str, Any], standard: Standard, names: Names, asked: Filters, *cells: Cell) -> Row:
    code, element = row["department_code"], row["element"]
    name = names.get(code) or code or ""
    linked = element_cell(element, standard, cell_href(asked, code, element))
    return Row(f"{code or ''}~{element}", [linked, name, *cells], name=f"{element}, {name}")


def years_chart(rows: pl.DataFrame, standard: Standard) -> Component | str:
    """Own bands in force at each year's end, stacked, with the numbers below; "" where there are none."""
    if rows.is_empty():
        return ""
    labels = {band.code: band.label for band in standard.bands}
    days = rows["on"].unique(maintain_order=True).to_list()
    counted = {(on, band): number for on, band, number in rows.iter_rows()}
    columns = [
        Column("on", "In force on", "day", sortable=False),
        *(Column(code, label, "number", sortable=False) for code, label in labels.items()),
    ]
    lines = [Row(on.isoformat(), [on, *(counted[on, band] for band in labels)], name=day(on)) for on in days]
    bars = [(labels[band], band_colour(band), [counted[on, band] for on in days]) for band in labels]
    return components.chart(
        ids.TREND_YEARS_CHART,
        "Bands by year",
        stacked([*(str(on.year) for on in days[:-1]), f"{days[-1].year} so far"], bars),
        table.table_json("Own bands in force, by year", columns, lines, find=False),
        "Own bands in force at the end of each year, and on the day asked for. More departments give more bands, so "
        "look at how they are divided.",
        explains="band",
    )

"""The part of Trend that estimates: the chance of losing the award at the next formal assessment."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.pages.trend import Names
from dashboard.table import Cell, Column, Row
from dashboard.words import count, day
from scheme.hindsight import Estimate, Record
from scheme.risk import CERTAINTY, DETAILED
from scheme.standard import Standard
from scheme.transitions import FEWEST, Model

_FAR = 2.0  # standard deviations
TITLE = "Estimate: losing the award at the next formal assessment"


def panel(told: Estimate, standard: Standard, names: Names, asked: Filters, *, is_cut: bool) -> Component:
    """The estimate in words, how it would have fared, the table, and what is assumed; or that there is too little.

    `is_cut`: made of the departments that somebody may see, and of no others.
    """
    if told.model is None:
        return components.card(TITLE, html.P(_too_little(told.steps)), explains="estimate")
    award = told.rows.filter(pl.col("criterion").is_null()).sort("chance", descending=True, nulls_last=True)
    fared_ = f" {fared(told.record)}" if told.record else ""
    lines = assumptions(told.model, is_cut=is_cut)
    return html.Section(
        [
            html.H2(TITLE),
            html.P(_headline(award, names)),
            html.P(f"{_in_brief(told.model)}{fared_}"),
            components.table(ids.TREND_RISK_TABLE, _table(award, told.rows, standard, names, asked)),
            components.details("What this estimate assumes", *(html.P(line) for line in lines)),
        ],
        className="block",
    )


def _too_little(number: int) -> str:
    return (
        f"Nothing is estimated: there are {number:,} pairs of consecutive formal results of one element here, and an "
        f"estimate needs {FEWEST}, about four assessments of everything."
    )


def _headline(award: pl.DataFrame, names: Names) -> str:
    known = award.drop_nulls("chance")
    if known.is_empty():
        return "No department shown here has every element assessed as a whole, so nothing is estimated."
    likely = known.filter(pl.col("chance") >= 0.1)
    first = known.row(0, named=True)
    name = names.get(first["department_code"]) or first["department_code"]
    spread = f" ({between(first)})" if first["low"] is not None else ""
    said = f"Likeliest to fail a criterion: {name}, an estimated {rough(first['chance'])}{spread}."
    verb = "is" if likely.height < 2 else "are"
    return f"{said} {likely.height or 'None'} of {count(known.height, 'department')} {verb} at 10 % or more."


def _in_brief(model: Model) -> str:
    return (
        f"An estimate from {model.steps:,} pairs of consecutive formal results, if elements go on moving as they did, "
        "independently of each other, and nobody acts."
    )


def assumptions(model: Model, *, is_cut: bool) -> list[str]:
    """What the estimate is made of, and what it takes for granted; `is_cut` as for `panel`."""
    whose = "the departments that you may see, and of no others" if is_cut else "this organisation, and of no other"
    weight = f"{model.weight:.0f}"
    return [
        f"It is made of {model.steps:,} pairs of consecutive formal results of one element, of {whose}. For each band: "
        "how often the next look found it sound, partial or non-compliant.",
        f"A department's own pairs count as they are, and those of all departments as much as {weight} more pairs from "
        "each band: the number that explains best how much departments differ here.",
        "It assumes that elements move independently of each other, that the next assessment is like those before, and "
        "that nobody acts on what is known today. Departments that mend what is shown here do better than it says.",
        "The next formal assessment looks at the elements in its booked scope; where none is booked, or no scope is "
        "stated, at all of them. What it does not look at keeps its band.",
        f"The range below a figure holds the middle {CERTAINTY:.0%} of what the pairs leave open about the chance "
        "itself; what comes of it is chance again. An estimate is no verdict; assessors are not shown it.",
    ]


def fared(record: Record) -> str:
    """How the estimate would have fared before the assessments there have been."""
    words = ", about as many as it expected"
    if abs(record.apart) > _FAR:
        words = f", so it has been too {'dark' if record.apart < 0 else 'hopeful'} here"
    return (
        f"Made before each past assessment from what was known then, it would have expected {record.expected:.0f} of "
        f"{record.forecasts:,} criteria looked at to fail; {record.found or 'none'} did{words}."
    )


def _table(award: pl.DataFrame, rows: pl.DataFrame, standard: Standard, names: Names, asked: Filters) -> str:
    parts = {(row["department_code"], row["criterion"]): row for row in rows.iter_rows(named=True)}
    columns = [
        Column("department", "Department"),
        Column("any", "Any criterion", title="Estimated chance that any criterion fails", sortable=False),
        *(
            Column(
                c.code, f"Criterion {c.code}", title=f"Estimated chance that {c.code} {c.title} fails", sortable=False
            )
            for c in standard.criteria
        ),
        Column("next", "Next assessment", title="When, and how many elements it looks at", sortable=False),
        Column("own", "Own pairs", "number", "Pairs of consecutive results of the department's own"),
    ]
    codes = [criterion.code for criterion in standard.criteria]
    listed = [
        _row(row, [parts[row["department_code"], code] for code in codes], names, asked)
        for row in award.head(DETAILED).iter_rows(named=True)
    ]
    rest = award.height - len(listed)
    more = f"{count(rest, 'more department')} with a smaller chance not listed; choose a department to see it."
    caption = "Estimated chance of failing, by department and criterion"
    return table.table_json(caption, columns, listed, note=f"{more[:1].upper()}{more[1:]}" if rest else None)


def _row(row: Mapping[str, Any], parts: list[Mapping[str, Any]], names: Names, asked: Filters) -> Row:
    code = row["department_code"]
    name = names.get(code) or code or ""
    booked = f"{day(row['booked_on'])}" if row["booked_on"] else "None booked"
    cells = [
        table.text(name, None, asked.href("headroom", department=code or "")),
        _chance(row),
        *(_chance(part) for part in parts),
        table.text(booked, f"looks at {count(row['looked_at'], 'element')}"),
        row["own_steps"],
    ]
    return Row(code or "", cells, name=name)


def _chance(row: Mapping[str, Any]) -> Cell:
    if row["chance"] is None:
        return table.text("Not known", f"{row['unknown']} not assessed" if row["unknown"] else None)
    return rough(row["chance"]) if row["low"] is None else table.text(rough(row["chance"]), between(row))


def rough(chance: float) -> str:
    """An estimated chance in whole per cents: nobody knows it better."""
    if 0 < chance < 0.01:
        return "under 1 %"
    return "over 99 %" if 0.99 < chance < 1 else f"{chance * 100:.0f} %"


def between(row: Mapping[str, Any]) -> str:
    """The range of an estimated chance: 3 to 12 %, or up to 4 %."""
    low, high = row["low"], row["high"]
    if high < 0.01:
        return rough(high)
    return f"up to {rough(high)}" if low < 0.01 else f"{low * 100:.0f} to {high * 100:.0f} %"

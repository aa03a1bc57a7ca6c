"""Trend: what moved between two days, what is falling, and how surely that is more than chance."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import count, day, listing
from scheme.errors import UsageError
from scheme.movement import NUMBERS, movement, sentences, together
from scheme.standard import Standard

Names = Mapping[str | None, str]  # of departments; None is the corporate body
HOW = {
    "worse": "Worse",
    "better": "Better",
    "first": "First assessed",
    "opened": "Department opened",
    "closed": "Department closed",
    "set_beside": "Now not applicable",
    "taken_in": "Applicable again",
}
_WAYS = {"worse": -1, "better": 1}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Trend",
        components.headline(ids.TREND_HEADLINE),
        components.filter_bar("trend", "as_of", "compare", "department"),
        components.stack(
            html.Div(id=ids.TREND_EMPTY),
            html.Div(id=ids.TREND_SENTENCES),
            components.table_place(ids.TREND_BANDS),
            html.Div(id=ids.TREND_CHIPS),
            components.table_place(ids.TREND_MOVES),
            html.Div(id=ids.TREND_SAID),
            components.table_place(ids.TREND_CRITERIA),
            components.table_place(ids.TREND_ELEMENTS),
            components.table_place(ids.TREND_FALLS),
            components.table_place(ids.TREND_RECURRING),
            html.Div(id=ids.TREND_YEARS),
            html.Div(id=ids.TREND_RISK),
        ),
    )


def check(asked: Filters) -> None:
    """UsageError for a kind of movement that there is not."""
    if asked.status not in ("", *HOW):
        raise UsageError(f"nothing moves in the way {asked.status}; choose one of the kinds shown")


def headline(moves: pl.DataFrame, first: date) -> str:
    """How many elements got worse, better, or stayed, and what else came and went; rows of scheme.movement.moves."""
    number = dict(moves.group_by("how").len().iter_rows())
    if not sum(number.values()) - number.get("first", 0) - number.get("opened", 0):
        return f"Nothing shown here had been assessed as a whole by {day(first)}, so nothing can have moved since."
    worse, better = number.get("worse", 0), number.get("better", 0)
    moved = (
        f"{count(worse, 'element')} {'is' if worse == 1 else 'are'} worse than on {day(first)} and {better or 'none'} "
        f"{'is' if better < 2 else 'are'} better; {number.get('kept', 0):,} kept their band."
    )
    return f"{moved[:1].upper()}{moved[1:]}{_others(number)}"


def _others(number: Mapping[str, int]) -> str:
    said = [
        (number.get("first", 0), "assessed for the first time"),
        (number.get("opened", 0), "of departments opened since"),
        (number.get("closed", 0), "of departments closed since"),
        (number.get("set_beside", 0) + number.get("taken_in", 0), "became not applicable, or applicable again"),
    ]
    told = [f"{found} {words}" for found, words in said if found]
    return f" Besides, {listing(told)}." if told else ""


def said(moves: pl.DataFrame, first: date, second: date, standard: Standard) -> Component:
    """A sentence for each band, to be read aloud."""
    lines = sentences(together(movement(moves)), standard.bands)
    return html.Section(
        [
            html.H2(f"Movement from {day(first)} to {day(second)}"),
            html.Ul([html.Li(line) for line in lines], className="aloud"),
        ],
        className="block",
    )


def bands_table(moves: pl.DataFrame, standard: Standard) -> str:
    """Each band, and below it each criterion: before, kept, gained, lost, after."""
    found = movement(moves)
    whole = {row["band"]: row for row in together(found).iter_rows(named=True)}
    parts = {(row["band"], row["criterion"]): row for row in together(found, "criterion").iter_rows(named=True)}
    rows = []
    for band in (band for band in standard.bands if band.code in whole):
        rows.append(Row(band.code, [band.label, *_numbers(whole[band.code])]))
        for criterion in standard.criteria:
            if part := parts.get((band.code, criterion.code)):
                words = f"{criterion.code} {criterion.title}"
                rows.append(Row(f"{band.code}~{criterion.code}", [words, *_numbers(part)], depth=1))
    columns = [
        Column("band", "Band and criterion", sortable=False),
        Column("before", "Before", "number", sortable=False),
        Column("kept", "Kept", "number", sortable=False),
        Column("gained", "Gained", "number", sortable=False),
        Column("lost", "Lost", "number", sortable=False),
        Column("after", "After", "number", sortable=False),
    ]
    note = "Kept and lost add up to before, kept and gained to after."
    return table.table_json("Bands kept, gained and lost", columns, rows, tree=True, find=False, note=note)


def _numbers(row: Mapping[str, Any]) -> list[int]:
    return [row[name] for name in NUMBERS]


def chips(moves: pl.DataFrame, asked: Filters) -> Component:
    """What moved, by how; without a choice what got worse or better."""
    number = dict(moves.group_by("how").len().iter_rows())
    both = number.get("worse", 0) + number.get("better", 0)
    items = [("Worse or better", both, asked.href(status=""), not asked.status)]
    for code, words in HOW.items():
        if number.get(code) or code in ("worse", "better", asked.status):
            items.append((words, number.get(code, 0), asked.href(status=code), asked.status == code))
    return components.chips(items, "Show what moved")


def moves_table(moves: pl.DataFrame, standard: Standard, names: Names, asked: Filters) -> str:
    """What moved, the worst first, each with the way to its cell of the heatmap."""
    chosen = [asked.status] if asked.status else list(_WAYS)
    shown = moves.filter(pl.col("how").is_in(chosen)).sort(
        pl.col("how").cast(pl.Enum(["worse", *(how for how in (*HOW, "kept") if how != "worse")])),
        pl.col("assessed_on"),
        descending=[False, True],
        maintain_order=True,
    )
    columns = [
        Column("element", "Element", title="The element; opens its cell on the heatmap"),
        Column("department", "Department"),
        Column("how", "Moved", "change"),
        Column("before", "From", "band"),
        Column("after", "To", "band"),
        Column("assessed_on", "Assessed", "day", "The day of the band it has now", first_descending=True),
    ]
    return table.table_json(
        "What moved",
        columns,
        [_move(row, standard, names, asked) for row in shown.iter_rows(named=True)],
        bands=standard.bands,
        find="url",
        empty="Nothing moved in this way.",
        say=f"{count(shown.height, 'row')} shown",
    )


def _move(row: Mapping[str, Any], standard: Standard, names: Names, asked: Filters) -> Row:
    code, element = row["department_code"], row["element"]
    return Row(
        f"{code or ''}~{element}",
        [
            element_cell(element, standard, None if row["how"] == "closed" else cell_href(asked, code, element)),
            names.get(code) or code,
            table.change(_WAYS.get(row["how"], 0), HOW.get(row["how"], "Kept")),
            table.band(row["band_before"]),
            table.band(row["band_after"]),
            row["assessed_on"],
        ],
        name=f"{element}, {names.get(code) or code}",
    )


def element_cell(element: str, standard: Standard, href: str | None) -> Any:
    """An element with its title, and a link where there is somewhere to go."""
    return table.text(element, standard.element[element].title, href)


def cell_href(asked: Filters, code: str | None, element: str) -> str:
    """The way to what is behind an element of a department: its cell on the heatmap, opened."""
    return asked.href("heatmap", cell=f"{code or ''}~{element}")

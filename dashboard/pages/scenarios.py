"""Scenarios: what was tried and kept, by oneself or shared by others, what each changes, and two side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, words
from dashboard.filters import Filters
from dashboard.pages.verdicts import WAS
from dashboard.table import Cell, Column, Row, change, headroom, link, table_json, text
from dashboard.words import count
from scheme.headroom import STATUSES

Names = Mapping[str | None, str]


@dataclass(frozen=True)
class Kept:
    """A kept scenario as the list shows it; `changes` is a sentence, "" where it was not worked out."""

    number: int
    name: str
    cells: int
    changes: str
    made_by: str
    is_mine: bool
    is_shared: bool
    changed_at: datetime


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Scenarios",
        components.headline(ids.SCENARIOS_HEADLINE),
        components.filter_bar(
            "scenarios",
            "as_of",
            components.Choice("draft", "Compare", (("", "Choose one"),)),
            components.Choice("mode", "with", (("", "The facts"),)),
        ),
        components.stack(
            html.Div(id=ids.SCENARIOS_EMPTY),
            html.Div(id=ids.SCENARIOS_COMPARED),
            components.table_place(ids.SCENARIOS_DIFFERENCE),
            components.table_place(ids.SCENARIOS_TABLE),
        ),
    )


def options(kept: Sequence[Kept]) -> str:
    """The scenarios to choose from, for the filter bar."""
    told = [(str(one.number), one.name if one.is_mine else f"{one.name} ({one.made_by})") for one in kept]
    return components.options(draft=told, mode=told)


def headline(kept: Sequence[Kept]) -> str:
    """How many there are, and that they are no facts."""
    if not kept:
        return "No scenario has been kept yet."
    mine = sum(one.is_mine for one in kept)
    shared = len(kept) - mine
    said = [f"{count(mine, 'scenario')} of yours"] * bool(mine) + [
        f"{count(shared, 'scenario')} shared by others"
    ] * bool(shared)
    told = words.listing(said)
    whole = "It is no fact, and changes none" if len(kept) == 1 else "None of them is a fact, and none changes one"
    return f"{told[:1].upper()}{told[1:]}. {whole}."


def empty(asked: Filters, may_keep: bool) -> Component | str:
    """How one makes a scenario, for whoever has none."""
    steps = [
        html.Span(["Open the ", html.A("heatmap", href=asked.href("heatmap")), " and choose a cell."]),
        html.Span("Open “Try other bands” and choose a band: verdicts, headroom and roll-ups follow at once."),
        html.Span("Choose “Keep this scenario”, give it a name, and share it if others should see it."),
    ]
    if not may_keep:
        steps[2:] = [html.Span("Send the address by mail: it holds what is tried. Your role does not keep scenarios.")]
    return components.empty_state("What if?", "A scenario tries other bands without touching any fact.", steps)


def listed(kept: Sequence[Kept], asked: Filters) -> str:
    """The scenarios there are, the newest change first."""
    is_any_mine = any(one.is_mine for one in kept)
    columns = [
        Column("name", "Scenario"),
        Column("changes", "What it changes", width=280, sortable=False),
        Column("cells", "Cells tried", "number"),
        Column("by", "Whose"),
        Column("day", "Changed", "day"),
        Column("compare", "Compare", "link", sortable=False),
        *([Column("manage", "Change it", "link", sortable=False)] if is_any_mine else []),
    ]
    rows = [Row(str(one.number), _row(one, asked)[: len(columns)], name=one.name) for one in kept]
    return table_json("Scenarios kept, none of them a fact", columns, rows, empty="No scenario matches.")


def _row(one: Kept, asked: Filters) -> list[Cell]:
    whose = ("Yours, shared" if one.is_shared else "Yours alone") if one.is_mine else f"Shared by {one.made_by}"
    return [
        text(one.name, None, asked.href("heatmap", draft=one.number)),
        one.changes or "Open it to see",
        one.cells,
        whose,
        one.changed_at.date(),
        link("With the facts", asked.href(draft=one.number, mode=None)),
        link("Rename, share, remove", f"/scenarios/{one.number}") if one.is_mine else None,
    ]


# --- two side by side -------------------------------------------------------------------------------------------------


def compared(one: str, other: str, told: str, rows: pl.DataFrame) -> Component:
    """What the table below compares, in a sentence, and what it changes."""
    differ = "Nothing differs." if rows.is_empty() else f"{_otherwise(rows)} otherwise."
    return components.card(f"{one}, compared with {other}", html.P(f"{differ} {told}".strip()), explains="scenario")


def _otherwise(rows: pl.DataFrame) -> str:
    places = count(rows["department_code"].n_unique(), "department")
    return f"{count(rows.height, 'criterion', 'criteria')} in {places} {'stands' if rows.height == 1 else 'stand'}"


def difference_table(rows: pl.DataFrame, one: str, other: str, names: Names) -> str:
    """Only what differs: the headroom and status of each department and criterion in both, and which is better.

    rows: scheme.scenario.difference of the other and the one.
    """
    columns = [
        Column("department", "Department"),
        Column("criterion", "Criterion"),
        Column("before", other, "headroom", f"{other}: status, and partials of those allowed", edge=True),
        Column("left_before", "Left", "number", f"{other}: partials still allowed"),
        Column("after", one, "headroom", f"{one}: status, and partials of those allowed", edge=True),
        Column("left_after", "Left", "number", f"{one}: partials still allowed"),
        Column("change", "With it", "change", edge=True),
    ]
    told = [_compared(row, names) for row in rows.iter_rows(named=True)]
    caption = f"What differs between {one} and {other}"
    return table_json(caption, columns, told, empty="Nothing differs.", find=len(told) > 12)


def _compared(row: Mapping[str, Any], names: Names) -> Row:
    place = row["department_code"]
    name = names.get(place) or place or "The organisation"
    before, after = (
        headroom(
            row[f"status_{side}"],
            *(row[f"{key}_{side}"] for key in ("partial", "allowance", "non_compliant", "not_assessed")),
        )
        for side in ("before", "after")
    )
    cells = [name, row["criterion"], before, row["headroom_before"], after, row["headroom_after"], _better(row)]
    return Row(f"{place or ''}~{row['criterion']}", cells, name=f"{name}, criterion {row['criterion']}")


def _better(row: Mapping[str, Any]) -> Cell:
    """Better or worse by status, then by non-compliants, then by partials; no verdict where a side has none."""
    was, now = row["status_before"], row["status_after"]
    if was is None or now is None:
        return change(None if row["indicative_before"] == row["indicative_after"] else 0, "no verdict on one side")
    worse = [
        (-STATUSES.index(row[f"status_{side}"]), row[f"non_compliant_{side}"], row[f"partial_{side}"])
        for side in ("before", "after")
    ]
    by = (worse[0] > worse[1]) - (worse[0] < worse[1])
    return change(by, WAS[was] if was != now else None)

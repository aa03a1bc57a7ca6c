"""What the details of elements and of criteria have in common."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, theme, words
from dashboard.behind import CriterionBehind, ElementBehind, Place, full_years
from dashboard.filters import Filters
from dashboard.table import band
from scheme.standard import BANDS, Standard


def sign(standard: Standard, code: str | None, assessed_on: date | None = None, day: date | None = None) -> Component:
    """A band as the sign its cells have, for the eye alone: its word stands beside it."""
    age = min(full_years(assessed_on, day), 3) if assessed_on and day and code in BANDS else 0
    shown = standard.band[code].sign if code else "·"
    return html.Span(shown, className=f"b b-a{age} b-{theme.BANDS[code]}", **components.HIDDEN)


def assessment(kind: str | None) -> str:
    """An assessment type as it is said on screen."""
    return "self-assessment" if kind == "self_assessment" else (kind or "").replace("_", " ")


def section(heading: str, *children: Component) -> Component:
    """A titled part of the drawer."""
    return html.Section([html.H2(heading), *children], className="d-section")


def where(place: Place) -> Component:
    """Which department the cell belongs to."""
    path = [html.Span(f" in {place.path}", className="d-soft")] if place.path else []
    code = [html.Span(f" {place.code}", className="d-soft")] if place.code and place.code != place.name else []
    return html.P([html.Strong(place.name), *code, *path], className="d-where")


def cell_href(asked: Filters, place: str | None, key: str) -> str:
    """The address of another cell's details on the same page."""
    return asked.href(cell=f"{place or ''}~{key}")


def open_actions(actions: pl.DataFrame, day: date) -> Component | None:
    """The actions still open, the most overdue first; None where there are none."""
    if actions.is_empty():
        return None
    items = []
    for row in actions.sort("due_on", nulls_last=True).iter_rows(named=True):
        due = row["due_on"]
        late = due is not None and due < day
        when = f"{'overdue since' if late else 'due'} {words.day(due)}" if due else "no day set"
        facts = [
            when,
            *([f"owner {row['owner']}"] if row["owner"] else []),
            *([row["element"]] if row["element"] else []),
        ]
        said = [html.Span(row["action"]), html.Span(", ".join(facts), className="d-soft d-line")]
        items.append(html.Li(said, className="d-late" if late else None))
    return section(f"Open actions ({len(items)})", html.Ul(items, className="d-list"))


def band_cell(behind: ElementBehind | CriterionBehind, row: Mapping[str, Any]) -> Any:
    """A row of standing as a band cell of a table."""
    age = full_years(row["assessed_on"], behind.day)
    return band(row["band"], age, old=age >= behind.cycle_years, rolled_up=bool(row["rolled_up"]))


def kin(lesson: Mapping[str, Any]) -> str:
    """How near an exemplar is in kind, in words; a row of scheme.exemplars.LESSONS."""
    steps, apart = lesson["steps"], lesson["sites_apart"]
    if lesson["same_parent"]:
        near = "beside it in the tree"
    elif steps == 1:
        near = "directly above or below it"
    else:
        near = f"{steps} steps away in the tree"
    sites = "as many sites" if not apart else f"{words.count(apart, 'site')} more or fewer"
    return f"{near}, {sites}"

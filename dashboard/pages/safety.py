"""Way to safety: the fewest elements to bring to compliant so that every criterion passes with room left, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table, trying
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import count, day
from scheme.errors import UsageError
from scheme.standard import BANDS, Standard

Names = Mapping[str | None, str]  # of departments; None is the corporate body
ROOM = {"": "1 more partial", "0": "none, just not failing", "2": "2 more partials", "3": "3 more partials"}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Way to safety",
        components.headline(ids.SAFETY_HEADLINE),
        components.filter_bar(
            "safety", "as_of", "basis", components.Choice("mode", "Room left", tuple(ROOM.items())), "department"
        ),
        components.place(ids.SAFETY_BODY),
    )


def left(asked: Filters) -> int:
    """How many more partials each criterion is to bear; UsageError for what is not in the list."""
    if asked.mode not in ROOM and asked.mode != "1":
        raise UsageError(f"there is no room {asked.mode} to leave; choose one in the list Room left")
    return int(asked.mode or 1)


def headline(rows: pl.DataFrame, limits: pl.DataFrame, asked: Filters) -> str:
    """How few elements make how many departments safe, and what no element can; rows of improving.fixes."""
    own = rows.filter(~pl.col("rolled_up"))
    said = _few(own, _room(limits, asked))
    if rolled := rows.height - own.height:
        said += f" {count(rolled, 'more band is', 'more bands are')} rolled up and mended by those below."
    if missing := limits.filter(pl.col("not_assessed") > 0)["department_code"].drop_nulls().n_unique():
        said += f" {count(missing, 'department')} cannot pass before more is assessed."
    return said


def _room(limits: pl.DataFrame, asked: Filters) -> str:
    room = left(asked)
    if not room:
        return ""
    short = limits.filter(pl.col("reachable") < room).height
    return f", with room for {count(room, 'more partial')} in every criterion{' that allows so many' if short else ''}"


def _few(own: pl.DataFrame, with_room: str) -> str:
    if own.is_empty():
        return f"Nothing has to be mended: whoever was judged is safe{with_room}."
    where = count(own["department_code"].n_unique(), "department")
    verb = "brings" if own.height == 1 else "bring"
    return f"{count(own.height, 'element')} in {where} {verb} everybody who was judged to safe{with_room}."


@dataclass(frozen=True)
class About:
    """What rows are drawn with: names of departments and what stands above each; `enters`: the reader may add."""

    names: Names
    paths: Names
    standard: Standard
    asked: Filters
    enters: bool

    def department(self, code: str | None) -> table.Cell:
        """A department by name, with what stands above it and the way to its headroom."""
        href = self.asked.href("headroom", department=code or "")
        return table.text(self.names.get(code) or code or "", self.paths.get(code) or None, href)


def body(rows: pl.DataFrame, limits: pl.DataFrame, about: About) -> Component:
    """The path of each department, then what is mended below, then what no element can mend."""
    own, rolled = rows.filter(~pl.col("rolled_up")), rows.filter("rolled_up")
    parts: list[Component] = []
    if own.height:
        parts.append(components.table(ids.SAFETY_FIXES, fixes("What to bring to compliant", own, about)))
        parts.append(_as_scenario(own, about.asked))
    else:
        parts.append(components.empty_state("Nothing to mend", "No verdict of an assessor asks for anything."))
    if rolled.height:
        told = fixes("Mended below", rolled, replace(about, enters=False))
        parts.append(
            components.details(
                f"Rolled up from below ({count(rolled.height, 'element')}): indications, mended by those below",
                components.table(ids.SAFETY_BELOW, told),
            )
        )
    if limits.height:
        parts.append(
            components.details(
                f"What no element can mend ({count(limits.height, 'criterion', 'criteria')})",
                components.table(ids.SAFETY_LIMITS, _limits(limits, about)),
            )
        )
    return components.stack(*parts, _how())


def _as_scenario(own: pl.DataFrame, asked: Filters) -> Component:
    """The way to try all of it at once, where an address can hold it."""
    cells = dict.fromkeys(own.select("department_code", "element").iter_rows(), "compliant")
    if len(cells) > trying.MOST:
        return html.P(f"Choose a department to try its way as a scenario: one can hold {trying.MOST} cells.")
    tried = asked.href("heatmap", basis="", mode="", **{"try": trying.tried(cells)})
    return html.P(html.A("Try this as a scenario on the heatmap", href=tried))


def fixes(caption: str, rows: pl.DataFrame, about: About) -> str:
    """Elements to mend, each with the reason and the action; rows of improving.fixes."""
    columns = [
        Column("department", "Department", width=150),
        Column("place", "Order", "number", "In which order to take those of a department, 1 first"),
        Column("element", "Element", width=200),
        Column("band", "Now", "band"),
        Column("why", "Why this one", sortable=False, width=300),
        Column("action", "Action", title="Who owns the open action, and by when", width=130),
    ]
    drawn = []
    for row in worst_first(rows).iter_rows(named=True):
        code, element = row["department_code"], row["element"]
        title = f"{element} {about.standard.element[element].title}"
        cells = [
            about.department(code),
            row["place"],
            table.text(title, None, element_href(about.asked, element, code)),
            table.band(row["band"], rolled_up=row["rolled_up"]),
            reason(row["why"]),
            _action(row, about),
        ]
        drawn.append(Row(f"{code or ''}~{element}", cells, name=f"{about.names.get(code)}, {element}"))
    said = f"{count(len(drawn), 'element')} shown"
    return table.table_json(caption, columns, drawn, bands=about.standard.bands, find="url", say=said)


def worst_first(rows: pl.DataFrame) -> pl.DataFrame:
    """Departments with something non-compliant first, then those with more to mend; each in its own order."""
    told = rows.with_columns(
        fails=(pl.col("band") == BANDS[-1]).any().over("department_code"), many=pl.len().over("department_code")
    )
    return told.sort("fails", "many", descending=True, maintain_order=True)


def reason(why: str) -> str:
    """The reason of a fix without the code of its element, which stands beside it."""
    said = why.partition(": ")[2]
    return f"{said[:1].upper()}{said[1:]}"


def element_href(asked: Filters, element: str, department: str | None) -> str:
    """The page of an element, with a department before all others; the corporate body has no code to ask for."""
    return asked.href("element", element=element, department=department or "")


def add_href(department: str | None, element: str) -> str:
    """The form for an action about an element of a department."""
    return f"/enter/action?{urlencode({'department_code': department or components.CORPORATE, 'element': element})}"


def _action(row: Mapping[str, Any], about: About) -> table.Cell:
    code = row["department_code"]
    if not row["has_action"]:
        return table.link("Add an action", add_href(code, row["element"])) if about.enters else None
    due = row["action_due_on"]
    when = f"{'overdue since' if due < about.asked.as_of else 'due'} {day(due)}" if due else "no day set"
    return table.text(row["owner"] or "Nobody named", when, about.asked.href("actions", department=code or ""))


def _limits(limits: pl.DataFrame, about: About) -> str:
    columns = [Column("department", "Department", width=150), Column("why", "What it lacks", width=300)]
    drawn = [
        Row(
            f"{row['department_code'] or ''}~{row['criterion']}",
            [about.department(row["department_code"]), row["why"]],
        )
        for row in limits.iter_rows(named=True)
    ]
    return table.table_json("What no element can mend", columns, drawn)


def _how() -> Component:
    return components.details(
        "How this is found",
        html.P(
            "Every non-compliant element has to be mended; of the partials as many as are over what the criterion "
            "allows, less the room that is to be left. No smaller set does it. Where several equally small sets would "
            "do, those come first that have an open action, then an exemplar nearby (at most two steps away in the "
            "tree of departments), then those the next review looks at, then those that have been in their band "
            "longest."
        ),
    )

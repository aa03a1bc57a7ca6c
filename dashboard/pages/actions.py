"""Actions: what is overdue, what comes next, what waits for its re-check, and which findings nobody works on."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.language import counted_said, mark
from dashboard.language import day_said as day
from dashboard.language import said as _
from dashboard.table import Column, Row
from dashboard.words import count_said as count
from scheme.actions import STATES, UNDONE
from scheme.standard import Standard

Names = Mapping[str | None, str]  # of departments; None is the corporate body
FINDINGS = "findings"  # the chip that shows findings instead of actions
WORDS = {
    "overdue": mark("Overdue"),
    "due_soon": mark("Due within 4 weeks"),
    "open": mark("Due later"),
    "recheck": mark("To re-check"),
    "closed": mark("Closed"),
}
SIGNS = {
    "overdue": "fails",
    "due_soon": "at_limit",
    "open": "incomplete",
    "recheck": "indication",
    "closed": "passes",
}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Actions",
        components.headline(ids.ACTIONS_HEADLINE),
        components.filter_bar("actions", "as_of", "department"),
        components.stack(
            html.Div(id=ids.ACTIONS_EMPTY),
            html.Div([html.Div(id=ids.ACTIONS_ENTER), html.Div(id=ids.ACTIONS_CHIPS)]),
            components.table_place(ids.ACTIONS_TABLE),
            components.details(
                "How this is counted",
                html.P(
                    _(
                        "An action is closed from its closing day on; where it has none, when its status says closed, "
                        "done or the like. One that has a day for a re-check waits for it until the element was looked "
                        "at again after it was closed. A finding is a partial or non-compliant band by a result of the "
                        "department's own; it counts as without an action where none is open and none waits for its "
                        "re-check."
                    )
                ),
            ),
        ),
        is_told=True,
    )


def selected(rows: pl.DataFrame, asked: Filters) -> pl.DataFrame:
    """The rows of the element that the address names, all where it names none."""
    return rows.filter(pl.col("element") == asked.element) if asked.element else rows


def headline(rows: pl.DataFrame, findings: pl.DataFrame, asked: Filters) -> str:
    """How many actions are overdue and where, what is due next, and how many findings have none."""
    told = [_late(rows, asked.element)]
    if late_rechecks := rows.filter(pl.col("state") == "recheck", pl.col("days_over").is_not_null()).height:
        told.append(
            counted_said(
                "{count} closed action should have been re-checked by now",
                "{count} closed actions should have been re-checked by now",
                late_rechecks,
            )
        )
    if findings.is_empty():
        return "; ".join([*told, _("no finding is without an action.")])
    without = counted_said("{count} finding has no action.", "{count} findings have no action.", findings.height)
    return "; ".join([*told, without])


def _late(rows: pl.DataFrame, element: str) -> str:
    """How many actions are overdue, in how many departments, and by how long."""
    late = rows.filter(state="overdue")
    if late.is_empty():
        if rows.height:
            return _("No action for {element} is overdue", element=element) if element else _("No action is overdue")
        return _("There are no actions for {element}", element=element) if element else _("There are no actions")
    places = late["department_code"].n_unique()
    overdue = counted_said("{count} action is overdue", "{count} actions are overdue", late.height)
    if element:
        overdue += " " + _("for {element}", element=element)
    if places > 1:
        overdue += " " + _("in {departments}", departments=count(places, "department"))
    return _("{overdue}, the oldest by {time}", overdue=overdue, time=count(_most(late), "day"))


def _most(rows: pl.DataFrame) -> int:
    return max(rows["days_over"].drop_nulls().to_list(), default=0)


def chips(rows: pl.DataFrame, findings: pl.DataFrame, asked: Filters) -> Component:
    """The states with how many actions have each, and the findings without one; the one chosen fills the table."""
    number = {state: rows.filter(state=state).height for state in STATES}
    items = [(mark("Not closed"), sum(number[state] for state in UNDONE), asked.href(status=""), not asked.status)]
    items += [(words, number[state], asked.href(status=state), asked.status == state) for state, words in WORDS.items()]
    told = (mark("Findings without action"), findings.height, asked.href(status=FINDINGS), asked.status == FINDINGS)
    every = (mark("All"), rows.height, asked.href(status="all"), asked.status == "all")
    whose = [of_element(asked)] if asked.element else []
    return html.Div([*whose, components.chips([*items, told, every], "Show actions")])


def of_element(asked: Filters) -> Component:
    """That one element alone is shown, and the way to all."""
    return html.P(
        [
            _("Of element {element} alone.", element=asked.element),
            " ",
            html.A(_("Show all elements"), href=asked.href(element="")),
        ]
    )


def entering(asked: Filters) -> Component:
    """The way to a new action, for those who may."""
    given = {"department_code": asked.department, "element": asked.element}
    filled = {name: value for name, value in given.items() if value}
    return html.P(components.enter_link("action", "Enter an action", **filled))


def shown(rows: pl.DataFrame, status: str) -> pl.DataFrame:
    """The actions of a chip."""
    if status == "all":
        return rows
    return rows.filter(pl.col("state").is_in([status] if status in STATES else list(UNDONE)))


def enter_href(row: Mapping[str, Any]) -> str:
    """The form on which an action is corrected, closed or re-checked."""
    name = "action_code" if row["action_code"] else "action_key"
    return f"/enter/action?{urlencode({name: row[name]})}"


def actions_table(
    rows: pl.DataFrame, names: Names, standard: Standard, asked: Filters, enters: bool, department: bool = True
) -> str:
    """The actions, the most urgent first; `enters`: whether the reader may change them; `department`: say whose."""
    columns = [
        *([Column("department", "Department")] if department else []),
        Column("element", "Element", width=110),
        Column("band", "Band now", title="The element's band in force; it leads to its cell on the heatmap"),
        Column("action", "Action", width=220),
        Column("owner", "Owner"),
        Column("state", "State", "status"),
        Column("due_on", "Due", "day", "When it is due, and when it is to be looked at again"),
        *([Column("enter", "By hand", "link", sortable=False)] if enters else []),
    ]
    keys = [column.key for column in columns]
    return table.table_json(
        "Actions, the most urgent first",
        columns,
        [_row(row, names, standard, asked, keys) for row in rows.iter_rows(named=True)],
        find="url" if department else False,
        empty="No action matches.",
        say=_("{rows} shown", rows=count(rows.height, "action")),
    )


def _row(row: Mapping[str, Any], names: Names, standard: Standard, asked: Filters, keys: list[str]) -> Row:
    code = row["department_code"]
    from_ = [row["action_code"], _("from {origin}", origin=_plain(row["origin"])) if row["origin"] else None]
    cells = {
        "department": names.get(code) or code or "",
        "element": element_cell(row["element"], standard, asked),
        "band": band_cell(row, standard, asked) if row["element"] else None,
        "action": table.text(row["action"], ", ".join(filter(None, from_)) or None),
        "owner": row["owner"],
        "state": table.status("fails" if row["days_over"] else SIGNS[row["state"]], in_words(row)),
        "due_on": _due(row, asked.as_of),
        "enter": table.link(_("Correct") if row["state"] == "closed" else _("Update"), enter_href(row)),
    }
    href = asked.href("department", department=code) if code and "department" in keys else None
    return Row(row["action_key"], [cells[key] for key in keys], href=href, name=row["action"])


def in_words(row: Mapping[str, Any]) -> str:
    """The state of an action in a word or two."""
    if row["state"] == "recheck":
        return _("Re-check late") if row["days_over"] else _("To re-check")
    return _(_SHORT[row["state"]])


_SHORT = {
    "overdue": mark("Overdue"),
    "due_soon": mark("Due soon"),
    "open": mark("Open [[of an action]]"),
    "closed": mark("Closed"),
}
# Where an action comes from, as the warehouse has it; anything else is shown as it was sent.
_ORIGINS = (mark("self assessment"), mark("desk review"), mark("annual review"), mark("partial"), mark("non compliant"))


def due(row: Mapping[str, Any], today: date) -> str | None:
    """How long an action is over its day or how long there is; of one that is closed, since when."""
    if row["closed_on"] and row["state"] in ("closed", "recheck"):
        return _("closed {day}", day=day(row["closed_on"]))
    if row["due_on"] is None or row["state"] in ("closed", "recheck"):
        return None
    days = (row["due_on"] - today).days
    if days < 0:
        return _("{time} over", time=count(-days, "day"))
    return _("in {time}", time=count(days, "day")) if days else _("today")


def _due(row: Mapping[str, Any], today: date) -> Any:
    small = "; ".join(filter(None, (due(row, today), _again(row)))) or None
    return table.day(row["due_on"], small) if row["due_on"] else None


def _again(row: Mapping[str, Any]) -> str | None:
    if row["recheck_on"] is None:
        return None
    again = _("re-check {day}", day=day(row["recheck_on"]))
    if row["state"] == "recheck" and row["days_over"]:
        again += ", " + _("{time} over", time=count(row["days_over"], "day"))
    return again


def element_cell(element: str | None, standard: Standard, asked: Filters) -> Any:
    """An element with its title, leading to its page."""
    if element is None:
        return None
    known = standard.element.get(element)
    return table.text(element, known.title if known else None, asked.href("element", element=element))


def band_cell(row: Mapping[str, Any], standard: Standard, asked: Filters) -> Any:
    """The band in force as a word, leading to its cell on the heatmap."""
    words = standard.band[row["band"]].label if row["band"] else _("Not assessed")
    small = _("rolled up") if row.get("rolled_up") else None
    return table.text(words, small, asked.href("heatmap", cell=f"{row['department_code'] or ''}~{row['element']}"))


def _plain(origin: str) -> str:
    words = origin.replace("_", " ")
    return _(words) if words in _ORIGINS else words


def findings_table(findings: pl.DataFrame, names: Names, standard: Standard, asked: Filters, enters: bool) -> str:
    """The findings without an action, the worst and oldest first, each with the way to give it one."""
    columns = [
        Column("department", "Department"),
        Column("element", "Element", width=240),
        Column("band", "Band now"),
        Column("assessed_on", "Found", "day", "The day of the result that is in force"),
        *([Column("enter", "By hand", "link", sortable=False)] if enters else []),
    ]
    rows = []
    for row in findings.iter_rows(named=True):
        code, element = row["department_code"], row["element"]
        given = {"department_code": components.CORPORATE if code is None else code, "element": element}
        link = table.link(_("Add an action"), f"/enter/action?{urlencode(given | {'origin': row['band']})}")
        cells = [
            names.get(code) or code,
            element_cell(element, standard, asked),
            band_cell(row, standard, asked),
            row["assessed_on"],
            *([link] if enters else []),
        ]
        href = asked.href("department", department=code) if code else None
        rows.append(Row(f"{code or ''}~{element}", cells, href=href))
    return table.table_json(
        "Findings without an action, the worst first",
        columns,
        rows,
        find="url",
        empty="Every finding has an action.",
        say=_("{rows} shown", rows=count(len(rows), "finding")),
    )


def nothing(enters: bool) -> Component:
    """What stands there where there is neither an action nor a finding."""
    table = "action_code, department_code, element, action, owner, due_on"
    text = _("They come as a table of actions ({columns}); or choose another day or department.", columns=table)
    if enters:
        text = _(
            "Enter one by hand above, or load a table of actions ({columns}); or choose another day or department.",
            columns=table,
        )
    return components.empty_state("There are no actions and no findings here", text)

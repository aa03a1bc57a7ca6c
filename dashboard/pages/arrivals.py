"""Arrivals: which departments are overdue, what came last from each, how old and how clean it is, whom to remind."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

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
from dashboard.words import listing_said as listing

NOBODY = mark("Nothing is expected of anybody on this day.")
NO_DEPARTMENT = (
    mark("No department is active on this day"),
    mark(
        "Open departments, or load a table of them (department_code, department_name), and it shows here what is "
        "expected of each; or choose another day."
    ),
)
Names = Mapping[str | None, str]  # of departments; None is the corporate body
STATES = {"overdue": mark("Overdue"), "due": mark("To come"), "came": mark("Up to date")}
SIGNS = {"overdue": "fails", "due": "incomplete", "came": "passes"}
_ADDRESS = re.compile(r"[^\s@<>()\[\]\",;:\\?&]+@[^\s@<>()\[\]\",;:\\?&]+\.[^\s@<>()\[\]\",;:\\?&]*[A-Za-z0-9]")
_KINDS = {
    "initial": mark("of the first assessment on {day}"),
    "annual_review": mark("of the annual review on {day}"),
    "renewal": mark("of the renewal on {day}"),
    "reassessment": mark("of the reassessment on {day}"),
}


_TABLES = (  # what loads hold, as scheme.tables names them with spaces
    mark("results"),
    mark("assessments"),
    mark("visits"),
    mark("evidence"),
    mark("actions"),
    mark("departments"),
    mark("sites"),
    mark("certificates"),
    mark("customer groups"),
    mark("service standards"),
    mark("standard results"),
)


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Arrivals",
        components.headline(ids.ARRIVALS_HEADLINE),
        components.filter_bar("arrivals", "as_of", "department"),
        components.stack(
            html.Div(id=ids.ARRIVALS_EMPTY),
            html.Div([html.Div(id=ids.ARRIVALS_ENTER), html.Div(id=ids.ARRIVALS_CHIPS)]),
            components.table_place(ids.ARRIVALS_TABLE),
            components.details(
                "What is expected",
                html.P(
                    _(
                        "The review form, one month before a booked review begins. Results of any kind, "
                        "self-assessments among them, once in each year of the cycle of a department's own "
                        "certificate; where it holds none, within twelve months of its last result. What lies below "
                        "a department counts for it."
                    )
                ),
            ),
        ),
        is_told=True,
    )


def headline(rows: pl.DataFrame) -> str:
    """How many departments are overdue, how old the oldest data is, how many sent nothing; rows of data.arrivals."""
    departments = rows.filter(pl.col("department_code").is_not_null())
    late, oldest = departments.filter(state="overdue").height, departments["age_days"].max()
    every = count(departments.height, "department")
    said = _("None of {departments} is overdue", departments=every)
    if late:
        said = counted_said(
            "{count} of {departments} is overdue", "{count} of {departments} are overdue", late, departments=every
        )
    if isinstance(oldest, int):
        said += "; " + _("the oldest data is {time} old", time=old(oldest))
    told = [f"{said}."]
    if never := departments.filter(pl.col("load_number").is_null()).height:
        told.append(
            counted_said(
                "{count} department has sent nothing yet.", "{count} departments have sent nothing yet.", never
            )
        )
    if rows.filter(pl.col("department_code").is_null(), state="overdue").height:
        told.append(_("The organisation's own review form is overdue."))
    return " ".join(told)


def old(days: int) -> str:
    """How long ago something was, in the largest unit of which there are two: 5 days, 3 weeks, 14 months, 3 years."""
    if days < 14:
        return count(days, "day") if days else _("less than a day")
    if days < 61:
        return count(days // 7, "week")
    months = int(days / 30.4375)
    return count(months, "month") if months < 24 else count(int(days / 365.25), "year")


def chips(rows: pl.DataFrame, asked: Filters) -> Component:
    """The states with how many departments have each; the one chosen filters the table."""
    number = {state: rows.filter(state=state).height for state in STATES}
    items = [(mark("All"), rows.height, asked.href(status=""), not asked.status)]
    for state, words in STATES.items():
        items.append((words, number[state], asked.href(status=state), asked.status == state))
    return components.chips(items, "Show departments")


def entering() -> Component:
    """The ways to say something by hand, for those who may."""
    ways = [
        ("result", mark("a result")),
        ("self", mark("a self-assessment")),
        ("visit", mark("a visit")),
        ("review", mark("a booked review")),
    ]
    links: list[Any] = []
    for name, words in ways:
        links += [", " if links else _("Enter or correct by hand:") + " ", components.enter_link(name, words)]
    return html.P([*links, "."])


def arrivals_table(rows: pl.DataFrame, names: Names, paths: Names, asked: Filters) -> str:
    """Every department, worst first, cut to the chosen state. `paths`: what stands above each."""
    shown = rows.filter(state=asked.status) if asked.status in STATES else rows
    columns = [
        Column("department", "Department"),
        Column("state", "State", "status"),
        Column("expected", "Expected", title="What is to come first", width=150),
        Column("due_on", "By", "day", "The last day on which it is in time"),
        Column("last_on", "Newest result", "day", "The day of its newest result, here or below, and how old that is"),
        Column("came", "Came last", title="The newest load with a row of it or of what lies below it", width=150),
        Column("clean", "Set aside", title="Rows set aside, of those read in the files of that load", width=90),
        Column("remind", "Remind", "text", "The department's contact", sortable=False, width=130),
    ]
    if rows["read"].null_count() == rows.height:  # files that hold rows of others, too
        columns = [column for column in columns if column.key != "clean"]
    keys = [column.key for column in columns]
    return table.table_json(
        "Departments, the most urgent first",
        columns,
        [_row(row, names, paths, asked, keys) for row in shown.iter_rows(named=True)],
        find="url",
        empty="No department matches.",
        say=_("{rows} shown", rows=count(shown.height, "row")),
    )


def _row(row: Mapping[str, Any], names: Names, paths: Names, asked: Filters, keys: Sequence[str]) -> Row:
    code = row["department_code"]
    name = names.get(code) or code or ""
    cells = {
        "department": table.text(name, paths.get(code) or None),
        "state": table.status(SIGNS[row["state"]], _(STATES[row["state"]])),
        "expected": table.text(expected(row), _about(row) or None),
        "due_on": row["due_on"],
        "last_on": table.day(row["last_on"], _aged(row)),
        "came": _came(row),
        "clean": _clean(row),
        "remind": remind(row, name),
    }
    return Row(
        code or "",
        [cells[key] for key in keys],
        href=asked.href("heatmap", department=code) if code else None,
        name=name,
    )


def _aged(row: Mapping[str, Any]) -> str | None:
    return None if row["age_days"] is None else _("{time} old", time=old(row["age_days"]))


def expected(row: Mapping[str, Any]) -> str:
    """What a department is to send first."""
    return _("Review form") if row["what"] == "form" else _("Results or self-assessment")


def _about(row: Mapping[str, Any]) -> str:
    if row["what"] == "form":
        said = _(_KINDS[row["about"]], day=day(row["on"]))
    else:
        said = "" if row["on"] else _("no result yet")
    others = row["overdue"] - (row["state"] == "overdue")
    more = _("{count} more overdue", count=others) if others > 0 else ""
    return "; ".join(filter(None, (said, more)))


def _came(row: Mapping[str, Any]) -> Any:
    if row["load_number"] is None:
        return None
    tables = [_(name.replace("_", " ")) for name in row["tables"]]
    words = listing(tables, 2)
    named = {"load": row["load_number"], "day": day(row["received_on"]), "sender": row["sent_by"]}
    said = _("load {load}, {day}, from {sender}", **named) if row["sent_by"] else _("load {load}, {day}", **named)
    # A load that is not shown on the Data page has no address there (dashboard.data.loads).
    href = f"/data?load={row['load_number']}" if row["sent_by"] else None
    return table.text(f"{words[:1].upper()}{words[1:]}", said, href)


def _clean(row: Mapping[str, Any]) -> str | None:
    if row["read"] is None:
        return None
    named = {"count": f"{row['set_aside']:,}", "all": f"{row['read']:,}"}
    return _("{count} of {all}", **named) if row["set_aside"] else _("None of {all}", **named)


def remind(row: Mapping[str, Any], name: str) -> Any:
    """A letter to the department's contact, where that holds one e-mail address; else the contact as it is kept."""
    contact = (row["contact"] or "").strip()
    if not contact:
        return None
    found = _ADDRESS.findall(contact)
    if len(found) != 1:
        return contact
    subject = f"{name}: {expected(row)[:1].lower()}{expected(row)[1:]}{_by(row['due_on'], row['state'])}"
    return table.text(contact, None, f"mailto:{quote(found[0], safe='@.+_-')}?subject={quote(subject)}")


def _by(due_on: date | None, state: str) -> str:
    if state == "overdue":
        return " " + (_("overdue since {day}", day=day(due_on)) if due_on else _("overdue"))
    return " " + _("due by {day}", day=day(due_on)) if due_on else ""


def in_brief(row: Mapping[str, Any] | None, asked: Filters) -> Any:
    """The cell of Overview's table: the state, what it is about, and the way to the page."""
    if row is None:
        return None
    words = _(STATES[row["state"]])
    if row["state"] != "came" and row["due_on"]:
        late = row["state"] == "overdue"
        words = _("Overdue since {day}" if late else "To come by {day}", day=day(row["due_on"]))
    small = _("no result yet")
    if row["age_days"] is not None:
        small = _("newest result {time} old", time=old(row["age_days"]))
    if row["state"] != "came":
        small = f"{expected(row)}; {small}"
    return table.text(words, small, asked.href("arrivals", department=row["department_code"] or ""))

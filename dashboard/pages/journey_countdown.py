"""The countdown of the page Assessments: what is predicted of visits within four weeks, and what to mend before."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, table
from dashboard.filters import Filters
from dashboard.pages.certificates import Names
from dashboard.table import Column, Row
from dashboard.words import STATUS, count, day
from scheme.headroom import STATUSES

_BANDS = {"partial": "partial", "non_compliant": "non-compliant"}


def countdown(rows: pl.DataFrame, mend: pl.DataFrame, names: Names, asked: Filters, may_send: bool) -> Component | str:
    """A card for each department whose visit begins within four weeks: rows of scheme.countdown.countdown, to_mend."""
    wide: list[Component] = []  # with a table of what is to be mended
    narrow: list[Component] = []
    for code in rows["department_code"].unique(maintain_order=True):
        of_it = pl.col("department_code").eq_missing(code)
        theirs = mend.filter(of_it)
        (wide if theirs.height else narrow).append(_card(rows.filter(of_it), theirs, names, asked, may_send))
    if not wide and not narrow:
        return ""
    title = html.H2("Countdown: visits within four weeks")
    return components.stack(title, *wide, *([components.cards(*narrow)] if narrow else []))


def _card(own: pl.DataFrame, mend: pl.DataFrame, names: Names, asked: Filters, may_send: bool) -> Component:
    first = own.row(0, named=True)
    code, left = first["department_code"], first["days"]
    title = f"{names.get(code)}: {count(left, 'day')} left"
    said = [html.P([f"The visit begins on {day(first['begins_on'])}. ", *_predicted(own, first)])]
    failing = own.filter(pl.coalesce("predicted", "status").is_in(["fails", "at_limit"]))
    said += [html.P(row["why_predicted"] or row["why"]) for row in failing.iter_rows(named=True)]
    key = code or "all"
    shown: list[Component] = []
    if mend.height:
        shown.append(components.table(f"journey-mend-{key}", _mend(mend, code, left, asked, may_send)))
    else:
        shown.append(html.P("Nothing has to be mended for every criterion to pass with one partial to spare."))
    shown.append(components.details("Criterion by criterion", components.table(f"journey-of-{key}", _criteria(own))))
    return components.card(title, *said, *shown)


def _predicted(own: pl.DataFrame, first: Mapping[str, Any]) -> Sequence[Any]:
    """The verdict that the desk review predicts, or that there is none."""
    now = _worst(own["status"])
    if first["desk_on"] is None:
        return ["There was no desk review for it, so nothing is predicted; today ", *_word(now, own), "."]
    predicted = _worst(own["predicted"])
    elements, looked_at = own["elements"].sum(), own["looked_at"].sum()
    return [
        f"The desk review of {day(first['desk_on'])} looked at {looked_at} of {elements} elements. If the visit finds "
        "the same and the rest stays as it is: ",
        *_word(predicted, own),
        "; today: ",
        *_word(now, own),
        ".",
    ]


def _word(status: str, own: pl.DataFrame) -> Sequence[Any]:
    return [components.status_word("indication" if own["indicative"].any() else status)]


def _worst(statuses: pl.Series) -> str:
    worst: str = min(statuses.to_list(), key=STATUSES.index)
    return worst


def _mend(mend: pl.DataFrame, code: str | None, left: int, asked: Filters, may_send: bool) -> str:
    columns = [
        Column("element", "Element"),
        Column("band", "Found"),
        Column("owner", "Owner", title="Of the open action that is due first"),
        Column("due", "Due", "day"),
        Column("why", "Why", sortable=False, width=300),
        *([Column("enter", "Action", "link", sortable=False)] if may_send else []),
    ]
    rows = []
    for row in mend.iter_rows(named=True):
        found = f"{_BANDS[row['band']]} {'by the desk review' if row['by_desk'] else 'in force'}"
        link = asked.href("element", element=row["element"], department=code or "")
        address = f"/enter/action?department_code={code or components.CORPORATE}&element={row['element']}"
        cells = [
            table.text(row["element"], None, link),
            found,
            row["owner"] or "nobody yet",
            row["due_on"],
            row["why"].removeprefix(f"{row['element']}: "),
            *([table.link("Enter an action", address)] if may_send else []),
        ]
        rows.append(Row(row["element"], cells))
    caption = f"What to mend in {count(left, 'day')}, in this order, for one partial to spare everywhere"
    return table.table_json(caption, columns, rows, find=False)


def _criteria(own: pl.DataFrame) -> str:
    columns = [
        Column("criterion", "Criterion"),
        Column("predicted", "Predicted", "status", "If the visit finds what the desk review found"),
        Column("status", "Today", "status", "By the bands in force"),
        Column("looked", "Looked at", "share", "By the desk review"),
        Column("why", "Why", sortable=False),
    ]
    rows = [
        Row(
            row["criterion"],
            [
                row["criterion"],
                row["predicted"] and table.status(row["predicted"]),
                table.status("indication", STATUS["indication"]) if row["indicative"] else table.status(row["status"]),
                table.share(row["looked_at"] / row["elements"], f"{row['looked_at']} of {row['elements']}"),
                row["why_predicted"] or row["why"],
            ],
        )
        for row in own.iter_rows(named=True)
    ]
    return table.table_json("Criteria", columns, rows, find=False)

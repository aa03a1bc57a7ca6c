"""Headroom: how many more partials each criterion of each department can bear."""

from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import STATUS, count
from scheme.standard import Standard

SHOWN = ("fails", "at_limit", "incomplete", "passes", "indication")
_WORST = pl.Enum(SHOWN)


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Headroom",
        components.headline(ids.HEADROOM_HEADLINE),
        components.filter_bar("headroom", "as_of", "basis", "department"),
        components.stack(
            html.Div(id=ids.HEADROOM_CHIPS),
            components.table_place(ids.HEADROOM_TABLE),
            html.Div(id=ids.HEADROOM_LEGEND),
            components.table_place(ids.HEADROOM_CRITERIA),
        ),
        components.drawer("headroom"),
    )


def by_department(tree: pl.DataFrame, headroom: pl.DataFrame) -> pl.DataFrame:
    """One row for each department of the tree that has a row in `headroom`, worst first.

    Adds to dashboard.data.tree: shown (status of its worst criterion; "indication" where any band is rolled up),
    tightest (its criterion), left (the least headroom), why.
    """
    worst = pl.col("status").cast(pl.Enum(("fails", "at_limit", "incomplete", "passes")))
    tightest = (
        headroom.with_row_index("order")
        .sort(worst, "headroom", "order")
        .group_by("department_code", maintain_order=True)
        .agg(
            pl.col("status", "why").first(),
            pl.col("criterion").first().alias("tightest"),
            pl.col("headroom").min().alias("left"),
            pl.col("indicative").any(),
        )
    )
    return (
        tree.join(tightest, on="department_code", nulls_equal=True, maintain_order="left")
        .with_columns(shown=pl.when("indicative").then(pl.lit("indication")).otherwise("status"))
        .with_row_index("place")
        .sort(pl.col("shown").cast(_WORST), "left", "place")
    )


def headline(rows: pl.DataFrame) -> str:
    """Who is over, who is at the limit, who has room left; departments with a verdict alone."""
    judged = rows.filter(pl.col("shown") != "indication")
    if judged.is_empty():
        return "No department has an assessor's result yet, so there is no headroom to speak of."
    number = {status: judged.filter(pl.col("shown") == status).height for status in SHOWN}
    departments = count(judged.height, "department")
    over = "none fails" if not number["fails"] else f"{number['fails']} {_verb(number['fails'], 'fails', 'fail')}"
    limit = f"{number['at_limit'] or 'none'} {_verb(number['at_limit'] or 1, 'is', 'are')} one partial from failing"
    room = judged.filter(pl.col("shown").is_in(["passes", "incomplete"]), pl.col("left") > 0).height
    return f"Of {departments}, {over}, {limit}, and {room} can bear at least one more partial in every criterion."


def _verb(number: int, one: str, several: str) -> str:
    return one if number == 1 else several


def chips(rows: pl.DataFrame, asked: Filters) -> Component:
    """The statuses with how many departments have each."""
    items = [("All", rows.height, asked.href(status=""), not asked.status)]
    for status in SHOWN:
        number = rows.filter(pl.col("shown") == status).height
        items.append((STATUS[status], number, asked.href(status=status), asked.status == status))
    return components.chips(items, "Show departments")


def departments_table(rows: pl.DataFrame, headroom: pl.DataFrame, standard: Standard, asked: Filters) -> str:
    """Departments by criteria: partials used of those allowed, as marks; worst first."""
    if asked.status:
        rows = rows.filter(pl.col("shown") == asked.status)
    cells = {(row["department_code"], row["criterion"]): row for row in headroom.iter_rows(named=True)}
    criteria = [
        Column(c.code, f"{c.code} {c.title}", "marks", f"Criterion {c.code}: {c.title}", opens=True, edge=True)
        for c in standard.criteria
    ]
    columns = [
        Column("department", "Department"),
        Column("status", "Status", "status"),
        *criteria,
        Column("why", "Why", title="Why the tightest criterion stands as it does", sortable=False, width=360),
    ]
    told = [_row(row, cells, standard) for row in rows.iter_rows(named=True)]
    return table.table_json(
        "Partials used of those allowed, by department and criterion",
        columns,
        told,
        find="url",
        empty="No department matches.",
        say=f"{count(rows.height, 'department')} shown",
    )


def _row(row: dict[str, Any], cells: dict[tuple[str | None, str], dict[str, Any]], standard: Standard) -> Row:
    code = row["department_code"]
    return Row(
        code or "",
        [
            table.text(row["name"], row["path"] or None),
            table.status(row["shown"]),
            *(_marks(cells[code, criterion.code]) for criterion in standard.criteria),
            row["why"],
        ],
        name=row["name"],
    )


def _marks(cell: dict[str, Any]) -> table.Cell:
    status = None if cell["indicative"] else cell["status"]
    return table.headroom(status, cell["partial"], cell["allowance"], cell["non_compliant"], cell["not_assessed"])


def criteria_table(headroom: pl.DataFrame, standard: Standard) -> str:
    """How many departments fail, are at their limit or pass in each criterion; verdicts alone."""
    judged = headroom.filter(~pl.col("indicative"))
    rows = []
    for criterion in standard.criteria:
        own = judged.filter(pl.col("criterion") == criterion.code)
        numbers = [own.filter(pl.col("status") == status).height for status in ("fails", "at_limit")]
        left = own.filter(pl.col("headroom") > 0, ~pl.col("status").is_in(["fails"])).height
        worst = own.filter(pl.col("partial") > 0)["partial"].max()
        allowed = own["allowance"].first() if own.height else None
        rows.append(Row(criterion.code, [f"{criterion.code} {criterion.title}", allowed, *numbers, left, worst or 0]))
    columns = [
        Column("criterion", "Criterion"),
        Column("allowance", "Partials allowed", "number"),
        Column("fails", "Departments over or non-compliant", "number", first_descending=True),
        Column("at_limit", "At limit", "number", first_descending=True),
        Column("left", "With room left", "number", first_descending=True),
        Column("most", "Most partials in one department", "number", first_descending=True),
    ]
    return table.table_json("Criteria: where the programme is tight", columns, rows, find=False)

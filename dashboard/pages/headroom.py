"""Headroom: how many more partials each criterion of each department can bear."""

from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.language import mark
from dashboard.language import said as _
from dashboard.pages import verdicts, whatif
from dashboard.pages.verdicts import SHOWN, WORDS
from dashboard.pages.whatif import SCENARIO
from dashboard.table import Column, Row
from dashboard.words import count_said as count
from scheme.headroom import STATUSES
from scheme.standard import Standard

Cells = dict[tuple[str | None, str], table.Cell]
_TREE = ("department_code", "name", "parent_code", "depth", "path", "is_named", "has_below")


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Headroom",
        html.Div(id=ids.HEADROOM_SCENARIO),
        components.headline(ids.HEADROOM_HEADLINE),
        components.filter_bar("headroom", "as_of", "basis", "department"),
        components.stack(
            html.Div(id=ids.HEADROOM_EMPTY),
            components.table_place(ids.HEADROOM_CRITERIA),
            html.Div(id=ids.HEADROOM_CHIPS),
            components.table_place(ids.HEADROOM_TABLE),
            html.Div(id=ids.HEADROOM_LEGEND),
            html.Div(id=ids.HEADROOM_OTHERS),
        ),
        components.drawer("headroom"),
        is_told=True,
    )


def headline(rows: pl.DataFrame, asked: Filters, basis: str) -> str:
    """How all stand, and how many can bear one more partial wherever it falls; departments with a verdict alone."""
    said = verdicts.stand(rows)
    if not said:
        return verdicts.nothing(asked.as_of)
    judged = verdicts.judged(rows)
    if judged.height > 1:
        room = judged.filter(pl.col("shown").is_in(["passes", "incomplete"])).height
        if room:
            said.append(_("{count} can bear another partial in any criterion.", count=room))
        else:
            said.append(_("None can bear another partial in any criterion."))
    return verdicts.by(basis) + " ".join(said)


def chips(rows: pl.DataFrame, asked: Filters) -> Component:
    """The statuses with how many departments have each."""
    items = [(mark("All"), rows.height, asked.href(status=""), not asked.status)]
    for code in SHOWN:
        number = rows.filter(pl.col("shown") == code).height
        if number or code in (*STATUSES, asked.status):
            items.append((WORDS[code], number, asked.href(status=code), asked.status == code))
    return components.chips(items, "Show departments")


def departments_table(
    rows: pl.DataFrame,
    headroom: pl.DataFrame,
    standard: Standard,
    asked: Filters,
    in_fact: pl.DataFrame | None = None,
) -> str:
    """Departments by criteria: partials used of those allowed, as marks; worst first.

    in_fact: the headroom in fact, where what is shown is a scenario.
    """
    shown = verdicts.shown_in_fact(rows.select(_TREE), in_fact)
    if asked.status:
        rows = rows.filter(pl.col("shown") == asked.status)
    cells = _marks_of(headroom)
    facts = _marks_of(in_fact) if in_fact is not None else {}
    cells = {at: table.supposed(cell, facts.get(at, cell)) for at, cell in cells.items()}
    criteria = [
        Column(
            c.code,
            f"{c.code} {c.title}",
            "marks",
            _("Criterion {code}: {title}", code=c.code, title=c.title),
            opens=True,
            edge=True,
        )
        for c in standard.criteria
    ]
    columns = [
        Column("department", "Department"),
        Column("status", "Status", "status"),
        *criteria,
        Column("why", "Why", title="Why the tightest criterion stands as it does", sortable=False, width=165),
    ]
    return table.table_json(
        ("" if in_fact is None else _(SCENARIO)) + _("Partials used of those allowed, by department and criterion"),
        columns,
        [_row(row, cells, standard, shown.get(row["department_code"])) for row in rows.iter_rows(named=True)],
        find="url",
        empty="No department matches.",
        say=_("{rows} shown", rows=count(rows.height, "row")),
    )


def _row(row: dict[str, Any], cells: Cells, standard: Standard, in_fact: str | None) -> Row:
    code = row["department_code"]
    return Row(
        code or "",
        [
            table.text(row["name"], row["path"] or None),
            whatif.marked(verdicts.cell(row), row["shown"], in_fact),
            *(cells[code, criterion.code] for criterion in standard.criteria),
            verdicts.reason(row),
        ],
        name=row["name"],
    )


def _marks_of(headroom: pl.DataFrame) -> Cells:
    return {(row["department_code"], row["criterion"]): _marks(row) for row in headroom.iter_rows(named=True)}


def _marks(cell: dict[str, Any]) -> table.Cell:
    if cell["not_assessed"] == cell["elements"]:
        return None
    status = None if cell["indicative"] else cell["status"]
    return table.headroom(status, cell["partial"], cell["allowance"], cell["non_compliant"], cell["not_assessed"])


def criteria_table(rows: pl.DataFrame, headroom: pl.DataFrame, standard: Standard, is_supposed: bool = False) -> str:
    """How many departments fail, are at their limit or have room left in each criterion; `is_supposed`: in a scenario.

    Departments with a verdict alone, so that every line adds up to them; what was not assessed at all has a column
    where there is such.
    """
    known = headroom.join(verdicts.judged(rows).select("department_code"), on="department_code")
    is_unknown = pl.col("not_assessed") == pl.col("elements")
    is_any_unknown = not known.filter(is_unknown).is_empty()
    lines = []
    for criterion in standard.criteria:
        own = known.filter(pl.col("criterion") == criterion.code)
        unknown = own.filter(is_unknown).height
        failing, tight = (own.filter(pl.col("status") == status).height for status in ("fails", "at_limit"))
        numbers = [failing, tight, own.height - failing - tight - unknown, *([unknown] if is_any_unknown else [])]
        allowed = own["allowance"].first() if own.height else None
        most = own["partial"].max() if own.height else None
        lines.append(Row(criterion.code, [f"{criterion.code} {criterion.title}", allowed, most, *numbers]))
    columns = [
        Column("criterion", "Criterion"),
        Column("allowance", "Partials allowed", "number"),
        Column("most", "Most in one department", "number", "Most partials in one department", first_descending=True),
        Column("fails", "Departments failing", "number", first_descending=True),
        Column("at_limit", "At limit", "number", "Departments at their limit", first_descending=True),
        Column("left", "With room left", "number", "Departments with room left", first_descending=True),
    ]
    if is_any_unknown:
        columns.append(Column("unknown", "Not assessed", "number", "Departments not assessed", first_descending=True))
    caption = (_(SCENARIO) if is_supposed else "") + _("Criteria: where it is tight")
    return table.table_json(caption, columns, lines, find=False)

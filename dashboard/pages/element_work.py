"""What is done about an element: actions, evidence, and when it is looked at next."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.pages.details_element import is_web
from dashboard.pages.details_parts import assessment
from dashboard.pages.element import Known
from dashboard.table import Column, Row
from dashboard.words import count, day

_LISTED = 8  # more rows than this and a table gets a box to find in


def actions(known: Known, element: str, enters: bool, asked: Filters) -> Component:
    """The open actions, the most overdue first; says so where there are none."""
    if known.actions.is_empty():
        told: list[Any] = ["No action is open for this element."]
        if enters:
            told += [" ", components.enter_link("action", "Add an action", element=element)]
        return components.card("Open actions", html.P(told), explains="actions")
    columns = [
        Column("action", "Open action", width=220),
        Column("department", "Department"),
        Column("owner", "Owner"),
        Column("due", "Due", "day"),
        Column("state", "State", "status"),
    ]
    rows = []
    for number, row in enumerate(known.actions.sort("due_on", nulls_last=True).iter_rows(named=True)):
        late = row["due_on"] is not None and row["due_on"] < known.day
        code = row["department_code"]
        cells = [
            row["action"],
            table.text(known.names.get(code), None, asked.href("actions", department=code or "")),
            row["owner"],
            row["due_on"],
            table.status("fails", "Overdue") if late else table.status("incomplete", "Open"),
        ]
        rows.append(Row(str(number), cells))
    return components.table(ids.ELEMENT_ACTIONS, table.table_json("Open actions", columns, rows, find=False))


def evidence(known: Known, rows: pl.DataFrame) -> Component:
    """The evidence for the element, by department; says so where there is none."""
    if rows.is_empty():
        return components.card("Evidence", html.P("No evidence is kept for this element."), explains="evidence")
    columns = [
        Column("evidence", "Evidence", width=220),
        Column("kind", "Kind"),
        Column("department", "Department"),
        Column("owner", "Owner"),
        Column("expires", "Expires", "day"),
    ]
    drawn = [Row(str(number), _shown(known, row)) for number, row in enumerate(rows.iter_rows(named=True))]
    lapsed = rows.filter(pl.col("expires_on") <= known.day).height
    said = f"Evidence ({count(rows.height, 'piece')}{f', {lapsed} expired' if lapsed else ''})"
    body = table.table_json("Evidence", columns, drawn, find=rows.height > _LISTED)
    return components.details(said, components.table(ids.ELEMENT_EVIDENCE, body))


def _shown(known: Known, row: Mapping[str, Any]) -> list[table.Cell]:
    name, link = row["evidence"] or row["evidence_code"], row["link"]
    seen = [f"site {row['site_code']}" if row["site_code"] else None, None if is_web(link) else link]
    expired = row["expires_on"] is not None and row["expires_on"] <= known.day
    return [
        table.text(name, ", ".join(fact for fact in seen if fact) or None, link.strip() if is_web(link) else None),
        row["kind"],
        known.names.get(row["department_code"]),
        table.text(row["owner"], f"shown by {row['shown_by']}") if row["shown_by"] else row["owner"],
        table.day(row["expires_on"], "expired" if expired else None),
    ]


def due(known: Known, rows: pl.DataFrame, asked: Filters) -> Component | None:
    """When it is looked at next, certificate by certificate, what is owed first."""
    if rows.is_empty():
        return None
    columns = [
        Column("certificate", "Holder and certificate"),
        Column("kind", "Kind"),
        Column("state", "This cycle", "state"),
        Column("last", "Last looked at", "day"),
        Column("next", "Planned", title="The next planned review that looks at it", width=130),
    ]
    order = ["owed", "missed", "planned", "open", "looked_at"]
    told = sorted(((order.index(_state(row)), row) for row in rows.iter_rows(named=True)), key=lambda pair: pair[0])
    drawn = [
        Row(
            row["certificate_code"],
            [
                table.text(
                    known.names.get(row["department_code"]),
                    row["certificate_code"],
                    asked.href("coverage", certificate=row["certificate_code"]),
                ),
                row["kind"].capitalize(),
                table.state(order[number]),
                row["last_covered_on"],
                table.text(day(row["review_on"]), assessment(row["assessment_type"])) if row["review_on"] else None,
            ],
        )
        for number, row in told
    ]
    owed = sum(order[number] == "owed" for number, _ in told)
    said = f"Looked at next ({count(rows.height, 'certificate')}, {owed or 'none'} owed and not planned)"
    body = table.table_json("Looked at next, by certificate", columns, drawn, find=len(drawn) > _LISTED)
    return components.details(said, components.table(ids.ELEMENT_DUE, body))


def _state(row: Mapping[str, Any]) -> str:
    if row["outstanding"]:
        return "planned" if row["review_on"] else "owed"
    if row["covered"]:
        return "looked_at"
    return "missed" if "missed" in row["years"] else "open"

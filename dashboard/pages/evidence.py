"""Evidence: what there is and whether it holds, which elements have none, and what is to be seen at a site."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.components import Choice
from dashboard.filters import Filters
from dashboard.pages.actions import of_element
from dashboard.pages.details_element import is_web
from dashboard.table import Column, Row
from dashboard.words import count, listing

Names = Mapping[str | None, str]  # of departments; None is the corporate body
Enters = Collection[str] | None  # the sites of which the reader may say something; None: nothing of any
STATES = {"expired": "Expired", "expiring": "Expiring within 90 days"}
SIGNS = {"expired": "fails", "expiring": "at_limit", "current": "passes", "undated": "indication"}
WORDS = {"expired": "Expired", "expiring": "Expires soon", "current": "Holds", "undated": "No day"}
KINDS = {"observed": "see on site"}
NONE = "none"  # the chip that shows elements without evidence
_LISTED = 12  # elements named in one cell


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Evidence",
        components.headline(ids.EVIDENCE_HEADLINE),
        components.filter_bar("evidence", "as_of", "department", Choice("site", "What to see at")),
        components.stack(
            html.Div(id=ids.EVIDENCE_EMPTY),
            html.Div([html.Div(id=ids.EVIDENCE_ENTER), html.Div(id=ids.EVIDENCE_CHIPS)]),
            components.table_place(ids.EVIDENCE_TABLE),
            components.details(
                "How this is counted",
                html.P(
                    "One piece of evidence has one code in a department and may serve several elements. It has expired "
                    "on the day it expires. Without link means that nothing says where to find it: it has no link and "
                    "is not marked as something to see on site. What a department above or below shows does not count "
                    "for a department, and an element that is not applicable needs no evidence."
                ),
            ),
        ),
    )


def headline(rows: pl.DataFrame, lacking: pl.DataFrame) -> str:
    """How much evidence there is, how much of it has expired, and where elements have none."""
    some = lacking.filter(pl.col("none").list.len() < pl.col("elements"))
    bare = lacking.height - some.height
    if rows.is_empty():
        return "There is no evidence here."
    expired, soon = (rows.filter(state=state).height for state in STATES)
    verb = "has" if expired == 1 else "have"
    said = f"{expired or 'None'} of {count(rows.height, 'piece')} of evidence {verb} expired"
    said += f"; {soon} more {'expires' if soon == 1 else 'expire'} within 90 days" if soon else ""
    gaps = some.filter(pl.col("none").list.len() > 0).height
    told = [f"{count(gaps, 'department')} {'has' if gaps == 1 else 'have'} elements with none"] if gaps else []
    told += [f"{bare} {'has' if bare == 1 else 'have'} no evidence at all"] if bare else []
    return f"{said}. {listing(told)}." if told else f"{said}. Every element has some."


def selected(rows: pl.DataFrame, asked: Filters) -> pl.DataFrame:
    """The evidence that serves the element that the address names, all where it names none."""
    return rows.filter(pl.col("elements").list.contains(asked.element)) if asked.element else rows


def without_link(rows: pl.DataFrame) -> pl.DataFrame:
    """The evidence of which nothing says where to find it."""
    no_link = pl.col("link").fill_null("").str.strip_chars() == ""
    return rows.filter(no_link, pl.col("kind").ne_missing(pl.lit("observed")), pl.col("site_code").is_null())


def on_site(rows: pl.DataFrame) -> pl.DataFrame:
    """The evidence that is seen on site."""
    return rows.filter((pl.col("kind") == "observed") | pl.col("site_code").is_not_null())


def shown(rows: pl.DataFrame, status: str) -> pl.DataFrame:
    """The evidence of a chip."""
    if status in STATES:
        return rows.filter(state=status)
    if status == "link":
        return without_link(rows)
    return on_site(rows) if status == "on_site" else rows


def chips(rows: pl.DataFrame, lacking: pl.DataFrame, asked: Filters) -> Component:
    """What to show, with how many there are of each."""
    wanted = [("", "All"), *STATES.items(), ("link", "Without link"), ("on_site", "See on site")]
    items = [
        (words, shown(rows, status).height, asked.href(status=status), asked.status == status)
        for status, words in wanted
    ]
    none = sum(len(codes) for codes in lacking["none"])
    items.append(("Elements with none", none, asked.href(status=NONE), asked.status == NONE))
    whose = [of_element(asked)] if asked.element else []
    return html.Div([*whose, components.chips(items, "Show evidence")])


def entering(asked: Filters) -> Component:
    """The way to new evidence, for those who may."""
    given = {"department_code": asked.department, "element": asked.element}
    filled = {name: value for name, value in given.items() if value}
    return html.P(components.enter_link("evidence", "Enter evidence", **filled))


def evidence_table(rows: pl.DataFrame, names: Names, sites: Names, asked: Filters, enters: Enters) -> str:
    """Every piece of evidence with the elements it serves, what has expired first."""
    keys = ("department", "state", "expires_on", "evidence", "elements", "kind", "owner", "where")
    columns = columns_of(*keys, *([] if enters is None else ["enter"]))
    listed = [
        Row(
            f"{row['department_code'] or ''}~{row['evidence_code']}",
            cells_of(row, names, sites, columns, enters),
            href=asked.href("department", department=row["department_code"]) if row["department_code"] else None,
            name=row["evidence"],
        )
        for row in rows.iter_rows(named=True)
    ]
    return table.table_json(
        "Evidence, what has expired first",
        columns,
        listed,
        find="url",
        empty="No evidence matches.",
        say=f"{count(len(listed), 'piece')} of evidence shown",
    )


def columns_of(*keys: str) -> list[Column]:
    """The columns of these keys, in this order."""
    known = (
        Column("department", "Department", width=120),
        Column("state", "State", "status"),
        Column("expires_on", "Expires", "day", "The first day on which it no longer holds"),
        Column("evidence", "Evidence", width=180),
        Column("elements", "Elements", title="The elements it serves", width=110),
        Column("kind", "Kind", width=70),
        Column("owner", "Owner"),
        Column("where", "Where", title="The link, or the site and the person who shows it", width=110),
        Column("shown_by", "Shown by", title="Whom to ask for it"),
        Column("note", "Note", width=130, sortable=False),
        Column("enter", "By hand", "link", sortable=False),
    )
    by_key = {column.key: column for column in known}
    return [by_key[key] for key in keys]


def cells_of(
    row: Mapping[str, Any], names: Names, sites: Names, columns: Sequence[Column], enters: Enters
) -> list[Any]:
    """The cells of one piece of evidence; its kind stands with where it may be seen in a list of one site."""
    differs = f"not alike under all its elements: {listing([_word(name) for name in row['differs']])}"
    code = f"{row['evidence_code']}; {differs}" if row["differs"] else row["evidence_code"]
    there = "at any site of the department" if not row.get("here", True) else None
    known = {
        "department": names.get(row["department_code"]) or row["department_code"] or "",
        "state": table.status(SIGNS[row["state"]], WORDS[row["state"]]),
        "expires_on": table.day(row["expires_on"], until(row)),
        "evidence": table.text(row["evidence"] or row["evidence_code"], code),
        "elements": ", ".join(row["elements"]),
        "kind": table.text(KINDS.get(row["kind"], row["kind"]), there),
        "owner": row["owner"],
        "where": _where(row, sites),
        "shown_by": row["shown_by"] or row["owner"],
        "note": _note(row),
        "enter": table.link("Correct", enter_href(row)) if row["site_code"] in {None, *(enters or ())} else None,
    }
    return [known[column.key] for column in columns]


def _word(column: str) -> str:
    return {"site_code": "site", "shown_by": "who shows it", "expires_on": "expiry"}.get(column, column)


def until(row: Mapping[str, Any]) -> str | None:
    """How long evidence holds or how long ago it expired."""
    days = row["days"]
    if days is None or row["state"] == "current":
        return None
    return f"in {count(days, 'day')}" if days > 0 else f"{count(-days, 'day')} ago" if days else "today"


def _where(row: Mapping[str, Any], sites: Names) -> Any:
    """The link, to be followed where it is of the web alone; else where and by whom it is shown."""
    shown_by = f"shown by {row['shown_by']}" if row["shown_by"] else None
    if row["site_code"]:
        return table.text(f"At {sites.get(row['site_code']) or row['site_code']}", shown_by)
    if is_web(row["link"]):
        return table.text("Open", shown_by, row["link"].strip())
    if row["link"]:
        return table.text(row["link"], shown_by)
    return table.text("On site" if row["kind"] == "observed" else None, shown_by)


def enter_href(row: Mapping[str, Any]) -> str:
    """The form on which evidence is corrected, by the first element that it serves."""
    code = row["department_code"]
    key = {
        "department_code": components.CORPORATE if code is None else code,
        "element": row["elements"][0],
        "evidence_code": row["evidence_code"],
    }
    return f"/enter/evidence?{urlencode(key)}"


def lacking_table(lacking: pl.DataFrame, names: Names, asked: Filters, enters: bool) -> str:
    """The departments with elements without evidence, those that lack most first."""
    rows = []
    for row in lacking.iter_rows(named=True):
        if not row["none"] and not row["expired"]:
            continue
        code = row["department_code"]
        given = {"department_code": components.CORPORATE if code is None else code}
        given |= {"element": row["none"][0]} if row["none"] else {}
        bare = len(row["none"]) == row["elements"]
        cells = [
            names.get(code) or code,
            len(row["none"]),
            "All of them: there is no evidence at all" if bare else listing(row["none"], _LISTED),
            len(row["expired"]),
            listing(row["expired"], _LISTED),
            *([table.link("Enter evidence", f"/enter/evidence?{urlencode(given)}")] if enters else []),
        ]
        rows.append(Row(code or "", cells, href=asked.href("department", department=code) if code else None))
    columns = [
        Column("department", "Department"),
        Column("none", "With none", "number", "Elements without any evidence", first_descending=True),
        Column("which", "Which", title="Which elements have none", width=260, sortable=False),
        Column("expired", "All expired", "number", "Elements all of whose evidence has expired", first_descending=True),
        Column("those", "Which", title="Elements all of whose evidence has expired", width=160, sortable=False),
        *([Column("enter", "By hand", "link", sortable=False)] if enters else []),
    ]
    return table.table_json(
        "Elements without evidence, by department",
        columns,
        rows,
        find="url",
        empty="Every element has evidence that holds.",
        say=f"{count(len(rows), 'department')} shown",
    )


def nothing(enters: bool) -> Component:
    """What stands there where there is no evidence at all."""
    how = "Enter some by hand above, load" if enters else "It comes as"
    return components.empty_state(
        "There is no evidence here",
        f"{how} a table of evidence (department_code, element, evidence_code, evidence, link, owner, expires_on), an "
        "evidence matrix or a self-assessment workbook; or choose another department.",
    )


def _note(row: Mapping[str, Any]) -> Any:
    if is_web(row["link"]):
        return table.text(row["note"] or "Open the link", None, row["link"].strip())
    return table.text(row["note"] or row["link"], row["link"] if row["note"] else None)

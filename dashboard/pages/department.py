"""One department: where it stands, what it must do by when, who does it well; then all there is about it."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.pages import department_panels as panels
from dashboard.pages import verdicts
from dashboard.pages.department_facts import About, Todo, to_do
from dashboard.table import Column, Row
from dashboard.words import count, day, listing
from scheme.standard import ALL_BANDS


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Department",
        components.headline(ids.DEPARTMENT_HEADLINE),
        components.filter_bar("department", "as_of", "department"),
        components.place(ids.DEPARTMENT_BODY),
    )


# --- without a department ---------------------------------------------------------------------------------------------


def choose_headline(rows: pl.DataFrame) -> str:
    """How many departments there are to choose from, and how they stand."""
    departments = rows.filter(pl.col("department_code").is_not_null())
    told = verdicts.tally(departments.iter_rows(named=True))
    said = f"{count(departments.height, 'department')} to choose from"
    return f"{said}: {told}." if told else f"{said}."


def choose(rows: pl.DataFrame, asked: Filters) -> Component:
    """The departments one may see with their status, as they lie below each other; rows of verdicts."""
    departments = rows.filter(pl.col("department_code").is_not_null())
    columns = [
        Column("department", "Department"),
        Column("status", "Status", "status"),
        Column("why", "Why", width=260),
    ]
    listed = [
        Row(
            row["department_code"],
            [table.text(row["name"], row["path"] or None), verdicts.cell(row), verdicts.reason(row)],
            href=asked.href("department", department=row["department_code"]),
            name=row["name"],
        )
        for row in departments.iter_rows(named=True)
    ]
    drawn = table.table_json("Choose a department", columns, listed, find="url", empty="No department matches.")
    return components.table("department-choose", drawn)


NOBODY = ("No department is active on this day", "Choose another day, or open departments under Administration.")


# --- one department ---------------------------------------------------------------------------------------------------


def headline(about: About) -> str:
    """Where it stands, what is late, and how many elements are weak."""
    row = about.row
    late = sum(1 for one in to_do(about) if one[1])
    said = f"{row['name']}: {verdicts.reason(row)}"
    return f"{said} {count(late, 'thing')} {'is' if late == 1 else 'are'} late." if late else f"{said} Nothing is late."


def body(about: About, asked: Filters, enters: bool, customers: Sequence[Component] = ()) -> Component:
    """Three answers first, then a panel for each thing one may ask of a department; `customers`: those about them."""
    return components.stack(
        html.Section(
            components.cards(_stand(about, asked), _due(about, asked), _well(about, asked)),
            className="week answers",
            **components.attributes(aria_label="In brief"),
        ),
        panels.criteria(about),
        panels.history(about),
        panels.certificates(about, asked),
        panels.sites(about, asked),
        panels.actions(about, asked, enters),
        panels.evidence(about, asked, enters),
        components.cards(*customers),
        panels.against_assessor(about),
        panels.below(about, asked),
    )


def _stand(about: About, asked: Filters) -> Component:
    row = about.row
    path = [html.P(f"Within {row['path']}", className="quiet")] if row["path"] else []
    shown = "incomplete" if row["shown"] == "not_assessed" else row["shown"]
    counts = {band: int(about.headroom[band].sum()) for band in ALL_BANDS}
    unknown = int(about.headroom["not_assessed"].sum())
    bands = [f"{number} {about.standard.band[band].label.lower()}" for band, number in counts.items() if number]
    told = listing([*bands, *([f"{unknown} not assessed"] if unknown else [])])
    return components.card(
        "Where do we stand?",
        html.P([components.status_word(shown, verdicts.WORDS[row["shown"]]), f" {verdicts.reason(row)}"]),
        html.P(f"{told}." if told else ""),
        *path,
        panels.more("See it on the heatmap", asked.href("heatmap", department=about.code)),
        explains="status",
    )


def _due(about: About, asked: Filters) -> Component:
    todo = to_do(about)
    if not todo:
        return components.card("What must we do by when?", html.P("Nothing is known to be due."))
    items = [html.Li(_todo(one, about, asked)) for one in todo]
    more = (
        components.details(f"{len(items) - panels.LISTED} more", html.Ul(items[panels.LISTED :]))
        if items[panels.LISTED :]
        else None
    )
    return components.card("What must we do by when?", html.Ul(items[: panels.LISTED]), *([more] if more else []))


def _todo(one: Todo, about: About, asked: Filters) -> list[Any]:
    on, late, words, page, keys = one
    when = day(on) if on else "no day set"
    sign = components.status_word("fails", "Late") if late else None
    given = keys if "certificate" in keys else {"department": about.code, **keys}
    link = html.A(words, href=asked.href(page, **given)) if page else html.Span(words)
    said = f", since {when}" if late and on else f", {when}"
    return [*([sign, " "] if sign else []), link, html.Span(said, className="quiet")]


def _well(about: About, asked: Filters) -> Component:
    if about.weak.is_empty():
        return components.card(
            "Who does it well?", html.P("No element is partial or non-compliant by own results."), explains="exemplars"
        )
    items = []
    for row in about.weak.iter_rows(named=True):
        element = about.standard.element[row["element"]]
        words = f"{row['element']} {element.title}"
        label = about.standard.band[row["band"]].label
        where = asked.href("element", element=row["element"], department=about.code)
        items.append(html.Li([html.A(words, href=where), html.Span(f", {label.lower()}", className="quiet")]))
    more = (
        [components.details(f"{len(items) - panels.LISTED} more", html.Ul(items[panels.LISTED :]))]
        if items[panels.LISTED :]
        else []
    )
    lead = html.P("Each of these leads to who holds compliance plus there.", className="quiet")
    return components.card("Who does it well?", lead, html.Ul(items[: panels.LISTED]), *more, explains="exemplars")

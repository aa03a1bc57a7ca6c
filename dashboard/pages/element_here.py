"""One element in one department: its band, what was found before, who does it well, what to do next."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import components, words
from dashboard.filters import Filters
from dashboard.pages.details_parts import assessment, kin, sign
from dashboard.pages.element import Known, Of
from dashboard.pages.safety import add_href
from scheme.exemplars import WORSE

_MOST = 5  # exemplars named


def department(known: Known, of: Of, asked: Filters) -> Component:
    """The department asked for: its band, what was found before, who does it well, what to do next."""
    code = of.department
    row = next(known.standing.filter(department_code=code).iter_rows(named=True), None)
    found = of.looked_at.filter(department_code=code).sort("assessed_on", descending=True)
    items = [
        html.Li(
            [
                sign(known.standard, one["band"]),
                html.Span(
                    f"{known.standard.band[one['band']].label}, {words.day(one['assessed_on'])}, "
                    f"{assessment(one['assessment_type'])}"
                ),
            ]
        )
        for one in found.iter_rows(named=True)
    ]
    history = html.Ol(items, className="d-timeline") if items else html.P("No results of its own.", className="d-soft")
    return components.card(
        known.names.get(code) or code,
        _now(known, row),
        html.H3("Results over time"),
        history,
        *_nearest(known, of, asked, row),
        html.P(_todo(of, asked)),
        explains="band",
    )


def _now(known: Known, row: Mapping[str, Any] | None) -> Component:
    if row is None:
        return html.P([sign(known.standard, None), html.Strong(" Not assessed")])
    label = known.standard.band[row["band"]].label
    if row["rolled_up"]:
        said = " rolled up from below: an indication, not an assessor's judgement."
    else:
        said = f" since {words.day(row['since_on'])}; last looked at {words.day(row['assessed_on'])}."
    return html.P([sign(known.standard, row["band"], row["assessed_on"], known.day), " ", html.Strong(label), said])


def _nearest(known: Known, of: Of, asked: Filters, row: Mapping[str, Any] | None) -> list[Component]:
    """Who does it well, nearest in kind first, where this department is partial or worse."""
    if row is None or row["band"] not in WORSE:
        return []
    rows = known.lessons.filter(department_code=of.department)
    heading = html.H3("Who does it well, nearest in kind first")
    if rows.is_empty():
        return [heading, html.P("Nobody whom you may see holds it on this day.", className="d-soft")]
    items = [
        html.Li(
            [
                html.A(known.names.get(one["exemplar"]), href=asked.href(department=one["exemplar"])),
                html.Span(f"{kin(one)}; since {words.day(one['since_on'])}", className="d-soft d-line"),
            ]
        )
        for one in rows.head(_MOST).iter_rows(named=True)
    ]
    more = [html.P(f"{rows.height - _MOST} more below.", className="d-soft")] if rows.height > _MOST else []
    return [heading, html.Ol(items, className="d-list"), *more]


def _todo(of: Of, asked: Filters) -> list[Any]:
    code, element = of.department, of.element.code
    links: list[Any] = [html.A("What its band is made of", href=asked.href("heatmap", cell=f"{code}~{element}"))]
    if of.enters:
        reload = components.attributes(data_reload="")
        links += [" · ", html.A("Add an action", href=add_href(code, element), **reload)]
        links += [" · ", components.enter_link("evidence", "Add evidence", department_code=code, element=element)]
    if of.certificate:
        links += [" · ", html.A("Plan the next review", href=asked.href("scope", certificate=of.certificate))]
    return links


def elsewhere(of: Of) -> Component:
    """Exemplars out of sight, where the organisation chose to tell of them."""
    items = [html.Li(f"{name}, since {words.day(since)}") for name, since in of.elsewhere]
    return components.card(
        "Who else does it well",
        html.Ul(items, className="d-list"),
        html.P(
            "Departments that are not yours, told by name because one of yours is partial or worse here today. "
            "Your organisation chose to tell this and nothing more about them.",
            className="d-soft",
        ),
    )

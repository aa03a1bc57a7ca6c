"""Elements: from the address to the list of all, or to everything about one."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output
from dash.development.base_component import Component

from dashboard import components, customers, data, gate, ids, improving
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import element as page
from dashboard.pages import element_one, standards
from db.roles import CYCLE, RESULTS, SEND
from scheme.standard import Element


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.ELEMENT_HEADLINE, "children"),
        Output(ids.ELEMENT_BODY, "children"),
        Output(ids.filter_bar("element"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_element)


@needs(RESULTS, kept=True)
def update_element(address: str | None) -> tuple[Any, Any, str]:
    """The page for an address."""
    asked = filters(address, "element")
    view = data.view(current_scope(), asked.known_at)
    standard = data.standard(view)
    chosen, options = page.chosen(asked, standard), page.options(standard)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), options
    known = _known(view, asked, chosen)
    if chosen is None:
        return page.headline(known), page.everything(known, asked), options
    of = _of(view, asked, chosen)
    promises = _promises(view, asked, chosen, known)
    return element_one.headline(known, of), element_one.page(known, of, asked, promises), options


def _promises(view: data.View, asked: Filters, chosen: Element, known: page.Known) -> list[Component]:
    """The service standards that support an element, in short and period by period; nothing where there are none."""
    about = pl.col("elements").list.contains(chosen.code)
    told = customers.promised(view, asked.as_of, asked.department).filter(about)
    if told.is_empty():
        return []
    rows = standards.shown(told, Filters("element", asked.as_of))
    drawn = standards.charts(rows, customers.periods(view, asked.as_of), known.names)
    return [standards.panel(told, asked, asked.department), *drawn]


def _known(view: data.View, asked: Filters, chosen: Element | None) -> page.Known:
    """With an element, the department asked for comes first; without one, it cuts the list."""
    day, basis = asked.as_of, asked.basis.replace("difference", "formal")
    tree, programme = data.branch(view, day, asked.department), data.programme(view)
    of_it = pl.lit(value=True) if chosen is None else pl.col("element") == chosen.code
    there = "" if chosen else asked.department
    shown = data.tree(view, day) if chosen else tree
    since = improving.since_of(view, day, basis, chosen.code if chosen else "")
    standing = data.cut(view, data.standings(view, day, basis), there).filter(of_it)
    return page.Known(
        data.standard(view),
        day,
        programme.profile(day).cycle_years,
        standing.join(since, on=["department_code", "element"], how="left", nulls_equal=True, maintain_order="left"),
        shown["department_code"].drop_nulls().to_list(),
        improving.lessons_of(view, day, chosen.code if chosen else "", basis),
        improving.exemplars_of(view, day, chosen.code if chosen else ""),
        data.cut(view, data.open_actions(view, day), there).filter(of_it),
        data.names_with_organisation(view),
        dict(data.tree(view, day).select("department_code", "path").iter_rows()),
    )


def _of(view: data.View, asked: Filters, chosen: Element) -> page.Of:
    """That evidence was read is written into the audit log (reliability.md W6)."""
    day, of_it = asked.as_of, pl.col("element") == chosen.code
    evidence = data.rows_of(view, "evidence").filter(of_it)
    if evidence.height:
        gate.record("read evidence", f"everywhere, {chosen.code}", rows=evidence.height)
    return page.Of(
        chosen,
        improving.looked_at(view, day, chosen.code, asked.basis.replace("difference", "formal")),
        evidence,
        improving.told_exemplars(view).get(chosen.code, []),
        _due(view, asked, chosen) if view.scope.may(CYCLE) else None,
        asked.department,
        improving.certificate_of(view, day, asked.department) if asked.department and view.scope.may(CYCLE) else None,
        view.scope.may(SEND),
    )


def _due(view: data.View, asked: Filters, chosen: Element) -> pl.DataFrame:
    ahead = improving.looks_ahead(view, asked.as_of).drop("department_code")
    rows = data.coverages(view, asked.as_of).filter(element=chosen.code)
    return rows.join(ahead, on=["certificate_code", "element"], how="left", maintain_order="left")

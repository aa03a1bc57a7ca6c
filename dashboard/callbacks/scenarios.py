"""Scenarios: from the address to the list of those kept, and to two of them side by side."""

from typing import Any

from dash import Dash, Input, Output

from dashboard import components, data, ids, scenarios
from dashboard.data import View
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import scenarios as page
from dashboard.pages.scenarios import Kept
from dashboard.pages.whatif import changes
from db.drafts import Draft
from db.roles import PLAN, RESULTS
from scheme.errors import UsageError
from scheme.scenario import Tried, difference

_WORKED_OUT = 10  # of so many scenarios the list says what they change


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.SCENARIOS_HEADLINE, "children"),
        Output(ids.SCENARIOS_EMPTY, "children"),
        Output(ids.SCENARIOS_COMPARED, "children"),
        Output(ids.SCENARIOS_DIFFERENCE, "data-table"),
        Output(ids.SCENARIOS_TABLE, "data-table"),
        Output(ids.filter_bar("scenarios"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_scenarios)


@needs(RESULTS)
def update_scenarios(address: str | None) -> tuple[Any, Any, Any, str, str, str]:
    """The page for an address."""
    asked = filters(address, "scenarios")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", page.options([])
    kept = [_kept(view, asked, one, place) for place, one in enumerate(scenarios.listed(view))]
    empty = "" if kept else page.empty(asked, view.scope.may(PLAN))
    compared, rows = _compared(view, asked)
    listed = page.listed(kept, asked) if kept else ""
    return page.headline(kept), empty, compared, rows, listed, page.options(kept)


def _kept(view: View, asked: Filters, one: Draft, place: int) -> Kept:
    tried = scenarios.cells_of(one)
    told = _changes(view, asked, {}, tried) if place < _WORKED_OUT else ""
    return Kept(one.number, one.name, len(tried), told, one.made_by, one.is_mine, one.is_shared, one.changed_at)


def _changes(view: View, asked: Filters, before: Tried, after: Tried) -> str:
    """What holding the one in place of the other changes, on the day asked; what is not there then is told."""
    day = asked.as_of
    (was, _), (now, gone) = scenarios.shown(view, day, before), scenarios.shown(view, day, after)
    sides = scenarios.headrooms(view, day, was), scenarios.headrooms(view, day, now)
    out = f" Left out, for they are not there on this day: {len(gone)} of its cells." if gone else ""
    return changes(*sides, scenarios.names(view, day)) + out


def _compared(view: View, asked: Filters) -> tuple[Any, str]:
    """Two scenarios side by side, or one with the facts; nothing where none is chosen."""
    if asked.draft is None:
        return "", ""
    one, other = scenarios.opened(view, asked.draft), _other(view, asked)
    before, after = scenarios.cells_of(other) if other else {}, scenarios.cells_of(one)
    day, name = asked.as_of, other.name if other else "The facts"
    sides = (scenarios.headrooms(view, day, scenarios.shown(view, day, each)[0]) for each in (before, after))
    rows = difference(*sides)
    table = page.difference_table(rows, one.name, name, scenarios.names(view, day)) if rows.height else ""
    told = _changes(view, asked, before, after) if other is None else ""
    return page.compared(one.name, name if other else "the facts", told, rows), table


def _other(view: View, asked: Filters) -> Draft | None:
    if not asked.mode:
        return None
    if not asked.mode.isdecimal() or len(asked.mode) > 9:
        raise UsageError("the address compares with something else than a scenario; choose one in the list")
    return scenarios.opened(view, int(asked.mode))

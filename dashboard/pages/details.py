"""The details drawer: what one cell is made of, for every page whose cells are elements or criteria of departments."""

from dash.development.base_component import Component

from dashboard.behind import Behind, ElementBehind
from dashboard.filters import Filters
from dashboard.pages.details_better import Better
from dashboard.pages.details_criterion import criterion
from dashboard.pages.details_element import element


def title(behind: Behind) -> str:
    """The heading of the drawer."""
    if isinstance(behind, ElementBehind):
        return f"{behind.element.code} {behind.element.title}"
    return f"Criterion {behind.criterion.code}: {behind.criterion.title}"


def body(behind: Behind, asked: Filters, enters: bool = False, better: Better | None = None) -> list[Component]:
    """What stands in the drawer; `enters`: the reader may enter results by hand; `better`: what could be done."""
    if isinstance(behind, ElementBehind):
        return element(behind, asked, enters, better)
    return criterion(behind, asked, better)

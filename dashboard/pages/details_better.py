"""What the details say of getting better: what would make it green, who does it well, what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, words
from dashboard.behind import Behind, ElementBehind
from dashboard.filters import Filters
from dashboard.pages.details_parts import kin, section
from dashboard.pages.safety import add_href, reason
from scheme.exemplars import WORSE

_SHOWN = 3


@dataclass(frozen=True)
class Better:
    """What could be done about a cell, of its department.

    fixes: rows of improving.fixes of its criterion, with room for one more partial. lessons: rows of
    scheme.exemplars.LESSONS of its element, none for a criterion. elsewhere: exemplars out of sight that may be told.
    names: of departments. certificate: the one that covers the department, None where there is none or it may not be
    seen. enters: may add an action.
    """

    fixes: pl.DataFrame
    lessons: pl.DataFrame
    elsewhere: Sequence[tuple[str, date]]
    names: Mapping[str | None, str]
    certificate: str | None
    enters: bool


def green(behind: Behind, asked: Filters, better: Better) -> Component | None:
    """The fewest elements that make the criterion safe, each with its reason; None where nothing has to be mended."""
    if better.fixes.is_empty():
        return None
    criterion = behind.element.criterion if isinstance(behind, ElementBehind) else behind.criterion.code
    number = words.count(better.fixes.height, "element")
    then = "can bear one more partial" if behind.profile.allowances[criterion] else "holds no partial, as it may not"
    head = f"{number} to bring to compliant, and criterion {criterion} {then}."
    if isinstance(behind, ElementBehind) and behind.element.code not in better.fixes["element"]:
        head += " This one need not be among them."
    items = [html.Li(_fix(behind, asked, row)) for row in better.fixes.head(_SHOWN).iter_rows(named=True)]
    more = better.fixes.height - _SHOWN
    rest = [html.P(f"{more} more on the whole way.", className="d-soft")] if more > 0 else []
    every = html.A("The whole way to safety", href=asked.href("safety", department=behind.place.code))
    return section("What would make it green", html.P(head), html.Ol(items, className="d-list"), *rest, html.P(every))


def _fix(behind: Behind, asked: Filters, row: Mapping[str, Any]) -> list[Any]:
    code = row["element"]
    href = asked.href("element", element=code, department=behind.place.code)
    title = f"{code} {behind.standard.element[code].title}"
    return [html.A(title, href=href), html.Span(reason(row["why"]), className="d-soft d-line")]


def well(behind: ElementBehind, asked: Filters, better: Better) -> Component | None:
    """Who does it well, the nearest in kind first; None where this department is compliant or better."""
    if behind.standing is None or behind.standing["band"] not in WORSE:
        return None
    element = behind.element.code
    items = [
        html.Li(
            [
                html.A(
                    better.names.get(row["exemplar"]),
                    href=asked.href("element", element=element, department=row["exemplar"]),
                ),
                html.Span(f"{kin(row)}; since {words.day(row['since_on'])}", className="d-soft d-line"),
            ]
        )
        for row in better.lessons.head(_SHOWN).iter_rows(named=True)
    ]
    items += [html.Li(f"{name}, since {words.day(since)}") for name, since in better.elsewhere[:_SHOWN]]
    label = behind.standard.bands[0].label.lower()
    told = html.Ol(items, className="d-list") if items else html.P(f"Nobody whom you may see holds {label}.")
    every = asked.href("element", element=element, department=behind.place.code)
    return section("Who does it well", told, html.P(html.A("This element everywhere", href=every)))


def following(behind: Behind, asked: Filters, better: Better) -> Component | None:
    """What to do next: an action, and the scope of the next review."""
    code, links = behind.place.code, list[Component]()
    if better.enters:
        element = behind.element.code if isinstance(behind, ElementBehind) else _first(better)
        if element:
            words_of = "Add an action" if isinstance(behind, ElementBehind) else f"Add an action for {element}"
            reload = components.attributes(data_reload="")
            links.append(html.A(words_of, href=add_href(code, element), **reload))
    if better.certificate:
        links.append(html.A("Plan the next review", href=asked.href("scope", certificate=better.certificate)))
    if not links:
        return None
    return section("What to do next", html.Ul([html.Li(link) for link in links], className="d-list"))


def _first(better: Better) -> str | None:
    """The first element to mend that has no action yet, or the first."""
    without = better.fixes.filter(~pl.col("has_action"))
    rows = without if without.height else better.fixes
    return rows["element"][0] if rows.height else None

"""How all departments stand, without names: what people are told of departments they may not open."""

from datetime import date

from dash import html
from dash.development.base_component import Component

from dashboard import components
from dashboard.pages.certificates import facts
from dashboard.words import STATUS, day, listing
from scheme.disclosure import FEWEST, STEP, Distribution, Group

TITLE = "How all departments stand"
_VERBS = {"fails": "fail", "at_limit": "are at their limit", "incomplete": "are incomplete", "passes": "pass"}


def panel(told: Distribution | None, end: date) -> Component:
    """The counts as figures, and what they are; where nothing may be told, why."""
    if told is None:
        return components.card(TITLE, html.P(_untold(end)))
    figures = [(_words(group), f"about {number:,}", "") for group, number in told.groups]
    about = (
        f"About {told.departments:,} departments, yours among them, at the end of the last quarter ({day(end)}). "
        f"Rounded to the nearest {STEP}, the same for everybody; which departments they are is not told. "
        "A department without a verdict of its own counts as incomplete."
    )
    return components.card(TITLE, facts(figures), html.P(about))


def line(told: Distribution | None, end: date) -> str:
    """The same in a sentence."""
    if told is None:
        return ""
    parts = [f"about {number:,} {_verbs(group)}" for group, number in told.groups]
    return f"Of about {told.departments:,} departments in all, yours among them, {listing(parts)} ({day(end)})."


def _untold(end: date) -> str:
    return (
        f"On {day(end)} there were fewer than {FEWEST} other departments, or too many of them stood alike, "
        "for numbers that do not give a name away."
    )


def _words(group: Group) -> str:
    first, *rest = (STATUS[status] for status in group)
    return " or ".join([first, *(word.lower() for word in rest)])


def _verbs(group: Group) -> str:
    return " or ".join(_VERBS[status] for status in group)

"""How all departments stand, without names: what people are told of departments they may not open."""

from datetime import date

from dash import html
from dash.development.base_component import Component

from dashboard import components
from dashboard.pages.certificates import facts
from dashboard.words import STATUS, day, listing
from scheme.disclosure import FEWEST, STEP, Distribution, Group

TITLE = "How all departments stand"
# In the order in which statuses told together are said.
_VERBS = {"fails": "fail", "at_limit": "are at their limit", "passes": "pass", "incomplete": "are incomplete"}


def panel(told: Distribution | None, end: date) -> Component:
    """The counts as figures, and what they are; where nothing may be told, why."""
    if told is None:
        return components.card(TITLE, html.P(_untold(end)))
    every = f"of about {told.departments:,} departments"
    figures = [(_words(group), f"about {number:,}", every) for group, number in told.groups]
    about = (
        f"At the end of the last quarter ({day(end)}), your own departments included, rounded to the nearest {STEP}. "
        "Everybody is told the same numbers, and nobody which departments they are. "
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
    first, *rest = (STATUS[status] for status in _VERBS if status in group)
    return " or ".join([first, *(word.lower() for word in rest)])


def _verbs(group: Group) -> str:
    return " or ".join(verb for status, verb in _VERBS.items() if status in group)

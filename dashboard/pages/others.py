"""How all departments stand, without names: what people are told of departments they may not open."""

from datetime import date

from dash import html
from dash.development.base_component import Component

from dashboard import components
from dashboard.language import day_said as day
from dashboard.language import mark
from dashboard.language import said as _
from dashboard.pages.certificates import facts
from dashboard.words import STATUS
from dashboard.words import listing_said as listing
from scheme.disclosure import FEWEST, STEP, Distribution, Group

TITLE = mark("How all departments stand")
# In the order in which statuses told together are said.
_VERBS = {
    "fails": mark("fail"),
    "at_limit": mark("are at their limit"),
    "passes": mark("pass"),
    "incomplete": mark("are incomplete"),
}


def panel(told: Distribution | None, end: date) -> Component:
    """The counts as figures, and what they are; where nothing may be told, why."""
    if told is None:
        return components.card(TITLE, html.P(_untold(end)))
    every = _("of about {number} departments", number=f"{told.departments:,}")
    figures = [(_words(group), _("about {number}", number=f"{number:,}"), every) for group, number in told.groups]
    about = _(
        "At the end of the last quarter ({day}), your own departments included, rounded to the nearest {step}. "
        "Everybody is told the same numbers, and nobody which departments they are. "
        "A department without a verdict of its own counts as incomplete.",
        day=day(end),
        step=STEP,
    )
    return components.card(TITLE, facts(figures), html.P(about))


def line(told: Distribution | None, end: date) -> str:
    """The same in a sentence."""
    if told is None:
        return ""
    parts = [f"{_('about {number}', number=f'{number:,}')} {_verbs(group)}" for group, number in told.groups]
    named = {"number": f"{told.departments:,}", "parts": listing(parts), "day": day(end)}
    return _("Of about {number} departments in all, yours among them, {parts} ({day}).", **named)


def _untold(end: date) -> str:
    return _(
        "On {day} there were fewer than {fewest} other departments, or too many of them stood alike, "
        "for numbers that do not give a name away.",
        day=day(end),
        fewest=FEWEST,
    )


def _words(group: Group) -> str:
    first, *rest = (_(STATUS[status]) for status in _VERBS if status in group)
    return f" {_('or')} ".join([first, *(word.lower() for word in rest)])


def _verbs(group: Group) -> str:
    return f" {_('or')} ".join(_(verb) for status, verb in _VERBS.items() if status in group)

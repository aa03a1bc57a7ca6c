"""Three steps that show a newcomer round, offered in the bar at the top and never in the way (assets/tour.js)."""

from dash import html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components import attributes, icon

STEPS = (
    (
        "bi-house",
        "One sentence first",
        "Every page answers one question. The answer is the sentence below its title; the table or chart below that "
        "is what the sentence was made from. The ? beside a title says what the figures mean, and from which rule.",
    ),
    (
        "bi-sliders",
        "The same view everywhere",
        "Day, basis and department are chosen above the table and go along from page to page. They stand in the "
        "address: copy it, and whoever may see the same departments sees the same page.",
    ),
    (
        "bi-search",
        "Every figure leads on",
        "Press a cell of the heatmap to read why it stands as it does, which results are behind it and what would "
        "help. The menu goes from how we stand, over the cycle and what we do, to what was sent.",
    ),
)


def offer() -> Component:
    """What offers the tour in the bar; hidden until the browser says that nobody took it here."""
    return html.Section(
        [
            html.Span("New here?"),
            _button("Show me round", "begin", "btn btn-sm"),
            _button("Not now", "later", "btn btn-link btn-sm"),
        ],
        id=ids.NEWCOMER,
        hidden=True,
        className="newcomer",
        **attributes(aria_label="For newcomers"),
    )


def steps() -> Component:
    """The tour itself, a dialog of the browser's own: Escape shuts it, and the focus goes back to where it was."""
    shown = [
        html.Div(
            [
                html.P(f"Step {number} of {len(STEPS)}", className="step"),
                html.H2([icon(picture), title], id=f"{ids.TOUR}-{number}"),
                html.P(words),
            ],
            **attributes(data_step=str(number)),
        )
        for number, (picture, title, words) in enumerate(STEPS, 1)
    ]
    acts = [
        _button("Back", "back", "btn btn-outline-secondary"),
        _button("Next", "next", "btn btn-primary"),
        _button("Close", "end", "btn btn-outline-secondary"),
    ]
    first = f"{ids.TOUR}-1"
    return html.Dialog(
        [*shown, html.P(acts, className="acts")], id=ids.TOUR, className="tour", **attributes(aria_labelledby=first)
    )


def again() -> Component:
    """The way to the tour at the foot of every page."""
    return _button("Show me round", "begin", "btn btn-link")


def _button(words: str, does: str, classes: str) -> Component:
    return html.Button(words, type="button", className=classes, **attributes(data_tour=does))

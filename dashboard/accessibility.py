"""The accessibility statement in the model form, and what is known to fall short (reliability.md A10).

The list of shortfalls is the one that the tests have: what a test excuses stands here, and is read by everybody.
"""

import re
from dataclasses import dataclass
from datetime import date

from flask import render_template

from dashboard.words import day
from variables import declare, text

# When the tests of tests/journeys/test_everybody*.py were last gone through with this statement beside them.
TESTED = date(2026, 11, 22)
PREPARED = date(2026, 11, 22)
CONTACT = declare(
    "ASSAY_ACCESSIBILITY_CONTACT",
    "whom the statement tells readers to write to or call; an e-mail address becomes a link. Public bodies must set it",
    '"whoever runs Assay in your organisation"',
    text,
)
PUBLISHER = declare(
    "ASSAY_PUBLISHER",
    "who runs Assay at this address, as the accessibility statement names them: `Ashcombe County Council`",
    '"the organisation that runs Assay"',
    text,
)
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"']+")


@dataclass(frozen=True)
class Shortfall:
    """What does not meet a criterion: in words for everybody, which criterion, what can be done instead.

    `found_by`: a pattern of the fault that the tests find and excuse for it; "" for what only people find.
    """

    words: str
    criterion: str
    instead: str
    found_by: str = ""


KNOWN: tuple[Shortfall, ...] = (
    Shortfall(
        "In the dense form of a table the buttons that open a row are less than 24 pixels high.",
        "2.5.8 Target size (minimum)",
        "The button “Roomier rows” above each such table makes them larger, and keys open and close rows too.",
    ),
    Shortfall(
        "Charts are drawn as pictures that a screen reader passes over.",
        "1.1.1 Non-text content",
        "The table right below each chart holds the same data, and the sentence above it says what the chart shows.",
    ),
)


def statement() -> str:
    """The page /accessibility, which anybody may open; who is responsible and whom to tell are settings."""
    contact = CONTACT.said()
    return render_template(
        "accessibility.html",
        known=KNOWN,
        publisher=PUBLISHER.said(),
        contact=contact,
        is_address=bool(_ADDRESS.fullmatch(contact)),
        tested=day(TESTED),
        prepared=day(PREPARED),
    )

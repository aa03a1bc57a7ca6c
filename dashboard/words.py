"""How days, moments, counts and lists are written on screen."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

# measures.md section 3: what a person reads where the records say fails, at_limit, incomplete, passes; a status made of
# rolled-up bands is none (section 2).
STATUS = {
    "fails": "Fails",
    "at_limit": "At limit",
    "incomplete": "Incomplete",
    "passes": "Passes",
    "indication": "Indication",
}

# What a sheet was taken for (db.loading.FileReport).
LAYOUTS = {
    "canonical": "Table with headings of ours",
    "wide": "Wide table, a column for each element",
    "workbook": "Self-assessment workbook",
    "matrix": "Evidence matrix",
    "report": "Assessor's report",
}


def day(value: date) -> str:
    """7 March 2025."""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime) -> str:
    """7 March 2025 at 14:02 UTC; a moment without a zone is taken as UTC."""
    utc = value.astimezone(UTC) if value.tzinfo else value
    return f"{day(utc.date())} at {utc:%H:%M} UTC"


def clock(value: datetime) -> str:
    """14:02 UTC."""
    return f"{value.astimezone(UTC):%H:%M} UTC"


def sentence(said: object) -> str:
    """What an error says, as a sentence."""
    words = str(said)
    return f"{words[:1].upper()}{words[1:]}."


def organisation(tenant_name: str) -> str:
    """A tenant's name without the bracket that says its data is fictional: the bar at the top says so already."""
    return _FICTIONAL.sub("", tenant_name)


_FICTIONAL = re.compile(r"\s*\([^)]*\b(?:fictional|demo)[^)]*\)", re.IGNORECASE)


def count(number: int, one: str, several: str | None = None) -> str:
    """3 departments, 1 department, no departments."""
    words = one if number == 1 else several or f"{one}s"
    return f"{number:,} {words}" if number else f"no {words}"


def listing(items: Sequence[str], shown: int | None = None) -> str:
    """A, b and c; with `shown`, the first of them and how many more: a, b and 4 more."""
    some = list(items)
    if shown is not None and len(some) > shown:
        some = [*some[:shown], f"{len(some) - shown} more"]
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}" if some else ""

"""How days, counts and lists are written where the rules say in a sentence what they found."""

from collections.abc import Sequence
from datetime import date


def day(value: date) -> str:
    """7 March 2025."""
    return f"{value.day} {value:%B %Y}"


def counted(number: int, noun: str) -> str:
    """1 partial, 3 partials, no partials."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def listed(items: Sequence[str], shown: int | None = None) -> str:
    """1.1.1, 1.1.2 and 4.3.2; with `shown`, the first so many of them and how many more there are."""
    some = list(items)
    if shown is not None and len(some) > shown:
        some = [*some[:shown], f"{len(some) - shown} more"]
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}"

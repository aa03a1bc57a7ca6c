"""What stands on every page of every file: whose figures, of which day, by which profile, from which snapshot."""

from collections.abc import Sequence

from dashboard.exports.document import About
from dashboard.words import day, listing, moment

FICTIONAL = "All data here is fictional"
Filters = Sequence[tuple[str, str]]

# Reading directions that a name could carry would turn round what stands beside it; marks of that kind are left out.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}


def plain(text: str) -> str:
    """Text as any file can hold it: one space for what is no letter, the mark for unreadable where Unicode has none.

    PDF/UA-1 forbids U+0000, U+FEFF and what Unicode keeps out of text; XML (and so PPTX and SVG) most of the rest.
    """
    return text if text.isprintable() else "".join(_letter(character) for character in text)


def _letter(character: str) -> str:
    number = ord(character)
    if character == "\n" or (character.isprintable() and number not in _TURNING):
        return character
    if character.isspace() or number < 0xA0:
        return " "
    is_text = number not in _TURNING and number != 0xFEFF and number & 0xFFFE != 0xFFFE
    is_kept = is_text and not 0xD800 <= number <= 0xDFFF and not 0xFDD0 <= number <= 0xFDEF
    return character if is_kept else "" if number in _TURNING or number == 0xFEFF else "\ufffd"


def whose(about: About) -> str:
    """The tenant in words: Ashcombe Borough Council (ASHCOMBE)."""
    return f"{about.tenant_name} ({about.tenant_code})"


def snapshot(about: About) -> str:
    """The snapshot in words: known at 22 November 2026 at 13:20 UTC, load 88; no load where none is told (About)."""
    newest = "" if about.load is None else f", load {about.load}"
    return f"known at {moment(about.known_at)}{newest}"


def facts(about: About) -> tuple[tuple[str, str], ...]:
    """Everything about a file as label and words, as the first page of a file tells it."""
    told = [
        ("Organisation", whose(about)),
        ("As of", day(about.as_of)),
        ("Profile", listing(about.profiles) or "none in use"),
        ("Snapshot", snapshot(about)),
        ("Made", f"{moment(about.made_at)} for {about.made_for}"),
    ]
    return (*told, ("Data", FICTIONAL)) if about.is_fictional else tuple(told)


def line(about: About) -> str:
    """The same in one line, for the foot of a page."""
    profiles = listing(about.profiles) or "none"
    told = [whose(about), f"As of {day(about.as_of)}", f"Profile: {profiles}", f"Snapshot: {snapshot(about)}"]
    return " · ".join(told)


def chosen(filters: Filters) -> str:
    """What was asked, in one line: Criterion: 1 · Type: Service; "Nothing filtered" where nothing was."""
    return " · ".join(f"{label}: {words}" for label, words in filters) or "Nothing filtered"

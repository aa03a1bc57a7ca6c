"""Codes for pieces of evidence: the sender's own, or one made from the text, always the same for the same."""

import hashlib
import re

from etl.cells import shown, stored
from scheme.letters import clean

_LEADING = re.compile(r"([A-Z]{1,4})[ .-]?([0-9]{1,3}[a-z]?)(?=[\s:.,;)–—-]|$)")
SEVERAL = re.compile(r"[;,\n&]|\s/\s")


def leading_code(text: str) -> str | None:
    """The code with which a text begins, as `ES 12 Customer profile` does; None where it begins with none."""
    match = _LEADING.match(clean(text))
    return f"{match[1]} {match[2]}" if match else None


class EvidenceCodes:
    """Gives each piece of evidence of a file a code that is its own within its department and element.

    The same piece gets the same code whenever the file is read: a code that recurs for something else gets a mark made
    from the text behind it, and where there is no code at all one is made from the text.
    """

    def __init__(self) -> None:
        """Begin with no codes given."""
        self._given: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.recurring: set[str] = set()  # codes that stood before different texts of one element
        self.made = 0

    def code(self, department: str, element: str, ref: str, kind: str, said: str) -> tuple[str, str | None]:
        """The code as a cell, and what stood in the column of references where that is no single code.

        `ref`, `said`: cells as stored; `said` may be several cells of the row together.
        """
        text, note = clean(shown(said)), None
        own: str | None = ref if clean(shown(ref)) else None
        if own is not None and SEVERAL.search(shown(own).strip()):
            own, note = None, clean(shown(ref))
        if own is None:
            own = leading_code(text) if note is None else None
        print_ = hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()[:10]
        if own is None:
            self.made += 1
            own = f"text-{print_}"
        plain, how = stored(own)
        place = (clean(shown(department)), clean(shown(element)), clean(plain))
        held = self._given.setdefault(place, (kind, text))
        if held != (kind, text) and how == "text":
            self.recurring.add(clean(plain))
            return f"{clean(plain)} #{print_}", note
        return own, note

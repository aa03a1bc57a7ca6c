"""Text as senders type it: one form for what looks the same, and a name for what only looks right (F7)."""

import unicodedata
from collections.abc import Iterable

from scheme.standard import code_order, spelling

DASHES = frozenset("-‐‑‒–—")


def clean(text: str) -> str:
    """The text in its compatibility form (NFKC), without invisible characters, its spaces plain and single."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (" " if c.isspace() else c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join("".join(kept).split())


def odd_characters(text: str) -> str:
    """The characters outside ASCII, each with its code point, so that a look-alike can be found and retyped."""
    odd = dict.fromkeys(c for c in text if not c.isascii())
    return ", ".join(f"'{c}' (U+{ord(c):04X} {unicodedata.name(c, 'unnamed').lower()})" for c in odd)


def quoted(seen: str) -> str:
    """The text in quotes, with the code points of what is not ASCII in it."""
    return f"'{seen}'" if seen.isascii() else f"'{seen}', with {odd_characters(seen)},"


def damage(text: str) -> str:
    """The code points of characters that no one types: NUL, C1 controls, the sign of a lost character; "" if none."""
    bad = dict.fromkeys(c for c in text if c == "\x00" or c == "\ufffd" or "\x80" <= c <= "\x9f")
    return ", ".join(f"U+{ord(c):04X}" for c in bad)


def distance(a: str, b: str) -> int:
    """How many characters must be put in, left out or changed to turn one word into the other."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def similar(code: str, codes: Iterable[str]) -> str | None:
    """The existing code that a new one may have been meant as; None where nothing is near."""
    bare = spelling(code)
    most = max(1, len(bare) // 4)
    others = (other for other in codes if other != code and abs(len(spelling(other)) - len(bare)) <= most)
    near = min(((distance(bare, spelling(other)), code_order(other), other) for other in others), default=None)
    return near[2] if near and near[0] <= most else None

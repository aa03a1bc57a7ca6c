"""Text as senders type it: one form for what looks the same, and a name for what only looks right (F7)."""

import unicodedata
from collections.abc import Callable, Iterable

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


def likeness(codes: Iterable[str]) -> Callable[[str], str | None]:
    """A function that gives the existing code a new one may have been meant as; None where nothing is near.

    Near is one letter more, less, changed or swapped, without regard to case, spaces and hyphens; digits must agree,
    for SITE-01 and SITE-02 are two sites.
    """
    by_variant: dict[str, list[str]] = {}
    for code in sorted(codes, key=code_order):
        for variant in _variants(spelling(code)):
            by_variant.setdefault(variant, []).append(code)

    def similar(code: str) -> str | None:
        bare = spelling(code)
        digits = [c for c in bare if c.isdigit()]
        for variant in _variants(bare):
            for other in by_variant.get(variant, ()):
                if other != code and [c for c in spelling(other) if c.isdigit()] == digits:
                    return other
        return None

    return similar


def _variants(bare: str) -> list[str]:
    """The word, and where it is long enough to tell, the word with any one letter left out."""
    return [bare, *(bare[:i] + bare[i + 1 :] for i in range(len(bare)) if len(bare) > 3)]

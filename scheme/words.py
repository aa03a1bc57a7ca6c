"""Senders' words and numbers turned into ours, or into a reason that says what to do (inputs.md section 3)."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from scheme.days import day_of, looks_like_day
from scheme.letters import DASHES, clean, damage, distance, odd_characters, quoted
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES, Standard, code_order, spelling
from scheme.tables import Kind

# How a file held a cell: a spreadsheet knows more than its text says. A number of JSON or Parquet is a typed one.
Stored = Literal["text", "number", "number_1904", "typed_number", "date", "error", "merged"]
# A value (None: the cell is empty, or says that there is no result) or a reason in words.
Parsed = tuple[Any, str | None]

LONGEST_CELL = 32_767  # characters; Excel's own limit (F20)
LONGEST_CODE = 200  # characters; keys must fit an index

NO_RESULT = ("TBC", "Not assessed", "Not reviewed")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "self_assessment": ("self", "self assessed", "self ass", "own assessment"),
    "gap_analysis": ("gap", "gap assessment", "pre-assessment"),
    "desk_review": ("desk", "desktop", "desktop review", "desk based review", "document review", "desk assessment"),
    "initial": ("initial assessment", "initial certification", "first assessment", "certification"),
    "annual_review": ("annual", "annual assessment", "surveillance", "annual surveillance", "surveillance visit"),
    "renewal": ("renewal assessment", "recertification", "recertification assessment", "reaccreditation"),
    "reassessment": ("reassess", "reassessed"),
}
_MODES: Mapping[str, tuple[str, ...]] = {
    "on_site": ("in person", "face to face", "site visit"),
    "remote": ("virtual", "online", "by video", "video", "by telephone"),
    "self_assessed": ("self", "self assessment"),
}
_FLAGS = {"yes": True, "y": True, "true": True, "1": True, "x": True}
_FLAGS |= {"no": False, "n": False, "false": False, "0": False}
_CODE_LIKE = re.compile(r"(?:[0-9]+|[ivx]+)(?:[.-][0-9]+){1,4}", re.I)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
_LOOK_ALIKES = str.maketrans(
    {"І": "I", "Ι": "I", "Ӏ": "I", "–": "-", "—": "-", "‐": "-", "−": "-", "。": ".", "·": "."}
)
# What our own exports put before text that a spreadsheet would run as a formula (F8), or that had it already: one of
# them goes when it comes back, so that every text comes back as it was (formats.defused).
_DEFUSED = re.compile(r"^'(?='*[=+\-@\t\r＝＋－＠])")
_INVISIBLE = ("Cc", "Cf")
_SPREADSHEET = "format the column as text and type the code again"
_NUMBERS = {
    "number": _SPREADSHEET,
    "number_1904": _SPREADSHEET,
    "typed_number": "send the code as text (in JSON, in quotes)",
}


def looks_like_code(text: str, stored: Stored = "text") -> bool:
    """Whether a heading was meant as the code of an element, existing or not, or is one turned into a date."""
    seen = _squeezed(text)
    return stored == "date" or bool(_CODE_LIKE.fullmatch(seen) or looks_like_day(text))


class Words:
    """What the words of one standard and of one sender mean.

    `bands` and `assessment_types` are the sender's own words beside the usual ones (source file); `day_first` says
    how 07/03/2025 is meant, `date_1904` which day a bare spreadsheet serial in a text file counts from.
    """

    def __init__(
        self,
        standard: Standard,
        bands: Mapping[str, str] | None = None,
        assessment_types: Mapping[str, str] | None = None,
        day_first: bool = True,
        date_1904: bool = False,
    ) -> None:
        """Spell out every word once."""
        self.standard = standard
        self.day_first = day_first
        self.date_1904 = date_1904
        self._bands: dict[str, str | None] = {spelling(word): None for word in NO_RESULT}
        for band in standard.bands:
            self._bands |= dict.fromkeys(map(_spelt, (band.code, band.label, *band.spellings)), band.code)
        own = {word: band if band in ALL_BANDS else None for word, band in (bands or {}).items()}
        self._bands |= {_spelt(word): band for word, band in own.items()}
        self._types = _spellings(ASSESSMENT_TYPES, _TYPES) | {
            _spelt(word): code for word, code in (assessment_types or {}).items()
        }
        self._modes = _spellings(tuple(_MODES), _MODES)
        self._elements = {_squeezed(code).casefold(): code for code in standard.codes}
        self._rank = {code: i for i, code in enumerate(standard.codes)}

    def parsed(self, kind: Kind, text: str, stored: Stored = "text") -> Parsed:
        """A cell as a value of the kind (scheme.tables), or the reason why it cannot be one and what to do."""
        if stored == "error":
            if text.startswith("="):
                return (
                    None,
                    f"{text} was never calculated; open the file in a spreadsheet program, save it, send it again",
                )
            return None, f"the cell shows {text}; mend its formula in the spreadsheet and send the row again"
        if stored == "merged":
            why = "the cell is merged with the one above or beside it; unmerge the cells and fill in each"
            return None, None if kind == "text" else why
        if len(text) > LONGEST_CELL:
            return None, f"the cell holds {len(text):,} characters; {LONGEST_CELL:,} is the most, so shorten it"
        if not text.isascii() or "\x00" in text:
            bad = damage(text)
            if bad:
                return None, f"the text is damaged ({bad}); correct it where it came from and send the row again"
        if stored == "text":
            text = _DEFUSED.sub("", text)
        parser: Callable[[str, Stored], Parsed] = getattr(self, kind)  # each kind has a method of its name
        return parser(text, stored)

    def text(self, text: str, stored: Stored = "text") -> Parsed:  # noqa: ARG002
        """Free text without the spaces around it."""
        return text.strip("\u200b\ufeff \t\r\n\u00a0") or None, None

    def code(self, text: str, stored: Stored = "text") -> Parsed:
        """A code as text; refused where a spreadsheet may have changed it (F2) or characters only look right (F7)."""
        seen = clean(text)
        if not seen:
            return None, None
        if stored == "date":
            return None, f"'{text}' is a date; a spreadsheet may have turned the code into one: {_SPREADSHEET}"
        if stored in _NUMBERS and not re.fullmatch(r"[0-9]{1,15}", seen):
            loses = "digits after the fifteenth" if seen.isdecimal() else "zeros of a code (1.1 or 1.10)"
            return None, f"'{seen}' is stored as a number, which loses {loses}; {_NUMBERS[stored]}"
        if ";" in seen:
            return None, f"'{seen}' names several; give one code"
        if len(seen) > LONGEST_CODE:
            return None, f"the code has {len(seen)} characters; {LONGEST_CODE} is the most, so shorten it"
        scripts = {unicodedata.name(c, "?").split()[0] for c in seen if c.isalpha()}
        foreign = any(c.isdigit() and not c.isascii() for c in seen)
        if foreign or any(unicodedata.category(c) in _INVISIBLE for c in seen) or len(scripts) > 1:
            odd = odd_characters(seen) or "a control character"
            return None, f"'{seen}' has characters that only look right: {odd}; type the code anew"
        return seen, None

    def codes(self, text: str, stored: Stored = "text") -> Parsed:
        """Several codes with `;` between them: sorted, without doubles."""
        return self._several(re.split(r"[;\n]", text), self.code, stored, code_order)

    def elements(self, text: str, stored: Stored = "text") -> Parsed:
        """Several element codes with `;` between them, in the standard's order, without doubles."""
        return self._several(re.split(r"[;,\n]", text), self.element, stored, self._rank.__getitem__)

    def _several(
        self, parts: list[str], parser: Callable[[str, Stored], Parsed], stored: Stored, order: Callable[[str], Any]
    ) -> Parsed:
        parsed = [parser(part, stored) for part in parts]
        reasons = [why for _, why in parsed if why]
        if reasons:
            return None, "; ".join(reasons)
        return ";".join(sorted({value for value, _ in parsed if value}, key=order)) or None, None

    def element(self, text: str, stored: Stored = "text") -> Parsed:
        """The official code of an element."""
        seen = clean(text)
        if not seen:
            return None, None
        if stored in _NUMBERS and re.fullmatch(r"[0-9]+\.[0-9]+", seen):
            return self._element_of_number(seen, _NUMBERS[stored])
        code = self._elements.get(_element_key(seen))
        if code and stored != "date":
            return code, None
        if stored == "date" or looks_like_day(seen):
            return None, f"'{seen}' looks like a date; a spreadsheet may have turned the code into one: {_SPREADSHEET}"
        if not seen.isascii():
            plain = "".join(str(unicodedata.digit(c, c)) for c in seen.translate(_LOOK_ALIKES))
            meant = self._elements.get(_element_key(plain))
            hint = f"type {meant} anew" if meant else "type the code anew in plain letters and digits"
            return None, f"'{seen}' has characters that only look right: {odd_characters(seen)}; {hint}"
        key = _element_key(seen)
        if key in self.standard.sub_criteria:
            return None, f"{key} is a sub-criterion, not an element; name the element, such as {self._first_below(key)}"
        if key in {criterion.code.casefold() for criterion in self.standard.criteria}:
            return None, f"{key} is a criterion, not an element; name the element, such as {self._first_below(key)}"
        near = self._nearest(key)
        hint = f"the nearest are {', '.join(near)}" if near else f"write a code such as {self.standard.codes[0]}"
        return None, f"'{seen}' is not an element of {self.standard.title}; {hint}"

    def _element_of_number(self, seen: str, remedy: str) -> Parsed:
        """A number that a program made of a code: the zeros at its end are lost for good (F2)."""
        trimmed = seen.rstrip("0")
        known = (*self.standard.codes, *self.standard.sub_criteria)
        could = sorted({c for c in known if re.fullmatch(rf"{re.escape(trimmed)}0*", c)}, key=code_order)
        if len(could) == 1 and could[0] in self.standard.element:
            return could[0], None
        which = " or ".join(could if len(could) > 1 else (trimmed, f"{trimmed}0"))
        return None, f"{seen} is stored as a number and could stand for {which}; {remedy}"

    def _first_below(self, code: str) -> str:
        return next((e for e in self.standard.codes if e.casefold().startswith(f"{code}.")), self.standard.codes[0])

    def _nearest(self, key: str) -> list[str]:
        distances = {code: distance(key, code.casefold()) for code in self.standard.codes}
        least = min(distances.values())
        near = [code for code, distance in distances.items() if distance == least][:3] if least <= 2 else []
        above = key.rpartition(".")[0]
        if above in self.standard.sub_criteria:
            near.append([code for code in self.standard.codes if code.rpartition(".")[0] == above][-1])
        return sorted(dict.fromkeys(near), key=self._rank.__getitem__)

    def day(self, text: str, stored: Stored = "text") -> Parsed:
        """A day; a month or a year alone is refused, and so is what names a time of day."""
        return day_of(text, self.day_first, stored == "number_1904" or (stored == "text" and self.date_1904))

    def band(self, text: str, stored: Stored = "text") -> Parsed:  # noqa: ARG002
        """One of the standard's bands; None where the cell says that there is no result."""
        seen = clean(text)
        if set(seen) <= DASHES:
            return None, None
        word = _spelt(seen)
        if word in self._bands and word:
            return self._bands[word], None
        known = ", ".join(band.label for band in self.standard.bands)
        return None, f"{quoted(seen)} is not a band; write one of {known}, or name the word in a source file"

    def assessment_type(self, text: str, stored: Stored = "text") -> Parsed:  # noqa: ARG002
        """One of the types of assessment (measures.md section 1)."""
        return _one_of(self._types, text, "a type of assessment", ASSESSMENT_TYPES)

    def mode(self, text: str, stored: Stored = "text") -> Parsed:  # noqa: ARG002
        """How a site was visited; empty means on_site."""
        mode, why = _one_of(self._modes, text, "a way of visiting", tuple(_MODES))
        return (mode or "on_site", None) if why is None else (None, why)

    def flag(self, text: str, stored: Stored = "text") -> Parsed:  # noqa: ARG002
        """Yes or no; None where the cell is empty."""
        seen = clean(text).casefold()
        if not seen or seen in _FLAGS:
            return _FLAGS.get(seen), None
        return None, f"'{clean(text)}' is neither yes nor no; write yes or no"

    def number(self, text: str, stored: Stored = "text") -> Parsed:
        """A decimal number with a point."""
        seen = clean(text).replace("−", "-")
        if not seen:
            return None, None
        exponent = r"(?:e[-+]?[0-9]{1,3})?" if stored != "text" else ""
        if stored != "date" and re.fullmatch(rf"[-+]?[0-9]{{1,300}}(?:\.[0-9]{{1,300}})?{exponent}", seen, re.I):
            value = float(seen)
            if abs(value) < float("inf"):
                return value, None
        return None, f"'{seen}' is not a plain number; write it with digits and a decimal point, such as 94.5"

    def count(self, text: str, stored: Stored = "text") -> Parsed:
        """A whole number, 0 or more."""
        seen = clean(text)
        if not seen:
            return None, None
        if re.fullmatch(r"[0-9]{1,9}(?:\.0+)?", seen) and stored != "date":
            return int(seen.partition(".")[0]), None
        return None, f"'{seen}' is not a whole number; write it with digits alone, such as 12"


def _spelt(word: str) -> str:
    return spelling(clean(word))


def _spellings(codes: Iterable[str], words: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {_spelt(word): code for code in codes for word in (code, *words.get(code, ()))}


def _one_of(known: Mapping[str, str], text: str, what: str, codes: tuple[str, ...]) -> Parsed:
    seen = clean(text)
    word = _spelt(seen)
    if not seen or word in known:
        return known.get(word), None
    return None, f"{quoted(seen)} is not {what}; write one of {', '.join(code.replace('_', ' ') for code in codes)}"


def _squeezed(text: str) -> str:
    """A code without spaces, a leading "Element" and trailing dots, its hyphens as dots."""
    bare = re.sub(r"^element(?:\s*:)?", "", clean(text), flags=re.I).replace(" ", "")
    return bare.rstrip(".").replace("-", ".")


def _element_key(text: str) -> str:
    key = _squeezed(text).casefold()
    first, dot, rest = key.partition(".")
    return f"{_ROMAN[first]}{dot}{rest}" if first in _ROMAN and dot else key

"""The language of a page: every text that a program writes on screen goes through here, data never does.

English is what stands in the code; other languages are gettext catalogues in `languages/`, which translators edit
alone (docs/accessibility.md, "In Welsh"). A request's language is what its browser chose with the link in the footer,
never guessed from what the browser says of itself (**ours**: a machine's setting is not a person's wish).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from scheme import sentences
from scheme.standard import Standard

ENGLISH = "en"
# Code -> its own name, and how `lang` says it in HTML.
LANGUAGES = {ENGLISH: "English", "cy": "Cymraeg"}
TAGS = {ENGLISH: "en-GB", "cy": "cy"}
CATALOGUES = Path(__file__).parent / "languages"

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


def language() -> str:
    """The code of the language that is spoken now; English where nobody has said another."""
    return _spoken.get()


def speak(code: str | None) -> None:
    """Speak a language from now on, in this thread: what a request begins with. English for one that there is not."""
    _spoken.set(code if code in LANGUAGES else ENGLISH)


def tag() -> str:
    """The language spoken now as the attribute `lang` has it."""
    return TAGS[language()]


def is_english() -> bool:
    """Whether English is spoken now."""
    return language() == ENGLISH


def foreign() -> str | None:
    """The `lang` of a block that is there in English alone: "en-GB" in a page of another language, else None."""
    return None if is_english() else TAGS[ENGLISH]


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language inside a block, whatever the request asks for; English for one that there is not."""
    token = _spoken.set(code if code in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(token)


def mark(text: str) -> str:
    """The same text, marked for the catalogue where it stands in a table; whoever shows it says it with `said`."""
    return text


def said(text: str, /, **named: object) -> str:
    """A text of the program in the language spoken now, with what it names in braces filled in.

    What has no translation (yet) stays English. A text without named parts is not formatted, so it may hold braces.
    Where one word of English has two of another language, what is meant stands behind it, for translators alone:
    "Open [[of an action]]".
    """
    spoken = language()
    told = _texts(spoken).get(text) if spoken != ENGLISH else None
    told = text.partition(" [[")[0] if told is None else told
    return told.format(**named) if named else told


def counted_said(one: str, several: str, count: int, /, **named: object) -> str:
    """A text for a number of things, `{count}` among its parts; Welsh has six forms where English has two."""
    spoken = language()
    number = f"{count:,}"
    if spoken != ENGLISH:
        forms = _plurals(spoken).get(one)
        if forms:
            return forms[_form(count)].format(count=number, **named)
    return (one if count == 1 else several).format(count=number, **named)


def _form(count: int) -> int:
    """Which of Welsh's six forms a number takes (Unicode CLDR: zero, one, two, three, six, any other)."""
    return {0: 0, 1: 1, 2: 2, 3: 3, 6: 4}.get(count, 5)


def day_said(value: date) -> str:
    """7 March 2025, 7 Mawrth 2025."""
    if is_english():
        return sentences.day(value)
    from babel.dates import format_date

    return str(format_date(value, "d MMMM y", locale=language()))


def standard_said(standard: Standard) -> Standard:
    """A standard with its titles, guidance and bands in the language spoken now, where they are Assay's own words.

    For pages alone: what rules are given, and what is kept, is the standard as it was loaded.
    """
    return standard if is_english() else _translated(standard)


def words_for_scripts() -> str:
    """What the scripts of a page say (assets/*.js), as JSON from English; "" in English."""
    return "" if is_english() else json.dumps(_of_scripts(language()), ensure_ascii=False)


# --- catalogues -------------------------------------------------------------------------------------------------------


@lru_cache
def _catalogue(code: str) -> Any:
    from babel.messages.pofile import read_po

    with (CATALOGUES / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


@lru_cache
def _texts(code: str) -> Mapping[str, str]:
    return {
        each.id: each.string for each in _catalogue(code) if isinstance(each.id, str) and each.string and not each.fuzzy
    }


@lru_cache
def _plurals(code: str) -> Mapping[str, tuple[str, ...]]:
    return {
        each.id[0]: tuple(each.string)
        for each in _catalogue(code)
        if isinstance(each.id, tuple) and all(each.string) and not each.fuzzy
    }


@lru_cache
def _of_scripts(code: str) -> Mapping[str, str]:
    return {
        each.id: each.string
        for each in _catalogue(code)
        if isinstance(each.id, str) and each.string and any(place.endswith(".js") for place, _ in each.locations)
    }


def _translated(standard: Standard) -> Standard:
    return replace(
        standard,
        criteria=tuple(
            replace(
                criterion,
                title=said(criterion.title),
                sub_criteria=tuple(replace(sub, title=said(sub.title)) for sub in criterion.sub_criteria),
            )
            for criterion in standard.criteria
        ),
        elements=tuple(
            replace(element, title=said(element.title), guidance=said(element.guidance) if element.guidance else "")
            for element in standard.elements
        ),
        bands=tuple(
            replace(band, label=said(band.label), meaning=said(band.meaning) if band.meaning else "")
            for band in standard.bands
        ),
        subjects=tuple(replace(subject, title=said(subject.title)) for subject in standard.subjects),
    )

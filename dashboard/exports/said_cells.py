"""Cells of tables as a file takes them: the same words as on screen (assets/cells.js), and values that can be reckoned.

dashboard.table says what each kind of cell is made of; tests/dashboard/test_gallery_in_a_browser.py compares
the words with those of a real browser.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from dashboard import theme
from dashboard.exports.document import Cell, Value
from dashboard.words import STATUS, day

Bands = Sequence[Sequence[str]]  # sign and label of each band, best first
NOT_ASSESSED = "not assessed"
_NAMES = ("plus", "compliant", "partial", "non", "na")
_AGES = (
    "assessed in the last year",
    "assessed over a year ago",
    "assessed over two years ago",
    "assessed over three years ago",
)
_STATES = {
    "missed": "Missed",
    "owed": "Owed",
    "planned": "Planned",
    "looked_at": "Looked at",
    "elsewhere": "Looked at in another year",
    "open": "Nothing owed",
}
_ROLLED = "rolled up from below, an indication"


def said(kind: str, value: Any, bands: Bands = ()) -> Cell:
    """A cell of dashboard.table as a file takes it; KeyError for a kind that there is not."""
    return _KINDS[kind](value, bands)


def _nothing(value: Any) -> bool:
    return value is None or value == ""


def _pair(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else (value, None)


def _compared(change: int) -> list[str]:
    return [f"{'better' if change > 0 else 'worse'} than on the day compared"] if change else []


def _unknown(words: str = NOT_ASSESSED) -> Cell:
    return Cell("·", words, None, fill=theme.colour("band-unknown-0"), ink=theme.colour("band-unknown-0-ink"))


def _text(value: Any, _: Bands) -> Cell:
    main, small, href = (*_pair(value), None)[:3]
    if _nothing(main):
        return Cell("–")
    told = str(main)
    return Cell(told, f"{told}, {small}" if small else told, told, small=small or "", href=href)


def _link(value: Any, _: Bands) -> Cell:
    return Cell("–") if _nothing(value) else Cell(value[0], value[0], value[0], href=value[1])


def _number(value: Any, _: Bands) -> Cell:
    if _nothing(value):
        return Cell("–")
    told = f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    return Cell(told, told, value)


def _day(value: Any, _: Bands) -> Cell:
    on, small = _pair(value)
    if _nothing(on):
        return Cell("–", small or "", None, small=small or "")
    when = on if isinstance(on, date) else date.fromisoformat(on)
    return Cell(day(when), f"{day(when)}, {small}" if small else day(when), when, small=small or "")


def _status(value: Any, _: Bands) -> Cell:
    code, words = _pair(value)
    if _nothing(code):
        return Cell("–")
    told = words or STATUS[code]
    return Cell(told, told, told, fill=theme.colour(f"status-{code}-soft"), ink=theme.colour(f"status-{code}"))


def _state(value: Any, _: Bands) -> Cell:
    code, words = _pair(value)
    if _nothing(code):
        return Cell(words or "", words or "no such year", words)
    told = words or _STATES[code]
    return Cell(told, told, told)


def _change(value: Any, _: Bands) -> Cell:
    by, words = _pair(value)
    if _nothing(by):
        return Cell("–")
    told = words or ("Better" if by > 0 else "Worse" if by < 0 else "Same")
    return Cell(f"{'↑' if by > 0 else '↓' if by < 0 else '→'} {told}", told, told)


def _band(value: Any, bands: Bands) -> Cell:
    if _nothing(value):
        return _unknown()
    number, age, flags = int(value[0]), int(value[1]), value[2:]
    sign, label = bands[number]
    shade = 0 if number == len(_NAMES) - 1 else 3 if "r" in flags else age
    change = 1 if "u" in flags else -1 if "d" in flags else 0
    words = [label, *_compared(change)]
    if "r" in flags:
        words.append(_ROLLED)
    words.append("older than one cycle" if "o" in flags else _AGES[age])
    if "w" in flags:
        words.append("something below is worse since")
    told = ", ".join(words)
    if "t" in flags:
        in_fact = flags[flags.index("t") + 1]
        fact = NOT_ASSESSED if in_fact == "-" else bands[int(in_fact)][1].lower()
        told = f"tried: {label.lower()}, in fact {fact}"
    shown = sign + ("↑" if change > 0 else "↓" if change < 0 else "") + ("?" if "t" in flags else "")
    paint = f"band-{_NAMES[number]}-{shade}"
    return Cell(shown, told, label, fill=theme.colour(paint), ink=theme.colour(f"{paint}-ink"))


def _counts(value: Any, bands: Bands) -> Cell:
    if _nothing(value):
        return _unknown()
    numbers, unknown, is_rolled, change = value[:5], value[5], value[6], value[7]
    words = [f"{number} {bands[i][1].lower()}" for i, number in enumerate(numbers) if number]
    if unknown:
        words.append(f"{unknown} {NOT_ASSESSED}")
    words += [_ROLLED] if is_rolled else []
    words += _compared(change)
    if len(value) > 8:
        words.append(f"as supposed; in fact {_counts(value[8], bands).words}")
    told = ", ".join(words) or NOT_ASSESSED
    if not any(numbers):
        return _unknown(told)
    shown = [f"{numbers[i]}{bands[i][0]}" for i in (3, 2, 1, 0, 4) if numbers[i]] + [f"{unknown}·"] * bool(unknown)
    parts = [(bands[i][1], number) for i, number in enumerate(numbers)]
    return Cell(" ".join(shown), told, told, parts=(*parts, ("Not assessed", unknown)))


def _headroom(value: Any, _: Bands) -> Cell:
    if _nothing(value):
        return _unknown()
    status, partial, allowance, non, unknown, change = value[:6]
    code = status or "indication"
    words = [STATUS[code].lower() if status else "indication only"]
    words.append(f"{partial} of {allowance} {'partial' if allowance == 1 else 'partials'}")
    words += [f"{non} non-compliant"] if non else []
    words += [f"{unknown} {NOT_ASSESSED}"] if unknown else []
    words += _compared(change)
    if len(value) > 6:
        words.append(f"as supposed; in fact {_headroom(value[6], _).words}")
    shown = f"{partial}/{allowance}" + (f" {non}N" if non else "") + (f" {unknown}·" if unknown else "")
    parts: tuple[tuple[str, Value], ...] = (
        ("Status", STATUS[code]),
        ("Partials", partial),
        ("Allowance", allowance),
        ("Non-compliant", non),
        ("Not assessed", unknown),
    )
    fill, ink = theme.colour(f"status-{code}-soft"), theme.colour(f"status-{code}")
    return Cell(shown, ", ".join(words), ", ".join(words), fill=fill, ink=ink, parts=parts)


def _share(value: Any, _: Bands) -> Cell:
    told = value if isinstance(value, list | tuple) else (value,)
    part, words, is_rolled, change = (*told, None, None, 0)[:4] if len(told) < 4 else told[:4]
    if _nothing(part):
        return _unknown()
    shown = f"{_percent(part)} %"
    said_of = [shown, *([words] if words else []), *([_ROLLED] if is_rolled else []), *_compared(change or 0)]
    if len(told) > 4:
        fact = told[4][0] if told[4] else None
        said_of.append(f"as supposed; in fact {NOT_ASSESSED if fact is None else f'{_percent(fact)} %'}")
    return Cell(shown, ", ".join(said_of), part)


def _percent(part: float) -> int:
    return math.floor(part * 100 + 1e-9)  # 99.6 % is not yet 100 %


def _difference(value: Any, bands: Bands) -> Cell:
    if _nothing(value):
        return _unknown("not rated by both")
    if isinstance(value, str):
        own, assessed = (bands[int(place)][1].lower() for place in value)
        higher, lower = value[0] < value[1], value[0] > value[1]
        way = f"{'higher than' if higher else 'lower than' if lower else 'the same as'} assessed"
        return Cell("↑" if higher else "↓" if lower else "=", f"{way}, own {own}, assessed {assessed}", way)
    higher, lower, same = value
    shown = " ".join([f"{higher}↑"] * bool(higher) + [f"{lower}↓"] * bool(lower)) or "="
    words = f"{higher} higher than assessed, {lower} lower, {same} the same"
    parts = (("Higher", higher), ("Lower", lower), ("The same", same))
    return Cell(shown, words, words, parts=parts)


_KINDS: Mapping[str, Callable[[Any, Bands], Cell]] = {
    "text": _text,
    "link": _link,
    "number": _number,
    "day": _day,
    "status": _status,
    "state": _state,
    "change": _change,
    "band": _band,
    "counts": _counts,
    "headroom": _headroom,
    "marks": _headroom,
    "share": _share,
    "difference": _difference,
}

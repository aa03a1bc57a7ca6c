"""Days as senders write them (inputs.md section 3): a value, or a reason that says what to do."""

import re
from datetime import date, timedelta

from scheme.letters import clean, quoted

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = {name[:n]: i for i, name in enumerate(_MONTHS, 1) for n in (3, len(name))} | {"sept": 9}
_NAME = "(?:" + "|".join(sorted(_MONTH, key=len, reverse=True)) + ")"
_MIDNIGHT = r"(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?)?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
_N, _NN, _YEAR = "([0-9]{1,2})", "[0-9]{1,2}", "([0-9]{4})"

_YEAR_FIRST = re.compile(rf"{_YEAR}[-/.]{_N}[-/.]{_N}{_MIDNIGHT}", re.I)
_COMPACT = re.compile(r"([12][0-9]{3})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(rf"{_N}[-/. ]{_N}[-/. ]{_YEAR}{_MIDNIGHT}", re.I)
_NAMED = re.compile(rf"{_WEEKDAY}{_N}(?:st|nd|rd|th)?[-. ]*(?:of )?({_NAME})\.?,?[-. ]*{_YEAR}", re.I)
_NAMED_FIRST = re.compile(rf"{_WEEKDAY}({_NAME})\.? {_N}(?:st|nd|rd|th)?,? {_YEAR}", re.I)
_NO_DAY = re.compile(rf"{_YEAR}|{_YEAR}[-/.]{_N}|{_N}[-/.]{_YEAR}|{_NAME}\.?[-, ]*[0-9]{{0,4}}", re.I)
_SHORT_YEAR = re.compile(rf"{_NN}(?:st|nd|rd|th)?[-/. ](?:{_NN}|{_NAME})[-/. ][0-9]{{2}}", re.I)
_WITH_TIME = re.compile(r".*[0-9][T ][0-9]{1,2}:[0-9]{2}.*", re.I)
_SERIAL = re.compile(r"([0-9]{5})(\.[0-9]+)?")
_DATE_LIKE = re.compile(
    rf"[0-9]{{4}}[-/.]{_NN}[-/.]{_NN}(?:[T ].*)?|{_NN}[-/.]{_NN}[-/.][0-9]{{4}}(?: .*)?"
    rf"|{_NN}/{_NN}/[0-9]{{1,4}}|[0-9]{{2}}[-.][0-9]{{2}}[-.][0-9]{{2}}|[23][0-9]{{4}}"
    rf"|{_NN}[-. ]?{_NAME}[-. ]?[0-9]{{0,4}}|{_NAME}[-. ][0-9]{{2,4}}",
    re.I,
)
_LIKE = "like 7 March 2025"
_SURE = date(1900, 3, 1)  # Excel's calendar has a 29 February 1900, so that its days before are one off (F12)


def looks_like_day(text: str) -> bool:
    """Whether a spreadsheet may have made this out of a code: a date in any dress, or the serial of one."""
    return bool(_DATE_LIKE.fullmatch(clean(text)))


def day_of(text: str, day_first: bool = True, since_1904: bool = False) -> tuple[date | None, str | None]:
    """The day that a text names, or why it names none; a month or a year alone, or a time of day, is refused.

    A number of five digits is a spreadsheet's serial, counted in the date system of 1900 or of 1904.
    """
    seen = clean(text)
    if not seen:
        return None, None
    if serial := _SERIAL.fullmatch(seen):
        if (serial[2] or "").strip(".0"):
            return None, f"'{seen}' carries a time of day; write the day alone, {_LIKE}"
        return (date(1904, 1, 1) if since_1904 else date(1899, 12, 30)) + timedelta(int(serial[1])), None
    if match := _YEAR_FIRST.fullmatch(seen) or _COMPACT.fullmatch(seen):
        return _day(seen, match[1], match[2], match[3])
    if match := _YEAR_LAST.fullmatch(seen):
        day, month = (match[1], match[2]) if day_first else (match[2], match[1])
        if int(month) > 12 >= int(day):
            read, other = ("day", "false") if day_first else ("month", "true")
            return None, f"'{seen}' was read {read} first; write 7 March 2025, or day_first = {other} in a source file"
        return _day(seen, match[3], month, day)
    if match := _NAMED.fullmatch(seen):
        return _day(seen, match[3], _MONTH[match[2].casefold()], match[1])
    if match := _NAMED_FIRST.fullmatch(seen):
        return _day(seen, match[3], _MONTH[match[1].casefold()], match[2])
    return None, _why_not(seen)


def _day(seen: str, year: str, month: str | int, day: str) -> tuple[date | None, str | None]:
    if int(year) < 1900:
        return None, f"'{seen}' lies before 1900; check its year"
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None, f"'{seen}' is not in the calendar; check its day and month"
    if found < _SURE:
        return None, f"'{seen}' lies before March 1900, when the days of spreadsheets go wrong; check its year"
    return found, None


def _why_not(seen: str) -> str:
    if _NO_DAY.fullmatch(seen):
        return f"'{seen}' names no day, and a day is needed; write it {_LIKE}"
    if _SHORT_YEAR.fullmatch(seen):
        return f"'{seen}' has a year of two digits; write all four, {_LIKE}"
    if _WITH_TIME.fullmatch(seen):
        return f"'{seen}' carries a time of day; write the day alone, {_LIKE}"
    return f"{quoted(seen)} is not a day; write it {_LIKE} or 2025-03-07"

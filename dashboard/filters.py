"""The address of a page as what was asked: parsed and checked on the server, since all of it is the client's word."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from dash.exceptions import PreventUpdate

from dashboard.trying import LONGEST as LONGEST_TRIED
from scheme.errors import UsageError

BASES = ("formal", "self", "desk", "difference")
CARRIED = ("as_of", "known_at", "basis", "compare", "department")  # kept from page to page (assets/assay.js too)
# A scenario goes to and fro between the pages that show one, and to no other (assets/assay.js too).
SUPPOSED = ("try", "draft")
SUPPOSING = ("heatmap", "headroom")
_CODES = ("mode", "criterion", "department", "status", "certificate", "file", "element", "site", "review")
_NUMBERS = ("load", "draft", "capacity", "pace", "days", "share", "seed")
_KEYS = ("as_of", "known_at", "basis", "compare", *_CODES, *_NUMBERS, "on", "try", "cell", "open", "find")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST = 200


@dataclass(frozen=True)
class Filters:
    """What a page was asked for; `given` holds the keys and values of its address as they stood there."""

    page: str
    as_of: date
    known_at: datetime | None = None
    basis: str = "formal"
    compare: date | None = None
    mode: str = ""
    criterion: str = ""
    department: str = ""
    status: str = ""
    certificate: str = ""
    file: str = ""
    element: str = ""
    site: str = ""
    review: str = ""
    on: date | None = None
    capacity: int | None = None
    load: int | None = None
    draft: int | None = None
    tried: str = ""  # the key `try` (dashboard.trying)
    pace: int | None = None  # sites a day
    days: int | None = None  # of a review that is not booked
    share: int | None = None  # of sites drawn by lot, in per cent
    seed: int | None = None
    given: tuple[tuple[str, str], ...] = ()

    def href(self, page: str | None = None, **changes: str | int | date | None) -> str:
        """The address with changes (None or "" drops a key); of another page, only what pages share is carried along.

        KeyError for a key that no page knows.
        """
        path, parts = self._parts(page, *changes)
        told = []
        for key, value in parts:
            if value is not None:
                told.append(value)
            elif (new := changes[key]) not in (None, ""):
                text = new if isinstance(new, str) else new.isoformat() if isinstance(new, date) else str(new)
                told.append(f"{key}={_quoted(text)}")
        return f"{path}?{'&'.join(told)}" if told else path

    def _parts(self, page: str | None, *changed: str) -> tuple[str, list[tuple[str, str | None]]]:
        """The path, and each key with what the address says of it; None where it is changed. Worked out once."""
        found = self._known_parts.get((page, *changed))
        if found is None:
            if unknown := set(changed) - set(_KEYS):
                raise KeyError(min(unknown))
            kept = _kept(self.page, page)
            asked = {key: value for key, value in self.given if kept is None or key in kept}
            asked |= dict.fromkeys(changed, "")
            parts = [
                (key, None if key in changed else f"{key}={_quoted(value)}")
                for key, value in asked.items()
                if key in changed or value
            ]
            found = self._known_parts[page, *changed] = _path(page or self.page), parts
        return found

    @cached_property
    def _known_parts(self) -> dict[tuple[str | None, ...], tuple[str, list[tuple[str, str | None]]]]:
        return {}


def filters(address: str | None, page: str) -> Filters:
    """What the address in `ids.VIEW` asks of a page; UsageError says what is wrong with it.

    PreventUpdate where the reader has gone to another page already.
    """
    try:
        parts = urlsplit(address or _path(page))
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise UsageError("the address cannot be read; open the page again from the menu") from error
    if parts.path != _path(page):
        raise PreventUpdate
    return _checked(page, pairs)


def cell(value: str | None) -> tuple[str | None, str] | None:
    """The department (None for the corporate body) and the key in `ids.CELL`; None where no details are asked for."""
    if not value:
        return None
    _fit("cell", value)
    code, tilde, key = value.rpartition("~")
    if not tilde or not key:
        raise UsageError("the address names a cell as `cell=DEPARTMENT~ELEMENT`; open it from the table again")
    return code or None, key


def _quoted(value: str) -> str:
    return quote(value, safe="~:")


def _kept(here: str, there: str | None) -> tuple[str, ...] | None:
    """The keys that a link from one page to another takes along; None for all of them."""
    if there in (None, here):
        return None
    return (*CARRIED, *SUPPOSED) if {here, there} <= set(SUPPOSING) else CARRIED


def _checked(page: str, pairs: list[tuple[str, str]]) -> Filters:
    asked: dict[str, str] = {}
    for key, value in pairs:
        if key not in _KEYS:
            raise UsageError(f"the address has `{_shown(key)}`, which no page knows; take it out")
        if key in asked:
            raise UsageError(f"the address has `{key}` twice; keep one of them")
        _fit(key, value)
        asked[key] = value
    told: dict[str, Any] = {_FIELD.get(key, key): read(asked[key]) for key, read in _READ.items() if asked.get(key)}
    return Filters(page, **{"as_of": datetime.now(UTC).date(), **told}, given=tuple(asked.items()))


def _path(page: str) -> str:
    return "/" if page == "overview" else f"/{page}"


def _fit(key: str, value: str) -> None:
    longest = {"open": 4000, "try": LONGEST_TRIED}.get(key, _LONGEST)
    if len(value) > longest or _CONTROL.search(value):
        raise UsageError(f"the address has `{key}` too long or with characters that cannot be; take it out")


def _shown(value: str) -> str:
    return _CONTROL.sub("?", value[:60])


def _day(value: str) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if 1990 <= day.year <= 2200:
                return day
    raise UsageError(f"the address names the day {_shown(value)}; write 2025-03-07, between 1990-01-01 and 2200-12-31")


def _moment(value: str) -> datetime:
    try:
        told = datetime.fromisoformat(value)
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"the address has known_at={_shown(value)}; a moment is written 2025-03-07T14:02:00Z"
        ) from error


def _basis(value: str) -> str:
    if value not in BASES:
        raise UsageError(f"the address has basis={_shown(value)}; it may be {', '.join(BASES)}")
    return value


def _number(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise UsageError(f"the address has {_shown(value)} where it should have a number")
    return int(value)


_READ: Mapping[str, Callable[[str], Any]] = {
    "as_of": _day,
    "compare": _day,
    "known_at": _moment,
    "basis": _basis,
    **dict.fromkeys(_NUMBERS, _number),
    "on": _day,
    "try": str,
    **dict.fromkeys(_CODES, str),
}
_FIELD = {"try": "tried"}  # a word of Python itself

"""What is tried, as an address holds it: cells with a band each, written short enough to be sent by mail.

`HWY~1.1.1~c;~2.3.1~p`: department (nothing is the corporate body), element, letter of the band (b beyond: compliance
plus, c compliant, p partial, n non-compliant, x not applicable). The address is the only place where it stands until
somebody keeps it, so the back button, a reload and a bookmark all find it again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scheme.errors import UsageError
from scheme.scenario import Place
from scheme.standard import ALL_BANDS, code_order

MOST = 60  # cells in one address: more, and servers and mail programs would cut it off
LONGEST = 2500  # characters before they are percent-encoded
_LETTER = dict(zip(ALL_BANDS, "bcpnx", strict=True))
_BAND = {letter: band for band, letter in _LETTER.items()}


@dataclass(frozen=True)
class Scenario:
    """What a page tries on its day; `cells` hold there, `left_out` has nothing to stand on there or may not be seen.

    facts: the band in force in fact at each cell, None where there is none. number, name, made_by and is_mine are those
    of the kept scenario it was opened from (None, ""), is_changed: whether it tries something else than that by now.
    applies: whether the page shows it, which it does for formal results alone.
    """

    cells: Mapping[Place, str]
    facts: Mapping[Place, str | None] = field(default_factory=dict)
    left_out: tuple[Place, ...] = ()
    number: int | None = None
    name: str = ""
    made_by: str = ""
    is_mine: bool = False
    is_changed: bool = False
    applies: bool = True


@dataclass(frozen=True)
class Trial:
    """What the drawer of a cell offers to try: of one department, one criterion and, of a cell of an element, that.

    bands: the band in force in fact of each element there is in the criterion, None where there is none; rolled_up:
    those of them that are rolled up. before, after: the criterion's row of scheme.headroom.HEADROOM in fact and as
    supposed.
    """

    scenario: Scenario
    place: str | None
    elements: tuple[str, ...]
    bands: Mapping[str, str | None]
    rolled_up: frozenset[str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def tried(cells: Mapping[Place, str]) -> str:
    """Cells with their bands as the key `try` of an address holds them; "" for none.

    UsageError where there are too many for an address.
    """
    told = ";".join(f"{place or ''}~{element}~{_LETTER[band]}" for (place, element), band in in_order(cells).items())
    if len(cells) > MOST or len(told) > LONGEST:
        raise UsageError(
            f"a scenario can try {MOST} cells at a time, or fewer where codes are long; take some of them back first"
        )
    return told


def cells(text: str) -> dict[Place, str]:
    """The cells of the key `try` with their bands; UsageError where it holds something else."""
    found: dict[Place, str] = {}
    for part in filter(None, text.split(";")):
        told = re.fullmatch(r"(.*)~([^~]+)~([^~])", part)
        if not told or told[3] not in _BAND or (told[1] or None, told[2]) in found:
            raise UsageError(
                "the address has a `try` that nobody could have chosen; leave the scenario and start again"
            )
        found[told[1] or None, told[2]] = _BAND[told[3]]
    if len(found) > MOST:
        raise UsageError(f"the address tries {len(found)} cells; a scenario can try {MOST} at a time")
    return found


def changed(cells: Mapping[Place, str], at: Place, band: str | None) -> dict[Place, str]:
    """The cells with another band tried at one place; None takes a trial back, and what is there is as it is."""
    others = {place: there for place, there in cells.items() if place != at}
    return others if band is None else {**others, at: band}


def in_order(cells: Mapping[Place, str]) -> dict[Place, str]:
    """The cells by department and element, in number order: whoever tries the same has the same address."""
    order = sorted(cells, key=lambda at: (code_order(at[0]), code_order(at[1])))
    return {at: cells[at] for at in order}

"""Scenarios as data: what an address or a kept draft tries, cut to what the person may see, and what follows from it.

What follows is kept with the view like every other answer; its key holds a digest of the cells, so it stays short.
"""

import hashlib
from collections.abc import Mapping
from datetime import date

import polars as pl

from dashboard import data, trying
from dashboard.behind import Behind, ElementBehind
from dashboard.data import View
from dashboard.filters import SUPPOSING, Filters
from dashboard.trying import Scenario, Trial, in_order
from db import drafts
from db.drafts import Draft
from db.session import open_session
from scheme.errors import UsageError
from scheme.frames import Programme
from scheme.headroom import headroom
from scheme.scenario import Place, Tried, fitting
from scheme.scenario import supposed as supposed_programme
from scheme.standing import standing

KIND = "scenario"


def scenario(view: View, asked: Filters) -> Scenario | None:
    """What the address tries: its `try`, or else what the kept scenario named by `draft` holds; None for nothing.

    UsageError where there is no such scenario that the person may open.
    """
    if not asked.tried and asked.draft is None:
        return None
    kept = None if asked.draft is None else opened(view, asked.draft)
    held = {} if kept is None else cells_of(kept)
    wanted = trying.cells(asked.tried) if asked.tried else held
    cells, left_out = shown(view, asked.as_of, wanted)
    facts = _facts(view, asked.as_of, cells)
    applies = asked.basis == "formal"
    if kept is None:
        return Scenario(cells, facts, left_out, applies=applies)
    is_changed = in_order(wanted) != in_order(held)
    about = (kept.number, kept.name, kept.made_by, kept.is_mine, is_changed)
    return Scenario(cells, facts, left_out, *about, applies=applies)


def opened(view: View, number: int) -> Draft:
    """The kept scenario of that number; UsageError where there is none that this person may open."""
    with open_session(view.scope) as session:
        found = drafts.draft(session, KIND, number, data.seen(view))
    if found is None:
        raise UsageError("there is no such scenario that you may open; the page Scenarios lists those there are")
    return found


def listed(view: View) -> list[Draft]:
    """The scenarios that this person may open, own and shared, the newest change first."""
    with open_session(view.scope) as session:
        return drafts.drafts(session, KIND, data.seen(view))


def cells_of(kept: Draft) -> dict[Place, str]:
    """What a kept scenario tries."""
    return {(department, element): band for department, element, band in kept.body["cells"]}


def body(cells: Tried) -> dict[str, list[list[str | None]]]:
    """The cells as a draft keeps them."""
    return {"cells": [[department, element, band] for (department, element), band in in_order(cells).items()]}


def about(cells: Tried) -> tuple[str, ...] | None:
    """The departments that a scenario is about, None for the whole tenant: who may see these all may be shown it."""
    codes = sorted({department for department, _ in cells if department is not None})
    return None if any(department is None for department, _ in cells) else tuple(codes)


def shown(view: View, day: date, wanted: Tried) -> tuple[dict[Place, str], tuple[Place, ...]]:
    """What of the wanted can be tried on the day by this person, in order, and what cannot."""
    seen = set(data.tree(view, day)["department_code"])
    mine = {at: band for at, band in wanted.items() if at[0] in seen}
    cells = in_order(fitting(data.programme(view), day, mine))
    return cells, tuple(at for at in in_order(wanted) if at not in cells)


def standings(view: View, day: date, cells: Tried, basis: str = "formal") -> pl.DataFrame:
    """Standing with these cells tried, which is formal; in fact where there are none (dashboard.data.standings)."""
    if not cells:
        return data.standings(view, day, basis)
    about_ = day, _digest(cells)
    return view.kept("supposed standing", lambda: data.cut(view, standing(_programme(view, day, cells), day)), *about_)


def headrooms(view: View, day: date, cells: Tried, basis: str = "formal") -> pl.DataFrame:
    """Headroom with these cells tried, which is formal; in fact where there are none (dashboard.data.headrooms)."""
    if not cells:
        return data.headrooms(view, day, basis)
    there = data.programme(view)

    def make() -> pl.DataFrame:
        return data.cut(view, headroom(there, day, standing=standings(view, day, cells)))

    return view.kept("supposed headroom", make, day, _digest(cells))


Sides = tuple[pl.DataFrame, pl.DataFrame, Mapping[str | None, str]]


def sides(view: View, day: date, supposing: Scenario | None) -> Sides:
    """Headroom in fact and as supposed, and what the departments are called."""
    cells = supposing.cells if supposing else {}
    return data.headrooms(view, day), headrooms(view, day, cells), names(view, day)


def names(view: View, day: date) -> Mapping[str | None, str]:
    """What the departments active on the day are called, the corporate body among them."""
    return dict(data.tree(view, day).select("department_code", "name").iter_rows())


def trial(view: View, asked: Filters, behind: Behind) -> Trial | None:
    """What the drawer offers to try in the cell it is about; None on pages without scenarios and on another basis."""
    if asked.page not in SUPPOSING or asked.basis != "formal":
        return None
    supposing, place = scenario(view, asked) or Scenario({}), behind.place.code
    criterion = behind.element.criterion if isinstance(behind, ElementBehind) else behind.criterion.code
    elements = next(one.elements for one in behind.standard.criteria if one.code == criterion)
    here = data.standings(view, asked.as_of).filter(_of(place), pl.col("element").is_in(list(elements)))
    known = {row["element"]: row for row in here.iter_rows(named=True)}
    rows = (
        frame.filter(_of(place), pl.col("criterion") == criterion).row(0, named=True)
        for frame in (data.headrooms(view, asked.as_of), headrooms(view, asked.as_of, supposing.cells))
    )
    return Trial(
        supposing,
        place,
        (behind.element.code,) if isinstance(behind, ElementBehind) else elements,
        {element: known[element]["band"] if element in known else None for element in elements},
        frozenset(element for element, row in known.items() if row["rolled_up"]),
        *rows,
    )


def _programme(view: View, day: date, cells: Tried) -> Programme:
    return supposed_programme(data.programme(view), day, cells)


def _facts(view: View, day: date, cells: Mapping[Place, str]) -> dict[Place, str | None]:
    elements = sorted({element for _, element in cells})
    rows = data.standings(view, day).filter(pl.col("element").is_in(elements))
    known = {(place, element): band for place, element, band in rows.select(*_AT, "band").iter_rows()}
    return {at: known.get(at) for at in cells}


_AT = ("department_code", "element")


def _of(department: str | None) -> pl.Expr:
    return pl.col("department_code").eq_missing(pl.lit(department, pl.String))


def _digest(cells: Tried) -> str:
    return hashlib.sha256(repr(list(in_order(cells).items())).encode()).hexdigest()

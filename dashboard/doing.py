"""What departments do: their actions and their evidence, of a view, and so of nothing but what the person may see."""

from datetime import date

import polars as pl

from dashboard.data import cut, programme, rows_of, standings
from dashboard.view import View
from scheme import actions as rules
from scheme import evidence as proof
from scheme.frames import Schema
from scheme.since import since as since_last_time


def _as(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def actions(view: View, day: date) -> pl.DataFrame:
    """scheme.actions.actions of the day: how every action that may be seen stands, the most urgent first."""
    known = _as(rows_of(view, "actions"), rules.ACTIONS)
    return view.kept("actions", lambda: rules.actions(known, standings(view, day), day), day)


def findings_without(view: View, day: date) -> pl.DataFrame:
    """scheme.actions.findings_without of the day, cut to what may be seen."""

    def found() -> pl.DataFrame:
        return rules.findings_without(actions(view, day), standings(view, day))

    return view.kept("findings without", found, day)


def evidence(view: View, day: date) -> pl.DataFrame:
    """scheme.evidence.evidence of the day: what may be seen by its code, what has expired first."""
    return view.kept("evidence", lambda: proof.evidence(_evidence(view), day), day)


def lacking(view: View, day: date) -> pl.DataFrame:
    """scheme.evidence.lacking of the day, cut to what may be seen; those that lack most first."""

    def found() -> pl.DataFrame:
        return cut(view, proof.lacking(programme(view), _evidence(view), standings(view, day), day))

    return view.kept("lacking", found, day)


def to_see(view: View, day: date, site: str) -> pl.DataFrame:
    """scheme.evidence.to_see of the day at a site; nothing of one that may not be seen."""
    return proof.to_see(programme(view), _evidence(view), day, site)


def _evidence(view: View) -> pl.DataFrame:
    return _as(rows_of(view, "evidence"), proof.EVIDENCE)


def since(view: View, day: date) -> pl.DataFrame:
    """scheme.since.since of the day, cut to what may be seen."""

    def found() -> pl.DataFrame:
        return cut(view, since_last_time(programme(view), day, actions(view, day), _evidence(view)))

    return view.kept("since last time", found, day)

"""Rows against the register: which departments and sites are new, which loop, which profile is named (inputs.md 4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from db.loading import Own
from db.taken_in import named
from etl.check import Ledger, set_aside
from etl.own import only_own
from etl.tidy import GOOD
from scheme.letters import likeness
from scheme.standard import Profile, in_force

_LISTED = 100  # codes named in one note


@dataclass(frozen=True)
class Known:
    """What is known before a load: departments with their parents, sites, and the profiles by code ("" the tenant's).

    `confirmed`: the departments and sites that a register has named; the others were taken in because a row named them.
    `former`: codes that departments had before they were recoded, with their present ones and since when. `own`: the
    part of the tenant that the sender speaks for, None for all of it; `foreign`: by table, keys of rows beyond it whose
    key does not say whose they are (etl.own). `names`: what departments are called, by code, as far as the sender may
    name them.
    """

    parents: Mapping[str, str | None]
    sites: frozenset[str]
    confirmed: frozenset[tuple[str, str]]  # ("departments" or "sites", code)
    profiles: Mapping[str, Sequence[Profile]]
    former: Mapping[str, tuple[str, date]] = field(default_factory=dict)
    own: Own | None = None
    foreign: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def settled(ledger: Ledger, known: Known, today: date) -> Ledger:
    """Rows set aside that close a loop of parents, name an unknown profile, or unknown codes where the profile says so.

    What is judged is the tree of the warehouse with the load laid over it, so that the order of rows does not matter.
    """
    ledger = only_own(ledger, known.own, known.foreign)
    if "certificates" in ledger:
        ledger["certificates"] = _profiled(ledger["certificates"], known)
    strict = in_force(known.profiles[""], today).unknown_departments == "set_aside"
    while True:
        before = {name: frame["fate"] for name, frame in ledger.items()}
        if "departments" in ledger:
            ledger["departments"] = _unlooped(ledger["departments"], known)
        if strict:
            ledger = _registered(ledger, known)
        if all(frame["fate"].equals(before[name]) for name, frame in ledger.items()):
            return ledger


def good(ledger: Ledger) -> dict[str, pl.DataFrame]:
    """The rows that are still good, by table."""
    return {name: frame.filter(pl.col("fate") == GOOD) for name, frame in ledger.items()}


def taken_in(ledger: Ledger, known: Known) -> dict[str, pl.DataFrame]:
    """The departments and sites that good rows name and neither the warehouse nor the load's registers have.

    By table: its code, file_number and row_number of the first row that names it, like (String: a known code that may
    have been meant, else null).
    """
    rows = good(ledger)
    new = {}
    for table, frame in named(rows).items():
        code = frame.columns[0]
        own = set(rows[table][code]) if table in rows else set()
        there = own | set(known.parents if table == "departments" else known.sites)
        similar = likeness(there)
        unknown = frame.filter(~pl.col(code).is_in(sorted(there)))
        like = pl.Series("like", [similar(name) for name in unknown[code]], pl.String)
        new[table] = unknown.select(code, "file_number", "row_number").with_columns(like)
    return new


def notes(new: Mapping[str, pl.DataFrame]) -> Iterator[tuple[int, str]]:
    """For each file, a sentence that asks to confirm the departments and sites it is the first to name."""
    told: dict[int, list[str]] = {}
    for table, frame in new.items():
        for code, file_number, row, like in frame.iter_rows():
            meant = f", or was {like} meant?" if like else ""
            told.setdefault(file_number, []).append(f"{table.removesuffix('s')} {code} (row {row}{meant})")
    for file_number, codes in told.items():
        more = f" and {len(codes) - _LISTED} more" if len(codes) > _LISTED else ""
        yield file_number, f"new, please confirm: {', '.join(codes[:_LISTED])}{more}"


def _profiled(certificates: pl.DataFrame, known: Known) -> pl.DataFrame:
    versions = [version.name for versions in known.profiles.values() for version in versions]
    names = {name.casefold() for name in (*known.profiles, *versions) if name}
    unknown = [name for name in certificates["profile"].unique().drop_nulls() if name.casefold() not in names]
    why = "profile '{}' is not known; add its file with `assay tenant add --profile`, or correct the name"
    return set_aside(certificates, pl.col("profile").is_in(unknown), pl.format(why, "profile"))


def _unlooped(departments: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Departments whose new parent lies on a loop are set aside; what the warehouse says already cannot close one."""
    said = departments.filter(pl.col("fate") == GOOD).select("department_code", "parent_code").drop_nulls()
    parents = {**known.parents, **dict(said.iter_rows())}
    new = {code for code, parent in said.iter_rows() if known.parents.get(code) != parent}
    why: dict[str, str] = {}
    for loop in _loops(parents):
        around = " below ".join((*loop, loop[0]))
        for code in new.intersection(loop):
            why[code] = f"its parent {parents[code]} would close a loop ({around}); correct one of the parents"
    if not why:
        return departments
    reason = pl.col("department_code").replace_strict(why, default=None, return_dtype=pl.String)
    return set_aside(departments, pl.col("department_code").is_in(sorted(why)), reason)


def _loops(parents: Mapping[str, str | None]) -> Iterator[list[str]]:
    """The loops among parents, each once, beginning with its least code."""
    done: set[str] = set()
    for start in sorted(parents):
        path: dict[str, None] = {}
        code: str | None = start
        while code is not None and code not in done and code not in path:
            path[code] = None
            code = parents.get(code)
        if code is not None and code in path:
            codes = list(path)
            loop = codes[codes.index(code) :]
            least = loop.index(min(loop))
            yield loop[least:] + loop[:least]
        done.update(path)


def _registered(ledger: Ledger, known: Known) -> Ledger:
    """Rows that name a department or site which no register has are set aside (profile, unknown_departments)."""
    rows = good(ledger)
    registers: dict[str, set[str]] = {"departments": set(), "sites": set()}
    for table, code in known.confirmed:
        registers[table].add(code)
    for table in registers:
        if table in rows:
            registers[table].update(rows[table][rows[table].columns[0]])
    return {name: _asked(name, frame, registers, known) for name, frame in ledger.items()}


def _asked(name: str, frame: pl.DataFrame, registers: Mapping[str, set[str]], known: Known) -> pl.DataFrame:
    for column, table in (("parent_code", "departments"), ("department_code", "departments"), ("site_code", "sites")):
        if column not in frame.columns or (name == table and column != "parent_code"):
            continue
        cells = frame.filter(pl.col("fate") == GOOD)[column].drop_nulls()
        several = isinstance(cells.dtype, pl.List)
        codes = (cells.explode() if several else cells).drop_nulls().unique()
        unknown = sorted(set(codes) - registers[table])
        if unknown:
            # Who speaks for a part of the tenant is not told what else there is.
            similar = likeness(registers[table] if known.own is None else ())
            why = {code: _unknown(column, code, table, similar(code)) for code in unknown}
            named_here = pl.element().filter(pl.element().is_in(unknown))
            code = pl.col(column).list.eval(named_here).list.first() if several else pl.col(column)
            reason = code.replace_strict(why, default=None, return_dtype=pl.String)
            frame = set_aside(frame, reason.is_not_null(), reason)
    return frame


def _unknown(column: str, code: str, table: str, near: str | None) -> str:
    meant = f" (or was {near} meant?)" if near else ""
    return f"{column} {code} is in no register of {table}{meant}; add it to one, or correct the code"

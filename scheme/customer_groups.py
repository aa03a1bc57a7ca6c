"""Customer groups of departments, and what is said of each: consulted, satisfaction measured, a service adapted.

Assessors refer to the groups all through an assessment (criterion 1). The standard sets no rule for what tells the
three, so it is **ours**, and nothing is read out of silence:

- **said**: the group's own row names an element of that subject (`elements`; Standard.subjects has which these are);
- **named**: evidence of the same department for such an element, not expired on the day, or a promise of its service
  standards for such an element, has the group's whole name in its words;
- **not said**: neither. That is not "no": nobody told us.

A group was reviewed long ago where its day lies a year or more before the day asked about; without a day, that is not
known.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from scheme.frames import Schema
from scheme.standard import code_order

SUBJECTS = ("consulted", "measured", "adapted")
STATES = ("said", "named", "not_said")
GROUPS: Schema = {
    "department_code": pl.String,
    "group": pl.String,
    "basis": pl.String,
    "hard_to_reach": pl.Boolean,
    "disadvantaged": pl.Boolean,
    "source": pl.String,
    "reviewed_on": pl.Date,
    "is_old": pl.Boolean,  # null where no day of a review is known
    **dict.fromkeys(SUBJECTS, pl.String),  # STATES
    **{f"{subject}_by": pl.List(pl.String) for subject in SUBJECTS},  # what names it, where its own row does not say it
}


def groups(
    rows: pl.DataFrame,
    evidence: pl.DataFrame,
    standards: pl.DataFrame,
    subjects: Mapping[str, Collection[str]],
    day: date,
) -> pl.DataFrame:
    """Every group of every department on the day (GROUPS), by department, the hard to reach first, then by name.

    `rows`, `evidence`, `standards`: the canonical tables customer_groups, evidence and service_standards; `subjects`:
    the elements of each of SUBJECTS.
    """
    by_department: dict[str | None, list[tuple[frozenset[str], str, str]]] = {}
    for department, codes, text, name in (*_evidence(evidence, day), *_promises(standards)):
        by_department.setdefault(department, []).append((codes, text, name))
    told = []
    for row in rows.iter_rows(named=True):
        own, named = set(row["elements"] or ()), _pattern(row["group"])
        there = [(codes, name) for codes, text, name in by_department.get(row["department_code"], ()) if named(text)]
        line = {name: row[name] for name in ("department_code", "group", "basis", "source", "reviewed_on")}
        line |= {name: bool(row[name]) for name in ("hard_to_reach", "disadvantaged")}
        line["is_old"] = None if row["reviewed_on"] is None else row["reviewed_on"] <= _year_before(day)
        for subject in SUBJECTS:
            about = set(subjects.get(subject, ()))
            by = list(dict.fromkeys(name for codes, name in there if codes & about))
            line[subject] = "said" if own & about else "named" if by else "not_said"
            line[f"{subject}_by"] = by
        told.append(line)
    told.sort(key=lambda line: (code_order(line["department_code"]), not _is_harder(line), line["group"]))
    return pl.DataFrame(told, schema=GROUPS)


def _is_harder(line: Mapping[str, Any]) -> bool:
    return bool(line["hard_to_reach"] or line["disadvantaged"])


def _evidence(evidence: pl.DataFrame, day: date) -> Iterator[tuple[str | None, frozenset[str], str, str]]:
    """Department, element, words and what they are called of each piece of evidence that still holds."""
    for row in evidence.iter_rows(named=True):
        if row["expires_on"] is None or row["expires_on"] >= day:
            text = " ".join(filter(None, (row["evidence"], row["note"])))
            yield row["department_code"], frozenset({row["element"]}), text, row["evidence_code"] or row["evidence"]


def _promises(standards: pl.DataFrame) -> Iterator[tuple[str | None, frozenset[str], str, str]]:
    for row in standards.iter_rows(named=True):
        yield row["department_code"], frozenset(row["elements"] or ()), row["promise"], row["promise"]


def _pattern(group: str) -> Callable[[str | None], bool]:
    """Whether a text has the whole name of a group in it, without regard to case and spaces."""
    words = r"\s+".join(re.escape(word) for word in group.casefold().split())
    found = re.compile(rf"(?<!\w){words}(?!\w)") if words else None
    return lambda text: found is not None and found.search((text or "").casefold()) is not None


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)

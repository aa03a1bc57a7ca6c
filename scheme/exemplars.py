"""Exemplars: who holds compliance plus in an element, who could learn from whom, and how near they are in kind.

**Ours** (measures.md names none of it):

- An exemplar of an element is a department, active on the day, whose *own* formal result in force there is compliance
  plus. A band rolled up from below is an indication and no example; the corporate body is none either.
- Nearest in kind: first those with the same parent, then the fewer steps in the tree of departments (parent to child is
  one step, siblings are two apart), then the more alike number of sites in scope, then the newer look (`assessed_on`),
  then the code. Nothing is weighed or added up: each only settles what the one before it left open.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl

from scheme.frames import Programme, Schema
from scheme.standard import ASSESSMENT_TYPES, BANDS, BASES, code_order
from scheme.standing import effective, holds, in_code_order, standing

WORSE = BANDS[2:]  # the bands below compliant: partial and non-compliant
EXEMPLARS: Schema = {
    "element": pl.String,
    "department_code": pl.String,  # of the exemplar
    "since_on": pl.Date,  # from which day on it has held the band without a break
    "assessed_on": pl.Date,  # when it was last looked at
}
SINCE: Schema = {"department_code": pl.String, "element": pl.String, "since_on": pl.Date}
LESSONS: Schema = {
    "element": pl.String,
    "department_code": pl.String,  # who could learn; null is the corporate body
    "band": pl.String,  # its own, partial or non_compliant
    "exemplar": pl.String,  # from whom
    "place": pl.Int64,  # 1 is the nearest in kind
    "same_parent": pl.Boolean,
    "steps": pl.Int64,  # between them in the tree of departments
    "sites_apart": pl.Int64,  # the difference of their numbers of sites in scope
    "since_on": pl.Date,
    "assessed_on": pl.Date,
}


def held_since(programme: Programme, day: date, basis: str = "formal") -> pl.DataFrame:
    """From which day on each department has had its own band of each element without a break; columns SINCE.

    By own results that move something on this basis, up to the day (measures.md section 2); null is the corporate body.
    """
    types = BASES[basis]
    results = programme.results.filter(
        pl.col("site_code").is_null(), pl.col("assessment_type").is_in(types), pl.col("assessed_on") <= day
    )
    kind = pl.col("assessment_type").replace_strict(
        ASSESSMENT_TYPES, range(len(ASSESSMENT_TYPES)), return_dtype=pl.Int64
    )
    place = ["department_code", "element"]
    moving = effective(results, programme.assessments).filter(~pl.col("restated")).sort("assessed_on", kind)
    run = pl.col("band").rle_id().over(place)
    return (
        moving.with_columns(run=run)
        .filter(pl.col("run") == pl.col("run").max().over(place))
        .group_by(place)
        .agg(since_on=pl.col("assessed_on").min())
        .select(list(SINCE))
    )


def exemplars(programme: Programme, day: date, bands: pl.DataFrame | None = None) -> pl.DataFrame:
    """Who holds compliance plus in which element on the day: EXEMPLARS, sorted by element and code of the department.

    `bands`: formal standing of the day, where it is known already.
    """
    known = standing(programme, day) if bands is None else bands
    best = known.filter(~pl.col("rolled_up"), pl.col("department_code").is_not_null(), band=BANDS[0])
    rows = best.join(held_since(programme, day), on=["department_code", "element"], how="left")
    return in_code_order(rows, "element", "department_code").select(list(EXEMPLARS))


def lessons(programme: Programme, day: date, basis: str = "formal", bands: pl.DataFrame | None = None) -> pl.DataFrame:
    """For every department that is partial or worse in an element, every exemplar there, the nearest in kind first.

    Also rolled-up bands learn. LESSONS, sorted by element, department and place. `basis` is that of the learner;
    exemplars are formal ones always. `bands`: standing of the day on that basis, where it is known already.
    """
    known = standing(programme, day, basis) if bands is None else bands
    learners = known.filter(pl.col("band").is_in(WORSE)).select("element", "department_code", "band")
    teachers = exemplars(programme, day, known if basis == "formal" else None).rename({"department_code": "exemplar"})
    pairs = learners.join(teachers, on="element")
    parents = dict(programme.departments.select("department_code", "parent_code").iter_rows())
    steps, size = steps_between(programme), _sites(programme, day)
    rows: list[dict[str, Any]] = []
    for row in pairs.iter_rows(named=True):
        one, other = row["department_code"], row["exemplar"]
        # the corporate body has no parent, and so no siblings
        row["same_parent"] = one is not None and parents.get(one) == parents.get(other)
        row["steps"] = steps(one, other)
        row["sites_apart"] = abs(size.get(one, 0) - size.get(other, 0))
        rows.append(row)
    rows.sort(key=_nearest)
    places: dict[tuple[str, str | None], int] = {}
    for row in rows:
        key = row["element"], row["department_code"]
        row["place"] = places[key] = places.get(key, 0) + 1
    rows.sort(key=lambda row: (code_order(row["element"]), code_order(row["department_code"]), row["place"]))
    return pl.DataFrame(rows, schema=LESSONS)


def _nearest(row: dict[str, Any]) -> tuple[Any, ...]:
    newest_first = -row["assessed_on"].toordinal()
    return not row["same_parent"], row["steps"], row["sites_apart"], newest_first, code_order(row["exemplar"])


def steps_between(programme: Programme) -> Callable[[str | None, str | None], int]:
    """How many steps lie between two departments in their tree, the corporate body (None) its root; 0 for one and same.

    A loop of parents is walked once.
    """
    parents = dict(programme.departments.select("department_code", "parent_code").iter_rows())
    known: dict[str | None, tuple[str, ...]] = {None: ()}

    def path(code: str | None) -> tuple[str, ...]:
        """From the root down to the department."""
        if code not in known:
            walked: dict[str, None] = {}
            above = code
            while above and above not in walked:
                walked[above] = None
                above = parents.get(above)
            known[code] = tuple(reversed(walked))
        return known[code]

    def steps(one: str | None, other: str | None) -> int:
        first, second = path(one), path(other)
        shared = 0
        for left, right in zip(first, second, strict=False):
            if left != right:
                break
            shared += 1
        return len(first) + len(second) - 2 * shared

    return steps


def _sites(programme: Programme, day: date) -> dict[str | None, int]:
    """How many sites in scope on the day belong to each department; those of no department are the corporate body's."""
    in_scope = programme.sites.filter(holds(day, "in_scope_from", "in_scope_to"))
    codes = pl.col("department_codes").fill_null([])
    named = in_scope.select(codes).explode("department_codes").group_by("department_codes").len()
    return dict(named.iter_rows())

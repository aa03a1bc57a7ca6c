"""Exemplars: who holds compliance plus in an element, who could learn from whom, and how near they are in kind.

**Ours** (measures.md names none of it):

- An exemplar of an element is a department, active on the day, whose *own* formal result in force there is compliance
  plus. A band rolled up from below is an indication and no example; the corporate body is none either.
- Nearest in kind: first those with the same parent, then the fewer steps in the tree of departments (parent to child is
  one step, siblings are two apart), then the more alike number of sites in scope, then the newer look (`assessed_on`),
  then the code. Nothing is weighed or added up: each only settles what the one before it left open.
"""

from collections.abc import Collection
from datetime import date

import polars as pl

from scheme.frames import Programme, Schema
from scheme.intervals import among, as_text
from scheme.standard import BANDS, BASES, code_order
from scheme.standing import holds, in_code_order, standing

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


def held_since(
    programme: Programme,
    day: date,
    basis: str = "formal",
    departments: Collection[str | None] | None = None,
    elements: Collection[str] | None = None,
) -> pl.DataFrame:
    """From which day on each department has had its own band of each element without a break; columns SINCE.

    By own results that move something on this basis, up to the day (measures.md section 2); null is the corporate body.
    Of some `departments` and `elements` alone where they are given.
    """
    rows = programme.intervals
    mine = rows["site_code"].is_null() & (rows["assessed_on"] <= day) & among(rows["assessment_type"], BASES[basis])
    if departments is not None:
        of = among(rows["department_code"], [code for code in departments if code is not None])
        mine &= of | rows["department_code"].is_null() if None in departments else of
    if elements is not None:
        mine &= among(rows["element"], elements)
    # it begins where the band before was another, or else with the first that ever held
    begins = pl.col("previous_band") != pl.col("band")
    first = pl.col("until_on").is_null() | (pl.col("until_on") > pl.col("assessed_on"))
    on = pl.col("assessed_on")
    since = (
        rows.filter(mine)
        .with_columns(begins=begins.fill_null(value=False), first=first)
        .filter(pl.col("begins") | pl.col("first"))
        .group_by("department_code", "element")
        .agg(since_on=pl.coalesce(on.filter("begins").max(), on.filter("first").min()))
    )
    return as_text(since).select(list(SINCE))


def exemplars(
    programme: Programme, day: date, bands: pl.DataFrame | None = None, elements: Collection[str] | None = None
) -> pl.DataFrame:
    """Who holds compliance plus in which element on the day: EXEMPLARS, sorted by element and code of the department.

    `bands`: formal standing of the day, where it is known already. Of some `elements` alone where they are given.
    """
    known = standing(programme, day) if bands is None else bands
    best = known.filter(~pl.col("rolled_up"), pl.col("department_code").is_not_null(), band=BANDS[0])
    if elements is not None:
        best = best.filter(pl.col("element").is_in(list(elements)))
    since = held_since(programme, day, elements=elements)
    rows = best.join(since, on=["department_code", "element"], how="left")
    return in_code_order(rows, "element", "department_code").select(list(EXEMPLARS))


def lessons(
    programme: Programme,
    day: date,
    basis: str = "formal",
    bands: pl.DataFrame | None = None,
    element: str | None = None,
    departments: Collection[str | None] | None = None,
) -> pl.DataFrame:
    """For every department that is partial or worse in an element, every exemplar there, the nearest in kind first.

    Also rolled-up bands learn. LESSONS, sorted by element, department and place; of one `element` and of some
    `departments` that learn if they are given. `basis` is that of the learner; exemplars are formal ones always.
    `bands`: standing of the day on that basis, where it is known already.
    """
    known = standing(programme, day, basis) if bands is None else bands
    known = known if element is None else known.filter(element=element)
    learners = known.filter(pl.col("band").is_in(WORSE)).select("element", "department_code", "band")
    if departments is not None:
        learners = learners.filter(pl.col("department_code").is_in(list(departments), nulls_equal=True))
    elements = None if element is None else (element,)
    if learners.is_empty():
        return pl.DataFrame(schema=LESSONS)
    teachers = exemplars(programme, day, known if basis == "formal" else None, elements)
    parents = programme.departments.select("department_code", "parent_code")
    ways, size = _ways(programme), _sites(programme, day)
    of_learner = learners.join(ways, on="department_code", how="left", nulls_equal=True)
    of_learner = of_learner.join(parents, on="department_code", how="left")
    of_learner = of_learner.join(size, on="department_code", how="left", nulls_equal=True)
    of_teacher = teachers.join(ways, on="department_code", how="left").join(parents, on="department_code", how="left")
    of_teacher = of_teacher.join(size, on="department_code", how="left")
    pairs = of_learner.join(of_teacher, on="element", suffix="_of_teacher").rename(
        {"department_code_of_teacher": "exemplar"}
    )
    shared = [pl.lit(0), *(pl.col(name) == pl.col(f"{name}_of_teacher") for name in _levels(ways))]
    apart = (pl.col("sites").fill_null(0) - pl.col("sites_of_teacher").fill_null(0)).abs()
    rows = pairs.with_columns(
        # the corporate body has no parent, and so no siblings
        same_parent=pl.col("department_code").is_not_null()
        & pl.col("parent_code").eq_missing(pl.col("parent_code_of_teacher")),
        steps=pl.col("deep") + pl.col("deep_of_teacher") - 2 * pl.sum_horizontal(shared).cast(pl.Int64),
        sites_apart=apart,
        order=_order(pairs["exemplar"]),
    ).sort(pl.col("same_parent").not_(), "steps", "sites_apart", pl.col("assessed_on").to_physical().neg(), "order")
    rows = rows.with_columns(place=pl.int_range(1, pl.len() + 1).over("element", "department_code"))
    return (
        rows.select(*LESSONS, element_order=_order(rows["element"]), department_order=_order(rows["department_code"]))
        .sort("element_order", "department_order", "place")
        .select(list(LESSONS))
    )


def nearest(programme: Programme, cells: pl.DataFrame, teachers: pl.DataFrame) -> pl.DataFrame:
    """The cells (department_code, element) with how many exemplars there are and which is the fewest steps away.

    `teachers`: EXEMPLARS. Adds exemplars, nearest (of equally near ones the lower code) and steps; none has null. Found
    for each department on the way up, not for each pair: the best of all below it, and the least of these is nearest.
    """
    ways, codes = _ways(programme), sorted(teachers["department_code"].unique(), key=code_order)
    many = max(1, len(codes))
    placed = cells.with_row_index("row").join(ways, on="department_code", how="left", nulls_equal=True)
    taught = teachers.with_columns(order=_order(teachers["department_code"])).join(ways, on="department_code")
    least = []
    for depth, level in enumerate(["root", *_levels(ways)]):
        best = taught.group_by("element", level).agg(best=(pl.col("deep") * many + pl.col("order")).min())
        of_cells = placed.select("row", "element", "deep", level).join(best, on=["element", level])
        least.append(of_cells.select("row", best=pl.col("best") + (pl.col("deep") - 2 * depth) * many))
    found = pl.concat(least).group_by("row").agg(pl.col("best").min())
    counts = teachers.group_by("element").agg(exemplars=pl.len().cast(pl.Int64))
    order = pl.Series("nearest", codes, pl.String)
    told = found.select("row", steps=pl.col("best") // many, nearest=order.gather(found["best"] % many))
    return (
        cells.with_row_index("row")
        .join(counts, on="element", how="left", maintain_order="left")
        .join(told, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("exemplars").fill_null(0))
        .drop("row")
    )


def _order(codes: pl.Series) -> pl.Series:
    """The place of each code among those there are, from 0 and in number order; -1 for none."""
    there = pl.Enum(sorted(codes.drop_nulls().unique(), key=code_order))
    return codes.cast(there).to_physical().cast(pl.Int64).fill_null(-1)


def _levels(ways: pl.DataFrame) -> list[str]:
    return [name for name in ways.columns if name.startswith("level")]


def _ways(programme: Programme) -> pl.DataFrame:
    """The way of every department and the corporate body (null) down from the root of their tree.

    deep: its steps; root, level1 and on: a number for each place that it passes, null below its end. Two departments
    share as many steps as they have equal levels. A loop of parents is walked once.
    """
    parents = dict(programme.departments.select("department_code", "parent_code").iter_rows())
    numbers: dict[tuple[str, ...], int] = {}
    ways: dict[str | None, list[int]] = {None: []}
    for code in parents:
        walked: dict[str, None] = {}
        above: str | None = code
        while above and above not in walked:
            walked[above] = None
            above = parents.get(above)
        way = tuple(reversed(walked))
        ways[code] = [numbers.setdefault(way[: depth + 1], len(numbers)) for depth in range(len(way))]
    deepest = max(map(len, ways.values()))
    columns: dict[str, pl.Series] = {
        "department_code": pl.Series(list(ways), dtype=pl.String),
        "deep": pl.Series([len(way) for way in ways.values()], dtype=pl.Int64),
        "root": pl.Series([0] * len(ways), dtype=pl.Int64),
    }
    for depth in range(deepest):
        level = [way[depth] if depth < len(way) else None for way in ways.values()]
        columns[f"level{depth + 1}"] = pl.Series(level, dtype=pl.Int64)
    return pl.DataFrame(columns)


def _sites(programme: Programme, day: date) -> pl.DataFrame:
    """How many sites in scope on the day belong to each department: department_code, sites.

    Those of no department are the corporate body's.
    """
    in_scope = programme.sites.filter(holds(day, "in_scope_from", "in_scope_to"))
    codes = pl.col("department_codes").fill_null([])
    named = in_scope.select(department_code=codes).explode("department_code")
    return named.group_by("department_code").agg(sites=pl.len().cast(pl.Int64))


def told_elsewhere(whole: Programme, own: Programme, day: date) -> dict[str, list[tuple[str, date]]]:
    """What may be told of exemplars out of sight to somebody who sees `own` of the whole: by element, name and since.

    Only of elements in which a department of their own is partial or worse on the day, rolled up or not; by code of the
    element, the longest in the band first, then by name. Nothing else of the others leaves this function, not even
    their codes; that the list is in no order of kin is on purpose: it would tell where they stand in the tree.
    """
    mine = standing(own, day).filter(pl.col("department_code").is_not_null(), pl.col("band").is_in(WORSE))
    wanted = set(mine["element"])
    seen = set(own.departments["department_code"])
    names = dict(whole.departments.select("department_code", "department_name").iter_rows())
    told: dict[str, list[tuple[str, date]]] = {}
    for element, code, since_on in exemplars(whole, day).select("element", "department_code", "since_on").iter_rows():
        if element in wanted and code not in seen:
            told.setdefault(element, []).append((names.get(code) or code, since_on))
    return {element: sorted(rows, key=lambda row: (row[1], row[0])) for element, rows in told.items()}

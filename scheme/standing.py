"""Standing: the band in force for every department and element on a day (measures.md section 2)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from scheme.frames import Programme, Schema
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES, BANDS, BASES, NOT_APPLICABLE, code_order

MIX = tuple(f"below_{band}" for band in ALL_BANDS)
STANDING: Schema = {
    "department_code": pl.String,
    "element": pl.String,
    "band": pl.String,
    "assessed_on": pl.Date,
    "assessment_type": pl.String,  # null where rolled up
    "carried_forward": pl.Boolean,  # null where rolled up
    "previous_band": pl.String,  # null where rolled up, or where there was none
    "rolled_up": pl.Boolean,
    "worse_below": pl.Boolean,
    **dict.fromkeys(MIX, pl.UInt32),  # the mix of what lies directly below; null in own rows
}

# Null matches nothing in a join, so the corporate body is an empty text inside the rules.
CORPORATE = ""
_PLACE = ["department_code", "element"]
_ITEM = [*_PLACE, "band", "assessed_on"]


def in_code_order(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The rows sorted by columns of codes, as commands.md says: none first, numbers in number order."""
    return frame.sort(
        [pl.col(c).cast(pl.Enum(sorted(frame[c].drop_nulls().unique(), key=code_order))) for c in columns],
        maintain_order=True,
    )


def holds(day: date | pl.Expr, begins: str, ends: str) -> pl.Expr:
    """Whether the day is on or after the one in column `begins` and before the one in `ends`; null is open."""
    return (pl.col(begins).is_null() | (pl.col(begins) <= day)) & (pl.col(ends).is_null() | (pl.col(ends) > day))


def active(departments: pl.DataFrame, day: date) -> pl.DataFrame:
    """The departments active on the day: from `active_from` on and before `active_to` (measures.md section 1)."""
    return departments.filter(holds(day, "active_from", "active_to"))


def below(departments: pl.DataFrame, code: str | None) -> set[str | None]:
    """The department of that code and all that lie below it, active or not; everything for the corporate body (None).

    measures.md sections 4 and 5.
    """
    if code is None:
        return {None, *departments["department_code"]}
    return {code, *lines(departments).filter(above=code)["place"]}


def lines(departments: pl.DataFrame) -> pl.DataFrame:
    """Every department with itself and each department above it, active or not: place, above.

    The corporate body is left out; a loop of parents is walked once.
    """
    parents = dict(departments.select("department_code", "parent_code").iter_rows())
    rows: list[tuple[str, str]] = []
    for place in parents:
        walked: dict[str, None] = {}
        code: str | None = place
        while code and code not in walked:
            walked[code] = None
            code = parents.get(code)
        rows += ((place, above) for above in walked)
    return pl.DataFrame(rows, schema={"place": pl.String, "above": pl.String}, orient="row")


def belongs_to(sites: pl.DataFrame) -> pl.DataFrame:
    """The departments of each site: site_code, department_code; "" (the corporate body) where its row names none."""
    codes = pl.col("department_codes").fill_null([])
    none = sites.filter(codes.list.len() == 0).select("site_code", department_code=pl.lit(CORPORATE))
    named = sites.filter(codes.list.len() > 0).select("site_code", department_code="department_codes")
    return pl.concat([none, named.explode("department_code")]).unique()


def effective(results: pl.DataFrame, assessments: pl.DataFrame) -> pl.DataFrame:
    """The results with `restated` also true where their assessments' scopes say so (measures.md section 1, restated).

    A result is restated when its sender marked it, or when held assessments of the same department (none is the same
    as none), type and last day exist, all of them state a scope, and its element is in none of these. An empty scope
    states none. Columns and order of rows as in `results`.
    """
    key = ["department_code", "assessment_type", "assessed_on"]
    held = assessments.filter(~pl.col("planned")).rename({"ended_on": "assessed_on"}).select(*key, "scope")
    named = held.group_by(key).agg(scoped=(pl.col("scope").list.len().fill_null(0) > 0).all())
    named = named.filter("scoped")
    looked_at = held.explode("scope").rename({"scope": "element"}).unique().with_columns(inside=pl.lit(True))
    return (
        results.join(named, on=key, how="left", nulls_equal=True, maintain_order="left")
        .join(looked_at, on=[*key, "element"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(restated=pl.col("restated") | (pl.col("scoped").is_not_null() & pl.col("inside").is_null()))
        .select(results.columns)
    )


def standing(programme: Programme, day: date, basis: str = "formal") -> pl.DataFrame:
    """The band in force on the day, own or rolled up, of the corporate body and every department active on the day.

    One row for each department and element that has a band, sorted by code: columns and dtypes are STANDING's.
    `basis` is a key of scheme.standard.BASES (KeyError otherwise). measures.md section 2.

    A department whose parent is closed has rows but reaches nothing higher; so has one whose parents form a loop.
    """
    above = _above(programme.departments, day)
    known = _moving(programme, day, basis)
    own = _own(known, above)
    of_sites = _of_sites(known, programme.sites, day).select(_ITEM)
    minor_share = programme.profile(day).minor_share
    parents = pl.DataFrame(
        {"department_code": list(above), "above": list(above.values())},
        schema={"department_code": pl.String, "above": pl.String},
    )
    rows = []
    rising = of_sites.clear()
    for level in _levels(above):
        here = pl.DataFrame({"department_code": level}, schema={"department_code": pl.String})
        directly_below = pl.concat([of_sites.join(here, on="department_code", how="semi"), rising])
        judged = own.join(here, on="department_code", how="semi")
        rolled = _rolled_up(directly_below.join(judged, on=_PLACE, how="anti"), minor_share)
        both = pl.concat([_with_worse_below(judged, directly_below), rolled], how="diagonal")
        rows.append(both)
        rising = (
            both.join(parents, on="department_code")
            .drop_nulls("above")
            .drop("department_code")
            .rename({"above": "department_code"})
            .select(_ITEM)
        )
    return in_code_order(pl.concat(rows, how="diagonal"), *_PLACE).select(
        pl.when(pl.col("department_code") != CORPORATE).then("department_code").alias("department_code"),
        *(pl.col(name).cast(dtype) for name, dtype in STANDING.items() if name != "department_code"),
    )


def site_standing(programme: Programme, day: date, basis: str = "formal") -> pl.DataFrame:
    """The latest result of each site in scope on the day, once for each department it belongs to (section 2, roll-up).

    Columns: department_code (null is the corporate body), site_code, element, band, assessment_type (String),
    assessed_on (Date); sorted by code.
    """
    rows = _of_sites(_moving(programme, day, basis), programme.sites, day)
    return in_code_order(rows, *_PLACE, "site_code").select(
        pl.when(pl.col("department_code") != CORPORATE).then("department_code").alias("department_code"),
        *("site_code", "element", "band", "assessment_type", "assessed_on"),
    )


def _above(departments: pl.DataFrame, day: date) -> dict[str, str | None]:
    """What each active department reaches: its active parent, the corporate body, or None."""
    open_ones = active(departments, day)
    parents = dict(open_ones.select("department_code", "parent_code").iter_rows())
    above: dict[str, str | None] = {CORPORATE: None}
    for code, parent in parents.items():
        above[code] = parent if parent in parents else (None if parent else CORPORATE)
    return above


def _levels(above: dict[str, str | None]) -> list[list[str]]:
    """The codes by their depth, deepest first. Codes whose parents form a loop come last, where nothing rises from."""
    children: dict[str | None, list[str]] = defaultdict(list)
    for code, parent in above.items():
        children[parent].append(code)
    levels = [children[None]]
    while levels[-1]:
        levels.append([child for code in levels[-1] for child in children[code]])
    reached = {code for level in levels for code in level}
    levels[0] += [code for code in above if code not in reached]
    return levels[::-1]


def _moving(programme: Programme, day: date, basis: str) -> pl.DataFrame:
    """The results that move something on this basis up to the day, with `order`: later in time, then in type."""
    types = BASES[basis]
    relevant = programme.results.filter(
        pl.col("assessment_type").is_in(types),
        pl.col("assessed_on") <= day,
        pl.col("element").is_in(programme.standard.codes),
    )
    number = pl.col("assessment_type").replace_strict(
        ASSESSMENT_TYPES, range(len(ASSESSMENT_TYPES)), return_dtype=pl.Int64
    )
    return (
        effective(relevant, programme.assessments)
        .filter(~pl.col("restated"))
        .with_columns(
            pl.col("department_code").fill_null(CORPORATE),
            order=pl.col("assessed_on").to_physical().cast(pl.Int64) * len(ASSESSMENT_TYPES) + number,
        )
        .sort("order")
    )


def _own(known: pl.DataFrame, places: Iterable[str]) -> pl.DataFrame:
    """The latest own result of each department and element, the band before it, and whether a later day passed by."""
    own = known.filter(pl.col("site_code").is_null(), pl.col("department_code").is_in(list(places)))
    newest = own.group_by("department_code").agg(newest=pl.col("assessed_on").max())
    return (
        own.group_by(_PLACE)
        .agg(
            pl.col("band", "assessed_on", "assessment_type").last(),
            previous_band=pl.col("band").shift(1).last(),
        )
        .join(newest, on="department_code")
        .with_columns(carried_forward=pl.col("newest") > pl.col("assessed_on"), rolled_up=pl.lit(False))
        .drop("newest")
    )


def _of_sites(known: pl.DataFrame, sites: pl.DataFrame, day: date) -> pl.DataFrame:
    """The latest result of each site in scope on the day, once for each department it belongs to."""
    in_scope = sites.filter(holds(day, "in_scope_from", "in_scope_to"))
    mine = pl.col("department_code") == pl.col("belongs_to")
    return (
        known.filter(pl.col("site_code").is_not_null())
        .join(belongs_to(in_scope).rename({"department_code": "belongs_to"}), on="site_code")
        .filter(mine | (pl.col("department_code") == CORPORATE))
        .sort("order", mine)
        .group_by("belongs_to", "site_code", "element")
        .agg(pl.col("band", "assessed_on", "assessment_type").last())
        .rename({"belongs_to": "department_code"})
    )


def _with_worse_below(own: pl.DataFrame, directly_below: pl.DataFrame) -> pl.DataFrame:
    worse = (
        directly_below.join(own.select(*_PLACE, own_band="band", own_day="assessed_on"), on=_PLACE)
        .filter(
            pl.col("assessed_on") > pl.col("own_day"),
            _badness("band") > _badness("own_band"),
        )
        .select(_PLACE)
        .unique()
        .with_columns(worse_below=pl.lit(True))
    )
    return own.join(worse, on=_PLACE, how="left").with_columns(pl.col("worse_below").fill_null(False))


def _badness(band: str) -> pl.Expr:
    """The place of a band on the scale, the best first; null beside the scale."""
    numbers: Mapping[str, int] = {band: number for number, band in enumerate(BANDS)}
    return pl.col(band).replace_strict(numbers, default=None, return_dtype=pl.Int8)


def _rolled_up(directly_below: pl.DataFrame, minor_share: float) -> pl.DataFrame:
    """The band that follows from what lies directly below, never an average (measures.md section 2, roll-up)."""
    plus, compliant, partial, failing, _ = (pl.col(name) for name in MIX)
    better, others = plus + compliant, partial + failing
    judged = better + others
    band = (
        pl.when(judged == 0)
        .then(pl.lit(NOT_APPLICABLE))
        .when(plus == judged)
        .then(pl.lit("compliance_plus"))
        .when(better == judged)
        .then(pl.lit("compliant"))
        .when(better / judged >= minor_share)
        .then(pl.lit("partial"))
        .when(failing * 2 > others)
        .then(pl.lit("non_compliant"))
        .otherwise(pl.lit("partial"))
    )
    return (
        directly_below.group_by(_PLACE)
        .agg(
            pl.col("assessed_on").max(),
            *((pl.col("band") == band).sum().alias(name) for name, band in zip(MIX, ALL_BANDS, strict=True)),
        )
        .with_columns(band=band, rolled_up=pl.lit(True), worse_below=pl.lit(False))
    )

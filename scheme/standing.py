"""Standing: the band in force for every department and element on a day (measures.md section 2)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import polars as pl

from scheme.frames import Programme, Schema
from scheme.intervals import as_text, coded_as, in_turn_of
from scheme.intervals import effective as effective  # a word of standing, asked for here
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
# Inside the rules words are numbers (pl.Enum), each kind in the order in which it is sorted: a tenth of the work.
_BAND, _TYPE = pl.Enum(ALL_BANDS), pl.Enum(ASSESSMENT_TYPES)
# A place as one number: of departments and of elements there are fewer than 2 ** 20 each.
_CELL = pl.col("department_code").to_physical().cast(pl.Int64) * 2**20 + pl.col("element").to_physical()


def in_code_order(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The rows sorted by columns of codes, as commands.md says: none first, numbers in number order."""
    places = []
    for name in columns:
        codes = pl.Enum(sorted(frame[name].drop_nulls().unique(), key=code_order))
        places.append((frame[name].cast(codes).to_physical().cast(pl.Int64) + 1).fill_null(0))
    turn = in_turn_of(pl.DataFrame(places).with_row_index("row").select(*columns, pl.col("row").cast(pl.Int64)))
    return frame if turn is None else frame[turn]


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


def standing(programme: Programme, day: date, basis: str = "formal") -> pl.DataFrame:
    """The band in force on the day, own or rolled up, of the corporate body and every department active on the day.

    One row for each department and element that has a band, sorted by code: columns and dtypes are STANDING's.
    `basis` is a key of scheme.standard.BASES (KeyError otherwise). measures.md section 2.

    A department whose parent is closed has rows but reaches nothing higher; so has one whose parents form a loop.
    """
    return as_told(coded_standing(programme, day, basis))


def as_told(coded: pl.DataFrame) -> pl.DataFrame:
    """A `coded_standing` as `standing` tells it: STANDING's columns and dtypes."""
    return as_text(coded).select(
        pl.when(pl.col("department_code") != CORPORATE).then("department_code").alias("department_code"),
        *(pl.col(name).cast(dtype) for name, dtype in STANDING.items() if name != "department_code"),
    )


def coded_standing(programme: Programme, day: date, basis: str = "formal") -> pl.DataFrame:
    """`standing` for rules that go on with it: words as pl.Enum in their order, the corporate body as CORPORATE."""
    above = _above(programme.departments, day)
    known = _moving(programme, day, basis)
    departments = known.schema["department_code"]
    own = _own(known, above)
    levels = _levels(above)
    depths = pl.DataFrame(
        [
            (code, above[code] if depth < len(levels) - 1 else None, depth)
            for depth, of in enumerate(levels)
            for code in of
        ],
        schema={"department_code": departments, "above": departments, "depth": pl.Int64},
        orient="row",
    )
    below_all = pl.concat([_of_sites(known, programme.sites, day).select(_ITEM), _risen(own, depths)])
    # Only places without a band of their own are worked out level by level; all else is known of every level at once.
    owned = own["cell"].implode()
    to_judge = below_all.filter(~_CELL.is_in(owned)).join(depths.drop("above"), on="department_code")
    minor_share = programme.profile(day).minor_share
    rolled, rising = [_rolled_up(below_all.clear(), minor_share)], [below_all.clear()]
    for depth in range(len(levels)):
        unjudged = rising[-1].filter(~_CELL.is_in(owned))
        here = pl.concat([unjudged, to_judge.filter(depth=depth).drop("depth")])
        if here.is_empty():
            rising.append(here)
            continue
        rolled.append(_rolled_up(here, minor_share))
        rising.append(_risen(rolled[-1], depths))
    rows = [_with_worse_below(own, pl.concat([below_all, *rising])), *rolled]
    return pl.concat(rows, how="diagonal").drop("cell").sort(_PLACE)


def site_standing(programme: Programme, day: date, basis: str = "formal") -> pl.DataFrame:
    """The latest result of each site in scope on the day, once for each department it belongs to (section 2, roll-up).

    Columns: department_code (null is the corporate body), site_code, element, band, assessment_type (String),
    assessed_on (Date); sorted by code.
    """
    rows = as_text(_of_sites(_moving(programme, day, basis), programme.sites, day))
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


def _risen(rows: pl.DataFrame, depths: pl.DataFrame) -> pl.DataFrame:
    """Rows as they stand directly below what their departments reach; those that reach nothing are left out."""
    risen = rows.select(_ITEM).join(depths.drop_nulls("above"), on="department_code")
    return risen.select(pl.col("above").alias("department_code"), *_ITEM[1:])


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
    """The results that hold on the day on this basis, with `order`: later in time, then in type."""
    rows = programme.intervals.filter(
        pl.col("assessed_on") <= day, pl.col("until_on").is_null() | (pl.col("until_on") > day)
    )
    kinds = {"element": programme.elements, "band": _BAND, "previous_band": _BAND, "assessment_type": _TYPE}
    return (
        rows.with_columns(coded_as(rows[name], kind) for name, kind in kinds.items())
        .with_columns(coded_as(rows["department_code"], programme.places).fill_null(CORPORATE))
        .filter(pl.col("assessment_type").is_in(BASES[basis]), pl.col("element").is_not_null())
        .with_columns(
            order=pl.col("assessed_on").to_physical().cast(pl.Int64) * len(ASSESSMENT_TYPES)
            + pl.col("assessment_type").to_physical()
        )
    )


def _own(known: pl.DataFrame, places: Iterable[str]) -> pl.DataFrame:
    """The latest own result of each department and element, the band before it, and whether a later day passed by."""
    here = pl.Series(list(places), dtype=pl.String).cast(known.schema["department_code"])
    own = known.filter(pl.col("site_code").is_null(), pl.col("department_code").is_in(here.implode()))
    newest = pl.col("assessed_on").max().over("department_code")
    return own.select(
        *_ITEM,
        "assessment_type",
        "previous_band",
        cell=_CELL,
        carried_forward=newest > pl.col("assessed_on"),
        rolled_up=pl.lit(False),
    )


def _of_sites(known: pl.DataFrame, sites: pl.DataFrame, day: date) -> pl.DataFrame:
    """The latest result of each site in scope on the day, once for each department it belongs to."""
    of_sites = known.filter(pl.col("site_code").is_not_null())
    kinds = {name: of_sites.schema[name] for name in ("site_code", "department_code")}
    in_scope = belongs_to(sites.filter(holds(day, "in_scope_from", "in_scope_to")))
    # A site of which there is no result has no number, and matches nothing.
    there = in_scope.with_columns(pl.col(name).cast(kind, strict=False) for name, kind in kinds.items())
    mine = pl.col("department_code") == pl.col("belongs_to")
    return (
        of_sites.join(there.rename({"department_code": "belongs_to"}), on="site_code")
        .filter(mine | (pl.col("department_code") == CORPORATE))
        .sort("order", mine)
        .group_by("belongs_to", "site_code", "element")
        .agg(pl.col("band", "assessed_on", "assessment_type").last())
        .rename({"belongs_to": "department_code"})
    )


def _with_worse_below(own: pl.DataFrame, directly_below: pl.DataFrame) -> pl.DataFrame:
    worse = (
        directly_below.with_columns(cell=_CELL)
        .join(own.select("cell", own_band="band", own_day="assessed_on"), on="cell")
        .filter(pl.col("assessed_on") > pl.col("own_day"), _badness("band") > _badness("own_band"))["cell"]
    )
    return own.with_columns(worse_below=pl.col("cell").is_in(worse.implode()))


def _badness(band: str) -> pl.Expr:
    """The place of a band on the scale, the best first; null beside the scale."""
    number = pl.col(band).to_physical()
    return pl.when(number < len(BANDS)).then(number)


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
        .with_columns(band=band.cast(_BAND), rolled_up=pl.lit(True), worse_below=pl.lit(False))
    )

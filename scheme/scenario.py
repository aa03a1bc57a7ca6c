"""What if: the programme as it would be if some cells had another band, and what differs then (issue 5, item 3).

There is no second rule: what is tried becomes a formal result of the day, and standing, headroom and roll-ups follow
from the rules there are. Facts are never touched: `supposed` gives another programme.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from scheme.frames import RESULTS, Programme, Schema
from scheme.standard import ALL_BANDS, FORMAL
from scheme.standing import active, effective

Place = tuple[str | None, str]  # department (None is the corporate body), element
Tried = Mapping[Place, str]  # the band that is tried there, one of ALL_BANDS

KIND = FORMAL[-1]  # a reassessment: of two results of one day the later type wins (measures.md section 1)
_AT = ["department_code", "element"]
_HELD = ["department_code", "assessment_type", "assessed_on"]
_SIDES: Schema = {
    "status": pl.String,  # null where nothing was assessed, or bands are rolled up: then there is no verdict
    "headroom": pl.Int64,
    "allowance": pl.Int64,
    "partial": pl.Int64,
    "non_compliant": pl.Int64,
    "not_assessed": pl.Int64,
    "indicative": pl.Boolean,
}
DIFFERENCE: Schema = {
    "department_code": pl.String,
    "criterion": pl.String,
    **{f"{name}_before": kind for name, kind in _SIDES.items()},
    **{f"{name}_after": kind for name, kind in _SIDES.items()},
}
CHANGED: Schema = {
    "department_code": pl.String,
    "element": pl.String,
    "band_before": pl.String,  # null: not assessed
    "band_after": pl.String,
    "rolled_up": pl.Boolean,  # afterwards
}


def fitting(programme: Programme, day: date, tried: Tried) -> dict[Place, str]:
    """What of the tried can be supposed on the day: departments active then, elements and bands of the standard.

    The corporate body is always there. The rest has nothing to stand on and is left out; callers say so.
    """
    places = {None, *active(programme.departments, day)["department_code"]}
    elements = programme.standard.element
    return {
        (department, element): band
        for (department, element), band in tried.items()
        if department in places and element in elements and band in ALL_BANDS
    }


def supposed(programme: Programme, day: date, tried: Tried) -> Programme:
    """The programme in which the tried bands hold on the day, each an own formal result of its department (**ours**).

    As if a reassessment of the day had found them: it wins over every other result of the day, replaces what a
    reassessment of that day says of the same cell, and no assessment's scope makes it restated. What does not fit
    (`fitting`) is left out. For standing and headroom on the day and after it: coverage, visits and the renewal gate
    ask what was looked at, and nothing was.
    """
    cells = fitting(programme, day, tried)
    if not cells:
        return programme
    rows = [
        {
            "department_code": department,
            "assessment_type": KIND,
            "assessed_on": day,
            "element": element,
            "band": band,
            "restated": False,
        }
        for (department, element), band in cells.items()
    ]
    found = pl.DataFrame([{name: row.get(name) for name in RESULTS} for row in rows], schema=RESULTS)
    of_the_whole = pl.col("site_code").is_null()
    known = effective(programme.results, programme.assessments)  # said once: below no scope of that day says it again
    stays = known.filter(of_the_whole).join(found, on=[*_HELD, "element"], how="anti", nulls_equal=True)
    here = found.select(_HELD).unique().with_columns(is_tried=pl.lit(value=True))
    assessments = (
        programme.assessments.join(
            here.rename({"assessed_on": "ended_on"}),
            on=["department_code", "assessment_type", "ended_on"],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .with_columns(scope=pl.when(pl.col("is_tried").is_null()).then("scope"))
        .select(programme.assessments.columns)
    )
    results = pl.concat([known.filter(~of_the_whole), stays, found.select(known.columns)], how="vertical_relaxed")
    return replace(programme, results=results, assessments=assessments)


def difference(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The criteria that stand otherwise: two frames of scheme.headroom.headroom of the same departments and day.

    Columns and dtypes are DIFFERENCE's, in the order of `before`; a row where the status, the headroom or any of the
    counts beside it differs. A status made of rolled-up bands is no verdict, so it is null (measures.md section 2).
    """
    keys = ["department_code", "criterion"]
    sides = [_side(frame, name) for frame, name in ((before, "before"), (after, "after"))]
    both = sides[0].join(sides[1], on=keys, how="inner", nulls_equal=True, maintain_order="left")
    differs = [pl.col(f"{name}_before").ne_missing(pl.col(f"{name}_after")) for name in _SIDES]
    return both.filter(pl.any_horizontal(differs)).select(pl.col(name).cast(kind) for name, kind in DIFFERENCE.items())


def _side(headroom: pl.DataFrame, name: str) -> pl.DataFrame:
    is_verdict = ~pl.col("indicative") & (pl.col("not_assessed") < pl.col("elements"))
    judged = headroom.with_columns(status=pl.when(is_verdict).then("status"))
    return judged.select("department_code", "criterion", *(pl.col(each).alias(f"{each}_{name}") for each in _SIDES))


def bands_changed(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The elements whose band is another, tried or rolled up from what is: two frames of scheme.standing.standing.

    Columns and dtypes are CHANGED's, in the order of `after`, then what has no band any more.
    """
    was = before.select(*_AT, band_before="band")
    now = after.select(*_AT, "rolled_up", band_after="band")
    both = now.join(was, on=_AT, how="full", nulls_equal=True, coalesce=True, maintain_order="left_right")
    return both.filter(pl.col("band_before").ne_missing(pl.col("band_after"))).select(
        pl.col(name).cast(kind) for name, kind in CHANGED.items()
    )

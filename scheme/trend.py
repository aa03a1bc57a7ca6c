"""Trend: what is going wrong over time, and how surely it is more than chance (issue item 7; **ours** throughout).

A *step* is two consecutive own formal results of one department (or the corporate body) and element, not restated. It
is a *fall* where the later band is worse, a *rise* where it is better, and neither to or from `not_applicable`.
Departments count that are active on the day. The *window* is one cycle: what happened in the profile's `cycle_years`
before the day, since every element is looked at once in it.

Falls and recurring partials are facts, and listed. That an element falls in several departments, or that a criterion
drifts, is an inference from many numbers at once, so it is tested: over the window each department counts once, by its
band before the window's first step and after its last, and a department that stands where it stood does not count. If
nothing were going on, the earlier and the later look could stand in either order, so each of the others would be a
fall or a rise like heads or tails of a coin (scheme.chance). Fewer than `FEWEST` departments that moved say nothing;
how many moved tells nothing of where to, so leaving the others out is no choice in favour of an alarm. Over all
elements that are left false alarms are held at `LEVEL` (Benjamini and Hochberg), and over all criteria again.
"""

from datetime import date
from fractions import Fraction

import polars as pl

from scheme.chance import at_least, either_way, raised
from scheme.frames import Programme, Schema
from scheme.intervals import among
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES, BANDS, FORMAL
from scheme.standing import active, effective, in_code_order

LEVEL = Fraction(1, 10)
FEWEST = 5  # departments that moved
YEARS = 10  # of the chart
STEPS: Schema = {
    "department_code": pl.String,
    "criterion": pl.String,
    "element": pl.String,
    "band_before": pl.String,
    "band": pl.String,
    "before_on": pl.Date,
    "assessed_on": pl.Date,
    "change": pl.Int64,  # above 0 a rise, below 0 a fall, by how many bands; null to or from not_applicable
    "is_last": pl.Boolean,  # no later own formal result of this element
    "partials": pl.Int64,  # how many partials in a row end with this result; 0 where it is none
    "partial_since": pl.Date,  # the day of the first of them
}
ALARMS: Schema = {
    "code": pl.String,  # of an element or a criterion
    "departments": pl.Int64,  # with a step in the window
    "fell": pl.Int64,
    "rose": pl.Int64,
    "same": pl.Int64,
    "chance": pl.Float64,  # of so many or more by chance alone; null where too few moved
    "alarm": pl.Boolean,  # null where too few moved
    "who": pl.List(pl.String),  # the departments that fell; null among them is the corporate body
}
BY_YEAR: Schema = {"on": pl.Date, "band": pl.String, "places": pl.Int64}
_PLACE = ["department_code", "element"]


def own_results(programme: Programme, day: date) -> pl.DataFrame:
    """The own formal results of the departments active on the day, earliest first, not restated, up to the day.

    Columns: department_code, criterion, element, band, assessed_on, assessment_type.
    """
    there = active(programme.departments, day)["department_code"].to_list()
    criteria = {element.code: element.criterion for element in programme.standard.elements}
    is_there = pl.col("department_code").is_null() | pl.col("department_code").is_in(there)
    own = programme.results_where(FORMAL, pl.col("site_code").is_null(), pl.col("assessed_on") <= day)
    order = pl.col("assessment_type").cast(pl.Enum(ASSESSMENT_TYPES))
    return (
        effective(own.filter(pl.col("element").is_in(programme.standard.codes), is_there), programme.assessments)
        .filter(~pl.col("restated"))
        .with_columns(criterion=pl.col("element").replace_strict(criteria, return_dtype=pl.String))
        .sort("assessed_on", order, maintain_order=True)
        .select("department_code", "criterion", "element", "band", "assessed_on", "assessment_type")
    )


def steps(programme: Programme, day: date) -> pl.DataFrame:
    """Every step up to the day, by code and then in order of days: columns and dtypes are STEPS's."""
    place, on = pl.col("band").cast(pl.Enum(ALL_BANDS)).to_physical().cast(pl.Int64), pl.col("assessed_on")
    judged = pl.when(place < len(BANDS)).then(place)
    is_partial, row = pl.col("band") == "partial", pl.int_range(pl.len())
    is_next = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in _PLACE) & (row > 0)
    begins = ~pl.col("is_next") | (is_partial != is_partial.shift(1))  # a run of partials, or of what is none
    told = (
        in_code_order(own_results(programme, day), *_PLACE)
        .with_columns(is_next=is_next)
        .with_columns(
            band_before=pl.col("band").shift(1),
            before_on=on.shift(1),
            change=judged.shift(1) - judged,
            is_last=~pl.col("is_next").shift(-1, fill_value=False),
            begins_at=pl.when(begins).then(row).forward_fill(),
            began_on=pl.when(begins).then(on).forward_fill(),
        )
        .with_columns(
            partials=pl.when(is_partial).then(row - pl.col("begins_at") + 1).otherwise(0),
            partial_since=pl.when(is_partial).then("began_on"),
        )
        .filter("is_next")
    )
    return told.select(pl.col(name).cast(dtype) for name, dtype in STEPS.items())


def window(programme: Programme, day: date) -> date:
    """The first day of the window: the profile's cycle before the day."""
    years = programme.profile(day).cycle_years
    leaps = day.month == 2 and day.day == 29
    return day.replace(year=day.year - years, day=28 if leaps else day.day)


def falls(steps: pl.DataFrame, since: date) -> pl.DataFrame:
    """The steps that fell in the window and have not been looked at since, newest first."""
    fallen = steps.filter(pl.col("is_last"), pl.col("change") < 0, pl.col("assessed_on") >= since)
    return fallen.sort("assessed_on", descending=True, maintain_order=True)


def recurring(steps: pl.DataFrame) -> pl.DataFrame:
    """What is partial at its last two or more own formal results, the longest first."""
    found = steps.filter(pl.col("is_last"), pl.col("partials") >= 2)
    return found.sort("partials", "partial_since", descending=[True, False], maintain_order=True)


def elements_falling(steps: pl.DataFrame, since: date) -> pl.DataFrame:
    """Each element with steps in the window, whether more departments fell than chance explains: ALARMS, surest first.

    One-sided: a rise is no alarm.
    """
    moved = _net(steps, since).with_columns(way=pl.col("net").sign(), code="element")
    return _alarms(moved, one_sided=True)


def criteria_drifting(steps: pl.DataFrame, since: date) -> pl.DataFrame:
    """Each criterion with steps in the window, whether departments drift one way in it: ALARMS, surest first.

    A department fell in a criterion where more of its elements fell than rose over the window. Two-sided.
    """
    moved = (
        _net(steps, since)
        .group_by("department_code", code="criterion", maintain_order=True)
        .agg(way=pl.col("net").sign().sum().sign())
    )
    return _alarms(moved, one_sided=False)


def bands_by_year(programme: Programme, day: date, departments: list[str] | None = None) -> pl.DataFrame:
    """How many own bands of each kind were in force at each year's end and on the day: on (Date), band, places.

    Of these departments, None for all and the corporate body. From the first year with a result, `YEARS` at most; every
    band has a row, 0 included; no row where there was never a result.
    """
    known = programme.intervals
    wanted = pl.lit(value=True) if departments is None else among(known["department_code"], departments)
    begins_on, until_on = pl.col("assessed_on"), pl.col("until_on")
    own = known.filter(
        wanted,
        among(known["assessment_type"], FORMAL),
        among(known["element"], programme.standard.codes),
        pl.col("site_code").is_null(),
        begins_on <= day,
        until_on.is_null() | (until_on > begins_on),
    ).select("department_code", "band", "assessed_on", "until_on")

    def there(on: date) -> pl.Series:
        open_ones = active(programme.departments, on)["department_code"].to_list()
        return own["department_code"].is_null() | among(own["department_code"], open_ones)

    first = own.filter(there(day))["assessed_on"].min()
    if not isinstance(first, date):
        return pl.DataFrame(schema=BY_YEAR)
    begin = max(first.year, day.year - YEARS + 1)
    days = [*(date(year, 12, 31) for year in range(begin, day.year) if date(year, 12, 31) < day), day]
    rows = []
    for on in days:
        last = own.filter(there(on), begins_on <= on, until_on.is_null() | (until_on > on))
        counted = dict(last.group_by(pl.col("band").cast(pl.String)).len().iter_rows())
        rows += [(on, band, counted.get(band, 0)) for band in ALL_BANDS]
    return pl.DataFrame(rows, BY_YEAR, orient="row")


def _net(steps: pl.DataFrame, since: date) -> pl.DataFrame:
    """Each place with a step in the window and by how many bands it moved over it: department_code, criterion, element.

    `net` is above 0 where it rose. A place that is or was beside the scale at either end is left out.
    """
    scale = {band: number for number, band in enumerate(BANDS)}
    inside = steps.filter(pl.col("assessed_on") >= since)
    ends = inside.group_by(["criterion", *_PLACE], maintain_order=True).agg(
        pl.col("band_before").first().replace_strict(scale, default=None, return_dtype=pl.Int64),
        pl.col("band").last().replace_strict(scale, default=None, return_dtype=pl.Int64),
    )
    return ends.with_columns(net=pl.col("band_before") - pl.col("band")).drop_nulls("net")


def _alarms(moved: pl.DataFrame, *, one_sided: bool) -> pl.DataFrame:
    """`moved`: department_code, code, way (-1 fell, 0, 1 rose)."""
    way = pl.col("way")
    counted = moved.group_by("code", maintain_order=True).agg(
        departments=pl.len(),
        fell=(way < 0).sum(),
        rose=(way > 0).sum(),
        same=(way == 0).sum(),
        who=pl.col("department_code").filter(way < 0),
    )
    test = at_least if one_sided else either_way
    chances = {
        code: test(fell, fell + rose)
        for code, fell, rose in counted.select("code", "fell", "rose").iter_rows()
        if fell + rose >= FEWEST
    }
    alarms = dict(zip(chances, raised(list(chances.values()), LEVEL), strict=True))
    codes = counted["code"].to_list()
    told = in_code_order(
        counted.with_columns(
            pl.Series("chance", [float(chances[code]) if code in chances else None for code in codes], pl.Float64),
            pl.Series("alarm", [alarms.get(code) for code in codes], pl.Boolean),
        ),
        "code",
    )
    by = [pl.col("alarm").fill_null(value=False), pl.col("chance"), pl.col("fell")]
    ordered = told.sort(by, descending=[True, False, True], nulls_last=True, maintain_order=True)
    return ordered.select(pl.col(name).cast(dtype) for name, dtype in ALARMS.items())

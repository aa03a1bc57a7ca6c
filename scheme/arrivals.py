"""What each department is expected to send and by when, what came last, and which of them to remind first.

measures.md sets one day alone: the review form is due one month before a booked review (section 6). The rest is
**ours**, for results are measured by cycle years and somebody must ask for them:

- Something is expected of every active department once in each year of its own certificate's cycle: a result of any
  type, self-assessments among them, restated ones too, for it is asked whether something came and not what it moves.
- Where it holds no certificate that runs on the day, it is expected within twelve months of its last result; one that
  never had a result is overdue, with no day of which that could be said.
- What lies below a department counts for it, active or not, and so does a result that names one of its sites and no
  department (measures.md section 2). So a directorate is not reminded of what its services have sent.

All of it follows from rows in sight (scheme.sight): that is why only a certificate of its own tells a department's
year, and not one that is held above it.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from scheme.cycle import certificates_on, cycles
from scheme.frames import Programme, Schema
from scheme.intervals import as_text
from scheme.standard import FORMAL, code_order
from scheme.standing import active, belongs_to, lines
from scheme.tables import TABLES

# What came: a row for each table, place and file of a load that still has a row there. No department and no site is the
# corporate body.
ARRIVED: Schema = {
    "table": pl.String,
    "department_code": pl.String,
    "site_code": pl.String,
    "load_number": pl.Int64,
    "file_number": pl.Int64,
    "received_on": pl.Date,
}
EXPECTED: Schema = {
    "department_code": pl.String,
    "what": pl.String,  # form, results
    "state": pl.String,  # overdue; due: not there yet; came
    "due_on": pl.Date,  # the last day on which it is in time; null where there is none
    "about": pl.String,  # the type of the booked review
    "on": pl.Date,  # the first day of the booked review; the day of the newest result
}
ARRIVALS: Schema = {
    **EXPECTED,
    "overdue": pl.Int64,  # how many of the things expected of it are
    "last_on": pl.Date,  # the day of its newest result
    "age_days": pl.Int64,  # how long ago that was: how old its data is, whenever it was sent
    "load_number": pl.Int64,
    "received_on": pl.Date,
    "tables": pl.List(pl.String),
    "files": pl.List(pl.Int64),  # the files of that load with rows about it
}
_STATES = ("overdue", "due", "came")
_NO_DAY = {"overdue": date.min, "due": date.max, "came": date.max}


def review_forms(assessments: pl.DataFrame) -> pl.DataFrame:
    """The planned formal assessments with begins_on and form_on, the day their review form is due, one month before.

    measures.md section 6.
    """
    begins_on = pl.coalesce("started_on", "ended_on")
    return assessments.filter("planned", pl.col("assessment_type").is_in(FORMAL)).with_columns(
        begins_on=begins_on, form_on=begins_on.dt.offset_by("-1mo")
    )


def expected(programme: Programme, day: date) -> pl.DataFrame:
    """What is expected of every active department, and the review forms of the corporate body (null); EXPECTED.

    A form is expected for each booked review that lies ahead of the day and whose form was not submitted by then.
    """
    return _expected(programme, day, newest_results(programme, day))


def _expected(programme: Programme, day: date, newest: Mapping[str | None, date]) -> pl.DataFrame:
    codes, years = active(programme.departments, day)["department_code"].to_list(), _years(programme, day)
    rows = [(code, *_results(newest.get(code), years.get(code), day)) for code in codes]
    forms = review_forms(programme.assessments).filter(
        pl.col("begins_on") >= day,
        pl.col("submitted_on").is_null() | (pl.col("submitted_on") > day),
        pl.col("department_code").is_null() | pl.col("department_code").is_in(codes),
    )
    for code, kind, begins_on, form_on in forms.select(
        "department_code", "assessment_type", "begins_on", "form_on"
    ).iter_rows():
        rows.append((code, "form", "overdue" if form_on < day else "due", form_on, kind, begins_on))
    rows.sort(key=lambda row: (code_order(row[0]), *_urgency(row)))
    return pl.DataFrame(rows, EXPECTED, orient="row")


def arrivals(programme: Programme, day: date, arrived: pl.DataFrame) -> pl.DataFrame:
    """For each department of `expected` the thing it is to be reminded of first, and what came last; worst first.

    `arrived` has the columns of ARRIVED; what was received after the day is left out. What came last is the newest load
    with a row of the department or of what lies below it. Overdue comes before due, due before the rest; of those the
    earlier day first, then the older data, then the code.
    """
    newest = newest_results(programme, day)
    wanted = _expected(programme, day, newest)
    late = wanted.filter(state="overdue").group_by("department_code").agg(overdue=pl.len().cast(pl.Int64))
    first = wanted.unique("department_code", keep="first", maintain_order=True)
    came = _newest(programme, arrived.filter(pl.col("received_on") <= day))
    both = first.join(late, on="department_code", how="left", nulls_equal=True).join(
        came, on="department_code", how="left", nulls_equal=True
    )
    last_on = pl.Series("last_on", [newest.get(code) for code in both["department_code"]], pl.Date)
    age = (pl.lit(day) - pl.col("last_on")).dt.total_days()
    told = both.with_columns(last_on, pl.col("overdue").fill_null(0)).with_columns(age_days=age)
    return pl.DataFrame(sorted(told.select(list(ARRIVALS)).to_dicts(), key=_worst), ARRIVALS)


def _urgency(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The order of what is expected of one department: overdue, due, came; the earlier day first; forms first."""
    _, what, state, due_on, kind, on = row
    return _STATES.index(state), due_on or _NO_DAY[state], what, on or date.min, kind or ""


def _worst(row: dict[str, Any]) -> tuple[Any, ...]:
    state = row["state"]
    day = row["due_on"] or _NO_DAY[state] if state != "came" else date.min
    return _STATES.index(state), day, row["last_on"] or date.min, code_order(row["department_code"])


def _results(last_on: date | None, years: list[tuple[date, date]] | None, day: date) -> tuple[Any, ...]:
    """What is expected of one department's results: what, state, due_on, about, on."""
    eve = timedelta(days=1)
    running = next((number for number, (begin, end) in enumerate(years or ()) if begin <= day < end), None)
    if years is None or running is None:
        due_on = None if last_on is None else _year_after(last_on)
        return "results", "came" if due_on is not None and due_on >= day else "overdue", due_on, None, last_on
    begins_on, ends_on = years[running]
    if last_on is not None and last_on >= begins_on:
        due_on = years[running + 1][1] - eve if running + 1 < len(years) else None
        return "results", "came", due_on, None, last_on
    if running > 0 and (last_on is None or last_on < years[running - 1][0]):
        return "results", "overdue", begins_on - eve, None, last_on
    return "results", "due", ends_on - eve, None, last_on


def _year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February; and no day follows the year 9999
        return date.max if day.year == date.max.year else day.replace(year=day.year + 1, day=28)


def _years(programme: Programme, day: date) -> dict[str, list[tuple[date, date]]]:
    """By holder, the years of the cycle of its own certificate, if that runs on the day."""
    own = certificates_on(programme, day).filter(
        pl.col("department_code").is_not_null(), pl.col("ended_on").is_null() | (pl.col("ended_on") > day)
    )
    found: dict[str, list[tuple[date, date]]] = {}
    years = cycles(programme, day, own).years.select("department_code", "begins_on", "ends_on")
    for code, begins_on, ends_on in years.iter_rows():
        found.setdefault(code, []).append((begins_on, ends_on))
    return found


def newest_results(programme: Programme, day: date) -> dict[str | None, date]:
    """The day of the newest result of any kind, on or before the day, by department; none is the corporate body.

    A department's own, those of its sites where they name none, and those of what lies below it.
    """
    days = programme.intervals.filter(pl.col("assessed_on") <= day).group_by("department_code", "site_code")
    newest = as_text(days.agg(pl.col("assessed_on").max()))
    return dict(_placed(programme, newest).group_by("department_code").agg(pl.col("assessed_on").max()).iter_rows())


def _placed(programme: Programme, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows once for each department they are about: the one they name, else those of their site; and all above these.

    Every row stands also for the corporate body (null).
    """
    own, lone = pl.col("department_code").is_not_null(), pl.col("site_code").is_not_null()
    of_site = rows.filter(~own, lone).drop("department_code").join(belongs_to(programme.sites), on="site_code")
    named = pl.concat([rows.filter(own), of_site.select(rows.columns)])
    there = named.join(lines(programme.departments), left_on="department_code", right_on="place")
    above = there.drop("department_code").rename({"above": "department_code"}).select(rows.columns)
    whole = rows.with_columns(department_code=pl.lit(None, pl.String))
    return pl.concat([above, whole]).drop("site_code")


def _newest(programme: Programme, arrived: pl.DataFrame) -> pl.DataFrame:
    """By department the newest load with a row about it: load_number, received_on, tables (in order), files."""
    placed = _placed(programme, arrived)
    last = placed.filter(pl.col("load_number") == pl.col("load_number").max().over("department_code"))
    order = pl.Enum(list(TABLES))
    return last.group_by("department_code").agg(
        pl.col("load_number").first(),
        pl.col("received_on").max(),
        tables=pl.col("table").cast(order).unique().sort().cast(pl.String),
        files=pl.col("file_number").unique().sort(),
    )

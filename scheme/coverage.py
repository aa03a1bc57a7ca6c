"""Coverage: which elements were looked at in the cycle of a certificate, what it still owes (measures.md section 4)."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from scheme.frames import Programme, Schema
from scheme.standard import FORMAL
from scheme.standing import CORPORATE, belongs_to, below, effective, in_code_order

# A reassessment follows a review up; it is none (ours).
REVIEWS = tuple(kind for kind in FORMAL if kind != "reassessment")
STATES = ("covered", "satisfied", "planned", "missed", "due", "open")

COVERAGE: Schema = {
    "certificate_code": pl.String,
    "element": pl.String,
    "kind": pl.String,  # annual, rolling
    "covered": pl.Boolean,
    "last_covered_on": pl.Date,
    "years": pl.List(pl.String),  # one of STATES for each year of the cycle
    "outstanding": pl.Boolean,
    "department_code": pl.String,  # of the holder
    "criterion": pl.String,
}
YEARS: Schema = {
    "certificate_code": pl.String,
    "department_code": pl.String,  # of the holder
    "year": pl.Int64,  # 1 and on
    "begins_on": pl.Date,
    "ends_on": pl.Date,  # where the next one begins
    "state": pl.String,  # over, running, to_come
    "assessment_days": pl.List(pl.Date),  # those that belong to it, moved ones included
}
COMPLETION: Schema = {
    "certificate_code": pl.String,
    "department_code": pl.String,  # of the holder
    "elements": pl.Int64,
    "covered": pl.Int64,
    "share": pl.Float64,  # covered / elements, 0 to 1
    "outstanding": pl.Int64,
    "reviews_left": pl.Int64,
    "elements_per_review": pl.Float64,  # median; null without a review before
    "can_complete": pl.Boolean,  # null: not known
    "annual_list_set": pl.Boolean,
    "sentence": pl.String,
}
_TERMS: Schema = {
    "certificate_code": pl.String,
    "holder": pl.String,
    "awarded_on": pl.Date,
    "expires_on": pl.Date,
    "cut_on": pl.Date,  # first day on which nothing counts any more
    "opening_to": pl.Date,  # first day on which initial and renewal count
    "annual": pl.List(pl.String),
    "annual_list_set": pl.Boolean,
    "cycle_years": pl.Int64,
    "grace": pl.Int64,  # days
}
_CELL = ["certificate_code", "element"]


def certificates_on(programme: Programme, day: date) -> pl.DataFrame:
    """The certificate of each holder that measures speak of: the last with `awarded_on` on or before the day.

    Of two awarded on one day the one with the highest code. Columns as in scheme.frames.CERTIFICATES, sorted by
    certificate_code. measures.md section 4.
    """
    awarded = in_code_order(programme.certificates.filter(pl.col("awarded_on") <= day), "certificate_code")
    latest = awarded.sort("awarded_on", maintain_order=True).group_by("department_code").last()
    return in_code_order(latest.select(awarded.columns), "certificate_code")


def places_of(programme: Programme, certificates: pl.DataFrame) -> pl.DataFrame:
    """The departments each certificate covers: certificate_code, place ("" is the corporate body).

    Those of its holder and all below it, active or not (measures.md sections 4 and 5).
    """
    rows = [
        (code, place or CORPORATE)
        for code, holder in certificates.select("certificate_code", "department_code").iter_rows()
        for place in below(programme.departments, holder)
    ]
    return pl.DataFrame(rows, schema={"certificate_code": pl.String, "place": pl.String}, orient="row")


def cycle_years(programme: Programme, day: date) -> pl.DataFrame:
    """The years of each certificate's cycle: their bounds, their state on the day, the assessment days they have.

    Columns and dtypes are YEARS's, sorted by certificate_code, year. A day that slipped past an anniversary is listed
    in the year it moved to. measures.md sections 1 (cycle) and 4 (years).
    """
    terms = _terms(programme, day, certificates_on(programme, day))
    return _years(terms, _looked_at(programme, day, terms), day)


def coverage(programme: Programme, day: date) -> pl.DataFrame:
    """Whether each element was looked at in the cycle of each certificate, and its state in every year.

    Columns and dtypes are COVERAGE's, sorted by certificate_code, element. Where the profile names no annual elements
    all are rolling; `completion` says whether the list is set. measures.md section 4.
    """
    terms = _terms(programme, day, certificates_on(programme, day))
    looked_at = _looked_at(programme, day, terms)
    return _coverage(programme, day, terms, looked_at, _years(terms, looked_at, day))


def completion(programme: Programme, day: date) -> pl.DataFrame:
    """Whether each certificate's cycle can still be completed: what is outstanding against the reviews left.

    Columns and dtypes are COMPLETION's, sorted by certificate_code. measures.md section 4; how to count is **ours**:
    - a review is a formal assessment but a reassessment; several on one day are one;
    - `reviews_left` is the larger of the days with a planned review of the holder or a department below it, on or
      after the day asked, and of the years not over in which no review counted yet; 0 once the certificate is not in
      force;
    - `elements_per_review` is the median, over the days with a review that counted in any cycle of the holder up to
      the day asked, of the elements looked at on that day;
    - `can_complete` where outstanding <= reviews_left x elements_per_review; null where there was no review before.
    """
    certificates = certificates_on(programme, day)
    terms = _terms(programme, day, certificates)
    looked_at = _looked_at(programme, day, terms)
    years = _years(terms, looked_at, day)
    counts = (
        _coverage(programme, day, terms, looked_at, years)
        .group_by("certificate_code")
        .agg(pl.len().alias("elements"), pl.col("covered").sum(), pl.col("outstanding").sum())
    )
    rows = (
        terms.rename({"holder": "department_code"})
        .join(counts, on="certificate_code")
        .join(_reviews_left(programme, day, terms, looked_at, years), on="certificate_code")
        .join(_per_review(programme, day, certificates), on="department_code", how="left", nulls_equal=True)
        .with_columns(
            share=pl.col("covered") / pl.col("elements"),
            can_complete=pl.when(pl.col("outstanding") == 0)
            .then(True)
            .when(pl.col("reviews_left") == 0)
            .then(False)
            .otherwise(pl.col("outstanding") <= pl.col("reviews_left") * pl.col("elements_per_review")),
        )
    )
    sentences = pl.Series("sentence", [_sentence(row) for row in rows.iter_rows(named=True)], dtype=pl.String)
    return in_code_order(rows.with_columns(sentences), "certificate_code").select(
        pl.col(name).cast(dtype) for name, dtype in COMPLETION.items()
    )


def _terms(programme: Programme, day: date, certificates: pl.DataFrame) -> pl.DataFrame:
    """What each certificate's profile, in the version in force on the day, makes of its cycle."""
    rows = []
    for certificate in certificates.iter_rows(named=True):
        profile = programme.profile(day, certificate["profile"])
        opening = timedelta(days=0 if profile.opening_assessment_counts else profile.opening_days)
        awarded_on, expires_on = certificate["awarded_on"], certificate["expires_on"]
        rows.append(
            (
                certificate["certificate_code"],
                certificate["department_code"],
                awarded_on,
                expires_on,
                min(expires_on, certificate["ended_on"] or expires_on),
                awarded_on + opening,
                list(profile.annual_elements or ()),
                profile.annual_elements is not None,
                profile.cycle_years,
                profile.review_grace_days,
            )
        )
    return pl.DataFrame(rows, schema=_TERMS, orient="row")


def _places(programme: Programme, terms: pl.DataFrame) -> pl.DataFrame:
    return places_of(programme, terms.select("certificate_code", department_code="holder"))


def _looked_at(programme: Programme, day: date, terms: pl.DataFrame) -> pl.DataFrame:
    """What counts as covered: certificate_code, element, day, assessment_type, without doubles."""
    codes = programme.standard.codes
    moving = programme.results.filter(
        pl.col("assessment_type").is_in(FORMAL), pl.col("assessed_on") <= day, pl.col("element").is_in(codes)
    )
    results = effective(moving, programme.assessments).filter(~pl.col("restated")).rename({"assessed_on": "day"})
    item = ["place", "element", "day", "assessment_type"]
    own = results.filter(pl.col("site_code").is_null()).rename({"department_code": "place"})
    of_sites = results.drop("department_code").join(
        belongs_to(programme.sites).rename({"department_code": "place"}), on="site_code"
    )
    held = programme.assessments.filter(~pl.col("planned"), pl.col("ended_on") <= day)
    items = pl.concat([frame.select(item) for frame in (own, of_sites, _in_scope(held, codes))])
    return (
        items.with_columns(pl.col("place").fill_null(CORPORATE))
        .unique()
        .join(_places(programme, terms), on="place")
        .join(terms, on="certificate_code")
        .filter(
            pl.col("day") >= pl.col("awarded_on"),
            pl.col("day") < pl.col("cut_on"),
            (pl.col("day") >= pl.col("opening_to")) | ~pl.col("assessment_type").is_in(["initial", "renewal"]),
        )
        .select(*_CELL, "day", "assessment_type")
        .unique()
    )


def _in_scope(assessments: pl.DataFrame, codes: Sequence[str]) -> pl.DataFrame:
    """The elements in the scope of formal assessments: place, element, day, assessment_type."""
    return (
        assessments.filter(pl.col("assessment_type").is_in(FORMAL))
        .select(
            pl.col("department_code").fill_null(CORPORATE).alias("place"),
            pl.col("scope").alias("element"),
            pl.col("ended_on").alias("day"),
            "assessment_type",
        )
        .explode("element")
        .filter(pl.col("element").is_in(codes))
    )


def _planned(programme: Programme, day: date, terms: pl.DataFrame) -> pl.DataFrame:
    """The formal assessments planned inside each cycle, on or after the day: ASSESSMENTS' columns, certificate_code."""
    return (
        programme.assessments.filter("planned", pl.col("ended_on") >= day, pl.col("assessment_type").is_in(FORMAL))
        .with_columns(place=pl.col("department_code").fill_null(CORPORATE))
        .join(_places(programme, terms), on="place")
        .join(terms.select("certificate_code", "cut_on"), on="certificate_code")
        .filter(pl.col("ended_on") < pl.col("cut_on"))
    )


def _years(terms: pl.DataFrame, looked_at: pl.DataFrame, day: date) -> pl.DataFrame:
    days = {code: sorted(set(found)) for code, found in looked_at.group_by("certificate_code").agg("day").iter_rows()}
    rows: list[tuple[Any, ...]] = []
    for term in terms.iter_rows(named=True):
        code, grace = term["certificate_code"], timedelta(days=term["grace"])
        bounds = _bounds(term["awarded_on"], term["expires_on"], term["cycle_years"])
        settled = _settled(bounds, days.get(code, []), grace)
        for number, ((begins_on, ends_on), own) in enumerate(zip(bounds, settled, strict=True), 1):
            over = day >= ends_on and (bool(own) or number == len(bounds) or day >= ends_on + grace)
            state = "over" if over else "running" if day >= begins_on else "to_come"
            rows.append((code, term["holder"], number, begins_on, ends_on, state, own))
    return pl.DataFrame(rows, schema=YEARS, orient="row")


def _bounds(awarded_on: date, expires_on: date, count: int) -> list[tuple[date, date]]:
    """Where each year of a cycle begins and ends; 29 February + 1 year is 28 February (measures.md section 1)."""
    begins = [begin for begin in (_years_after(awarded_on, k) for k in range(count)) if begin < expires_on]
    return list(zip(begins, [*begins[1:], expires_on], strict=True)) if begins else []


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _settled(bounds: Sequence[tuple[date, date]], days: Iterable[date], grace: timedelta) -> list[list[date]]:
    """The assessment days that belong to each year: its own, or the first one that slipped past its end.

    Years are settled in order; a day moves once, and takes all its results with it (measures.md section 4).
    """
    own = [[x for x in days if begins_on <= x < ends_on] for begins_on, ends_on in bounds]
    for year, (_, ends_on) in enumerate(bounds[:-1]):
        if own[year]:
            continue
        late = [(x, later) for later in range(year + 1, len(own)) for x in own[later] if ends_on <= x < ends_on + grace]
        if late:
            moved, later = min(late)
            own[later].remove(moved)
            own[year].append(moved)
    return own


def _coverage(
    programme: Programme, day: date, terms: pl.DataFrame, looked_at: pl.DataFrame, years: pl.DataFrame
) -> pl.DataFrame:
    elements = pl.DataFrame(
        [(element.code, element.criterion) for element in programme.standard.elements],
        schema={"element": pl.String, "criterion": pl.String},
        orient="row",
    )
    last_days = looked_at.group_by(_CELL).agg(last_covered_on=pl.col("day").max())
    cells = (
        terms.select("certificate_code", "annual", department_code="holder")
        .join(elements, how="cross")
        .join(last_days, on=_CELL, how="left")
        .with_columns(annual=pl.col("element").is_in(pl.col("annual")), covered=pl.col("last_covered_on").is_not_null())
    )
    by_year = [*_CELL, "year"]
    covered = looked_at.join(_days_of(years), on=["certificate_code", "day"]).select(by_year).unique()
    planned = (
        _planned(programme, day, terms)
        .select("certificate_code", pl.col("scope").alias("element"), "ended_on")
        .explode("element")
        .join(years, on="certificate_code")
        .filter(pl.col("ended_on") >= pl.col("begins_on"), pl.col("ended_on") < pl.col("ends_on"))
        .select(by_year)
        .unique()
    )
    counted = pl.col("covered_then").is_not_null()
    owed = pl.col("annual") | (pl.col("year") == pl.col("year").max().over("certificate_code"))
    state = (
        pl.when(counted)
        .then(pl.lit("covered"))
        .when(~pl.col("annual") & pl.col("covered"))
        .then(pl.lit("satisfied"))
        .when(pl.col("planned_then").is_not_null())
        .then(pl.lit("planned"))
        .when(owed & (pl.col("state") == "over"))
        .then(pl.lit("missed"))
        .when(owed & (pl.col("state") == "running"))
        .then(pl.lit("due"))
        .otherwise(pl.lit("open"))
    )
    states = (
        cells.join(years.select("certificate_code", "year", "state"), on="certificate_code")
        .join(covered.with_columns(covered_then=True), on=by_year, how="left")
        .join(planned.with_columns(planned_then=True), on=by_year, how="left")
        .with_columns(in_year=state, lacking=(pl.col("state") == "running") & ~counted)
        .sort("year")
        .group_by(_CELL)
        .agg(years=pl.col("in_year"), lacking=pl.col("lacking").any())
    )
    rows = cells.join(states, on=_CELL, how="left").with_columns(
        pl.col("years").fill_null([]),
        kind=pl.when("annual").then(pl.lit("annual")).otherwise(pl.lit("rolling")),
        outstanding=pl.when("annual").then(pl.col("lacking").fill_null(False)).otherwise(~pl.col("covered")),
    )
    return in_code_order(rows, *_CELL).select(pl.col(name).cast(dtype) for name, dtype in COVERAGE.items())


def _days_of(years: pl.DataFrame) -> pl.DataFrame:
    """The year each assessment day belongs to: certificate_code, year, day."""
    return years.select("certificate_code", "year", day="assessment_days").explode("day").drop_nulls("day")


def _reviews_left(
    programme: Programme, day: date, terms: pl.DataFrame, looked_at: pl.DataFrame, years: pl.DataFrame
) -> pl.DataFrame:
    """certificate_code, reviews_left: see `completion`."""
    planned = (
        _planned(programme, day, terms)
        .filter(pl.col("assessment_type").is_in(REVIEWS))
        .group_by("certificate_code")
        .agg(planned=pl.col("ended_on").n_unique())
    )
    reviewed = looked_at.filter(pl.col("assessment_type").is_in(REVIEWS)).join(
        _days_of(years), on=["certificate_code", "day"]
    )
    empty = (
        years.join(reviewed, on=["certificate_code", "year"], how="anti")
        .join(terms.select("certificate_code", "cut_on"), on="certificate_code")
        .filter(pl.col("state") != "over", pl.col("begins_on") < pl.col("cut_on"), pl.col("cut_on") > day)
        .group_by("certificate_code")
        .agg(empty=pl.len())
    )
    return (
        terms.select("certificate_code")
        .join(planned, on="certificate_code", how="left")
        .join(empty, on="certificate_code", how="left")
        .select("certificate_code", reviews_left=pl.max_horizontal("planned", "empty").fill_null(0).cast(pl.Int64))
    )


def _per_review(programme: Programme, day: date, certificates: pl.DataFrame) -> pl.DataFrame:
    """department_code, elements_per_review: see `completion`. The present certificate's profile serves every cycle."""
    awarded = programme.certificates.filter(pl.col("awarded_on") <= day).drop("profile")
    every = awarded.join(certificates.select("department_code", "profile"), on="department_code", nulls_equal=True)
    terms = _terms(programme, day, every)
    return (
        _looked_at(programme, day, terms)
        .filter(pl.col("assessment_type").is_in(REVIEWS))
        .join(terms.select("certificate_code", department_code="holder"), on="certificate_code")
        .group_by("department_code", "day")
        .agg(pl.col("element").n_unique())
        .group_by("department_code")
        .agg(elements_per_review=pl.col("element").median())
    )


def _sentence(row: dict[str, Any]) -> str:
    outstanding, left, each = row["outstanding"], row["reviews_left"], row["elements_per_review"]
    if not outstanding:
        return "Nothing is outstanding."
    owed = f"{outstanding} of {row['elements']} elements {'is' if outstanding == 1 else 'are'} outstanding"
    if not left:
        return f"{owed} and no review is left."
    reviews = f"{left} review{' is' if left == 1 else 's are'} left"
    if each is None:
        return f"{owed}; {reviews}, and no earlier review tells how many elements one looks at."
    looked_at = f"a review of this holder has looked at {each:g} element{'' if each == 1 else 's'} (median)"
    return f"{owed}; {reviews} and {looked_at}: {'enough' if row['can_complete'] else 'too few'}."

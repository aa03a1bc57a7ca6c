"""Cycles: the years of a certificate, and what counts as looked at in them (measures.md sections 1 and 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from scheme.frames import Programme, Schema
from scheme.intervals import among, as_text, coded_as
from scheme.standard import FORMAL
from scheme.standing import CORPORATE, belongs_to, effective, in_code_order, lines

YEARS: Schema = {
    "certificate_code": pl.String,
    "department_code": pl.String,  # of the holder
    "year": pl.Int64,  # 1 and on
    "begins_on": pl.Date,
    "ends_on": pl.Date,  # where the next one begins
    "state": pl.String,  # over, running, to_come
    "assessment_days": pl.List(pl.Date),  # those that belong to it, moved ones included
}
_TERMS: Schema = {
    "certificate_code": pl.String,
    "holder": pl.String,
    "asked_on": pl.Date,  # the day it is asked for
    "awarded_on": pl.Date,
    "expires_on": pl.Date,
    "cut_on": pl.Date,  # first day on which nothing counts any more
    "opening_to": pl.Date,  # first day on which initial and renewal count
    "annual": pl.List(pl.String),
    "annual_list_set": pl.Boolean,
    "cycle_years": pl.Int64,
    "grace": pl.Int64,  # days
}
# Of a result, what may make it count as looked at.
_SAID = ["department_code", "site_code", "element", "assessed_on", "assessment_type"]


@dataclass(frozen=True)
class Cycles:
    """The cycles of some certificates, and what counts in them up to a day.

    terms: certificate_code, holder, awarded_on, expires_on, cut_on, annual, annual_list_set and more, one row each;
    places: certificate_code, place (the departments it covers; "" is the corporate body);
    looked_at: certificate_code, element, day, assessment_type, year of all that counts as covered, without doubles;
    years: YEARS.
    """

    terms: pl.DataFrame
    places: pl.DataFrame
    looked_at: pl.DataFrame
    years: pl.DataFrame

    def of(self, certificates: pl.DataFrame) -> "Cycles":
        """Those of some of the certificates."""
        frames = (self.terms, self.places, self.looked_at, self.years)
        return Cycles(*(frame.join(certificates, on="certificate_code", how="semi") for frame in frames))


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

    Those of its holder and all below it, active or not; every one for the corporate body (measures.md sections 4, 5).
    """
    holder = pl.col("department_code")
    every = programme.departments.select(place="department_code")
    covered = [
        certificates.select("certificate_code", place=holder.fill_null(CORPORATE)),
        certificates.filter(holder.is_null()).select("certificate_code").join(every, how="cross"),
        certificates.join(lines(programme.departments), left_on="department_code", right_on="above").select(
            "certificate_code", "place"
        ),
    ]
    return pl.concat(covered).unique()


def asked_on(certificates: pl.DataFrame, day: date) -> pl.DataFrame:
    """The certificates with a column `asked_on`, the day each is asked for: its own where it has one, else this day."""
    return certificates if "asked_on" in certificates.columns else certificates.with_columns(asked_on=pl.lit(day))


def cycle_years(programme: Programme, day: date) -> pl.DataFrame:
    """The years of each certificate's cycle: their bounds, their state on the day, the assessment days they have.

    Columns and dtypes are YEARS's, sorted by certificate_code, year. A day that slipped past an anniversary is listed
    in the year it moved to. measures.md sections 1 (cycle) and 4 (years).
    """
    return cycles(programme, day, certificates_on(programme, day)).years


def cycles(programme: Programme, day: date, certificates: pl.DataFrame) -> Cycles:
    """The cycles of these certificates as of the day, or of the day each has in a column `asked_on`.

    ProfileInvalid where one names an unknown profile.
    """
    terms, places = _terms(programme, asked_on(certificates, day)), places_of(programme, certificates)
    looked_at = _looked_at(programme, terms, places)
    years = _years(terms, looked_at)
    year_of = years.select("certificate_code", "year", day="assessment_days").explode("day").drop_nulls("day")
    return Cycles(terms, places, looked_at.join(year_of, on=["certificate_code", "day"]), years)


def planned(programme: Programme, day: date, of: Cycles) -> pl.DataFrame:
    """The formal assessments planned inside each cycle, on or after the day: ASSESSMENTS' columns, certificate_code."""
    return _planned(programme, day, of.terms, of.places)


def planned_of(programme: Programme, day: date, certificates: pl.DataFrame) -> pl.DataFrame:
    """`planned` of certificates whose cycles are not needed for anything else."""
    terms = _terms(programme, asked_on(certificates, day))
    return _planned(programme, day, terms, places_of(programme, certificates))


def _planned(programme: Programme, day: date, terms: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    return (
        programme.assessments.filter("planned", pl.col("ended_on") >= day, pl.col("assessment_type").is_in(FORMAL))
        .with_columns(place=pl.col("department_code").fill_null(CORPORATE))
        .join(places, on="place")
        .join(terms.select("certificate_code", "cut_on"), on="certificate_code")
        .filter(pl.col("ended_on") < pl.col("cut_on"))
    )


def _terms(programme: Programme, certificates: pl.DataFrame) -> pl.DataFrame:
    """What each certificate's profile, in the version in force on its day, makes of its cycle."""
    rows = []
    for certificate in certificates.iter_rows(named=True):
        profile = programme.profile(certificate["asked_on"], certificate["profile"])
        opening = timedelta(days=0 if profile.opening_assessment_counts else profile.opening_days)
        awarded_on, expires_on = certificate["awarded_on"], certificate["expires_on"]
        rows.append(
            (
                certificate["certificate_code"],
                certificate["department_code"],
                certificate["asked_on"],
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


def _looked_at(programme: Programme, terms: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """What counts as covered (measures.md section 4), as Cycles says."""
    # Of no day but those of a cycle, and of no place but theirs, before anything else is asked of them.
    days = pl.col("assessed_on").is_between(terms["awarded_on"].min(), terms["asked_on"].max())
    known = programme.intervals.filter(days).select(*_SAID, "restated")
    covered = places["place"].unique()
    if covered.len() <= programme.departments.height:  # else it is every place there is
        departments = known["department_code"]
        here = among(departments, covered) | departments.is_null() | known["site_code"].is_not_null()
        known = known.filter(here)
    moving = known.filter(among(known["assessment_type"], FORMAL), among(known["element"], programme.standard.codes))
    results = effective(moving, programme.assessments).filter(~pl.col("restated")).select(_SAID)
    homes = belongs_to(programme.sites).rename({"department_code": "place"})
    homes = homes.with_columns(pl.col("site_code").cast(results.schema["site_code"], strict=False))
    homes = homes.with_columns(coded_as(homes["place"], programme.places))
    own = results.filter(pl.col("site_code").is_null())
    held = _in_scope(programme.assessments.filter(~pl.col("planned")), programme.standard.codes)
    parts = (
        own.with_columns(coded_as(own["department_code"], programme.places).fill_null(CORPORATE).alias("place")),
        results.join(homes, on="site_code"),
        held.with_columns(coded_as(held["place"], programme.places)),
    )
    item = ["element", "day", "assessment_type"]
    covers = places.with_columns(coded_as(places["place"], programme.places))
    found = [
        part.rename({"assessed_on": "day"}, strict=False)
        .join(covers, on="place")
        .select("certificate_code", *item)
        .unique()
        for part in parts
    ]
    return (
        pl.concat(as_text(part) for part in found)
        .unique()
        .join(terms, on="certificate_code")
        .filter(
            pl.col("day") >= pl.col("awarded_on"),
            pl.col("day") < pl.col("cut_on"),
            pl.col("day") <= pl.col("asked_on"),
            (pl.col("day") >= pl.col("opening_to")) | ~pl.col("assessment_type").is_in(["initial", "renewal"]),
        )
        .select("certificate_code", *item)
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


def _years(terms: pl.DataFrame, looked_at: pl.DataFrame) -> pl.DataFrame:
    days = {code: sorted(set(found)) for code, found in looked_at.group_by("certificate_code").agg("day").iter_rows()}
    rows: list[tuple[Any, ...]] = []
    for term in terms.iter_rows(named=True):
        code, day, grace = term["certificate_code"], term["asked_on"], timedelta(days=term["grace"])
        bounds = _bounds(term["awarded_on"], term["expires_on"], term["cycle_years"])
        own_days = settled(bounds, days.get(code, []), grace)
        for number, ((begins_on, ends_on), own) in enumerate(zip(bounds, own_days, strict=True), 1):
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


def settled(bounds: Sequence[tuple[date, date]], days: Iterable[date], grace: timedelta) -> list[list[date]]:
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

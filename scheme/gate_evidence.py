"""The rows behind the renewal gate: what each of its five checks is judged by (measures.md section 6)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from scheme.coverage import coverage
from scheme.cycle import asked_on, cycles
from scheme.frames import RESULTS, Programme, Schema
from scheme.headroom import HEADROOM, headroom
from scheme.intervals import among, as_text, effective, intervals
from scheme.standard import FORMAL, Profile, code_order
from scheme.standing import coded_standing, in_code_order
from scheme.visits import sites, visits

SOUND = ("compliance_plus", "compliant")
BELOW = ("partial", "non_compliant")
_ORDER = {kind: place for place, kind in enumerate(FORMAL)}

CRITERIA: Schema = {
    "certificate_code": pl.String,
    **HEADROOM,
    "fails_by_own": pl.Boolean,  # by the holder's own bands alone, whatever is rolled up beside them
}
SETBACKS: Schema = {
    "certificate_code": pl.String,
    "department_code": pl.String,  # of the holder
    "element": pl.String,
    "fell_on": pl.Date,  # the last day in the cycle on which it fell from compliant or better; null: it did not
    "fell_from": pl.String,  # the band before
    "fell_to": pl.String,  # the band of that day
    "partials": pl.Int64,  # how many results in a row, the newest among them, are partial; 0: fewer than two
    "days": pl.List(pl.Date),  # of all its own formal results up to the day
    "bands": pl.List(pl.String),
}
LISTS: Schema = {
    "certificate_code": pl.String,
    "annual_list_set": pl.Boolean,
    "assessments": pl.Int64,  # formal ones of the holder that gave results of its own
}


@dataclass(frozen=True)
class Evidence:
    """What the checks of some certificates are judged by on a day.

    years: scheme.cycle.YEARS; elements: scheme.coverage.COVERAGE; owed: scheme.visits.VISITS_OWED; sites:
    scheme.visits.SITES_TO_VISIT; criteria: CRITERIA, of the holder; setbacks: SETBACKS, of the holder; lists: LISTS.
    """

    years: pl.DataFrame
    elements: pl.DataFrame
    owed: pl.DataFrame
    sites: pl.DataFrame
    criteria: pl.DataFrame
    setbacks: pl.DataFrame
    lists: pl.DataFrame

    def apart(self, certificates: Iterable[str]) -> Mapping[str, "Evidence"]:
        """The rows about each of these certificates, by its code."""
        parts = {name: frame.partition_by("certificate_code", as_dict=True) for name, frame in vars(self).items()}
        empty = {name: frame.clear() for name, frame in vars(self).items()}
        return {
            code: Evidence(**{name: part.get((code,), empty[name]) for name, part in parts.items()})
            for code in certificates
        }


def evidence(programme: Programme, day: date, certificates: pl.DataFrame) -> Evidence:
    """The rows behind the checks of these certificates (columns of scheme.frames.CERTIFICATES) as of the day.

    Each as of the day in its column `asked_on` where it has one; of each holder there may be one certificate.
    """
    certificates = asked_on(certificates, day)
    setbacks, assessments = _setbacks(programme, certificates)
    told = certificates.select("certificate_code", "department_code", "profile", "asked_on")
    lists = [
        (code, programme.profile(on, profile).annual_elements is not None, assessments.get(holder, 0))
        for code, holder, profile, on in told.iter_rows()
    ]
    return Evidence(
        cycles(programme, day, certificates).years,
        coverage(programme, day, certificates),
        visits(programme, day, certificates),
        sites(programme, day, certificates),
        _criteria(programme, certificates),
        setbacks,
        pl.DataFrame(lists, LISTS, orient="row"),
    )


def as_planned(programme: Programme, day: date) -> Programme:
    """The programme as it will be with what was planned on the day, and with nothing else that happens after it.

    Assessments planned for the day or later are held: their scopes cover, bands stay as they are. Visits planned for
    the day or later are made. Results, and what was held, after the day do not exist (measures.md section 1, as of).
    """
    ahead = pl.col("planned") & (pl.col("ended_on") >= day)
    unheard_of = ~pl.col("planned") & (pl.col("ended_on") > day)
    assessments = programme.assessments.with_columns(
        scope=pl.when(~unheard_of).then("scope"), planned=(pl.col("planned") & ~ahead) | unheard_of
    )
    # A held assessment that states no scope restates nothing: beside each one thought of as held there stands one, so
    # that results of the day itself keep moving what they move. Those restated already are left out before.
    without = programme.assessments.filter(ahead).with_columns(scope=None, planned=False)
    known = programme.intervals.select(list(RESULTS)).filter(pl.col("assessed_on") <= day)
    results = effective(known, programme.assessments).filter(~pl.col("restated"))
    later = pl.col("visited_on") > day
    visited = programme.visits.filter(pl.col("planned") | ~later).with_columns(
        planned=pl.col("planned") & (pl.col("visited_on") < day)
    )
    held = pl.concat([assessments, without.cast(assessments.schema)])
    return programme.but(assessments=held, visits=visited, intervals=intervals(results, held))


def _criteria(programme: Programme, certificates: pl.DataFrame) -> pl.DataFrame:
    """The headroom of each holder under its certificate's profile; nothing of a holder that is not active."""
    found = [pl.DataFrame(schema=CRITERIA)]
    for profile, day, held in _alike(programme, certificates):
        under = programme.but(profiles={"": [profile]})
        bands = coded_standing(under, day)
        alone = headroom(under, day, standing=bands.filter(~pl.col("rolled_up")))["status"] == "fails"
        rows = headroom(under, day, standing=bands).with_columns(alone.alias("fails_by_own"))
        of = pl.DataFrame(held, {"certificate_code": pl.String, "department_code": pl.String}, orient="row")
        found.append(rows.join(of, on="department_code", nulls_equal=True).select(list(CRITERIA)))
    return in_code_order(pl.concat(found), "certificate_code", "criterion")


def _alike(
    programme: Programme, certificates: pl.DataFrame
) -> list[tuple[Profile, date, list[tuple[str, str | None]]]]:
    """The certificates with their holders by profile and a day on which all that a standing depends on is the same.

    Between two days on which a register changes or a result is found, every standing stays as it is.
    """
    columns = ((programme.departments, "active"), (programme.sites, "in_scope"))
    changes = [frame[f"{name}_{end}"] for frame, name in columns for end in ("from", "to")]
    edges = sorted(set(pl.concat([*changes, programme.intervals["assessed_on"].unique()]).drop_nulls()))
    alike: dict[tuple[int, int], tuple[Profile, date, list[tuple[str, str | None]]]] = {}
    for code, holder, named, on in certificates.select(
        "certificate_code", "department_code", "profile", "asked_on"
    ).iter_rows():
        profile = programme.profile(on, named)
        _, _, held = alike.setdefault((id(profile), bisect_right(edges, on)), (profile, on, []))
        held.append((code, holder))
    return list(alike.values())


def _setbacks(programme: Programme, certificates: pl.DataFrame) -> tuple[pl.DataFrame, dict[str | None, int]]:
    """The elements of each holder that fell or stay partial, and how many formal assessments gave it results."""
    said, holders = programme.intervals, certificates["department_code"].drop_nulls()
    wanted = as_text(
        said.filter(
            among(said["department_code"], holders) | said["department_code"].is_null(),
            among(said["assessment_type"], FORMAL),
            pl.col("site_code").is_null(),
            among(said["element"], programme.standard.codes),
        ).select(list(RESULTS))
    )
    asked = certificates.select("department_code", "asked_on")
    up_to = wanted.join(asked, on="department_code", nulls_equal=True).filter(
        pl.col("assessed_on") <= pl.col("asked_on")
    )
    own = effective(up_to, programme.assessments).filter(~pl.col("restated"))
    assessments = own.group_by("department_code").agg(number=pl.struct("assessed_on", "assessment_type").n_unique())
    in_order = own.sort("assessed_on", pl.col("assessment_type").replace_strict(_ORDER, return_dtype=pl.Int64))
    told = in_order.group_by("department_code", "element", maintain_order=True).agg("assessed_on", "band")
    # Most elements have never been below; they cost nothing further.
    below = told.filter(pl.col("band").list.last().is_in(BELOW), pl.col("band").list.len() > 1)
    terms = certificates.select(
        "certificate_code", "department_code", "awarded_on", cut_on=pl.min_horizontal("expires_on", "ended_on")
    )
    rows: list[tuple[Any, ...]] = []
    for row in below.join(terms, on="department_code", nulls_equal=True).iter_rows(named=True):
        days, bands = row["assessed_on"], row["band"]
        inside = [row["awarded_on"] <= one < row["cut_on"] for one in days]
        pairs = zip(days[1:], bands, bands[1:], inside[1:], strict=False)
        falls = [pair for *pair, counts in pairs if counts and pair[1] in SOUND and pair[2] in BELOW]
        in_a_row = next((n for n, band in enumerate(reversed(bands)) if band != "partial"), len(bands))
        partials = in_a_row if in_a_row > 1 and inside[-1] else 0
        if falls or partials:
            fall = falls[-1] if falls else (None, None, None)
            key = (row["certificate_code"], row["department_code"], row["element"])
            rows.append((*key, *fall, partials, days, bands))
    rows.sort(key=lambda row: (code_order(row[0]), code_order(row[2])))
    return pl.DataFrame(rows, SETBACKS, orient="row"), dict(assessments.iter_rows())

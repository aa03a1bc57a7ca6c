"""What of a programme lies in somebody's sight: the rows of their departments, and none that speak of others alone.

Measures are made from what is left, so that nothing a person sees can depend on rows they may not see (reliability.md
T12), and are the same numbers that somebody who sees everything finds for those departments: a row of another
department stays where a rule needs it to judge a site that is shared. tests/scheme/test_sight.py shows both.
"""

from collections.abc import Collection, Sequence

import polars as pl

from scheme.frames import RESULTS, Programme
from scheme.intervals import among, as_text
from scheme.standard import code_order
from scheme.standing import below

_HELD_AS = {"assessed_on": "ended_on"}  # an assessment's day is its last
_KEY = ["department_code", "assessment_type", "ended_on"]


def in_sight(
    programme: Programme, departments: Sequence[str] | None, certificates: Collection[str] | None = None
) -> Programme:
    """The programme cut to some departments with all below them (None is all), and to some certificates (None is all).

    A row belongs to the department it names and to those of the site it names; sites are left with the departments in
    sight alone. Of what belongs to others stay the assessments that a visit or a result of a site in sight was part of:
    they say whether it counts. A certificate brings the earlier ones of its holder, for what a review usually looks at;
    measures of these are not for showing (`certificates` again).
    """
    cut = programme if departments is None else _of_departments(programme, departments)
    if certificates is None:
        return cut
    named = _named(cut.certificates, certificates)
    rules = cut.standard, cut.profiles
    return Programme.ready(cut.intervals, *rules, cut.departments, cut.sites, named, cut.assessments, cut.visits)


def _of_departments(programme: Programme, roots: Sequence[str]) -> Programme:
    codes = sorted(code for root in roots for code in below(programme.departments, root) if code)
    mine = pl.col("department_code").is_in(codes)
    sites = programme.sites.with_columns(
        pl.col("department_codes").fill_null([]).list.eval(pl.element().filter(pl.element().is_in(codes)))
    ).filter(pl.col("department_codes").list.len() > 0)
    here = sites.select("site_code")
    # How long a result holds depends on results of its own department and place alone: the cut leaves it as it is.
    known = programme.intervals
    known = as_text(known.filter(among(known["department_code"], codes) | among(known["site_code"], here["site_code"])))
    results = known.select(list(RESULTS))
    visits = programme.visits.join(here, on="site_code", how="semi", maintain_order="left")
    shared = results.filter(~mine.fill_null(value=False)).rename(_HELD_AS).select(_KEY).unique()
    part_of = pl.col("assessment_code").is_in(visits["assessment_code"].drop_nulls().to_list())
    assessments = (
        programme.assessments.join(
            shared.with_columns(is_shared=True), on=_KEY, how="left", nulls_equal=True, maintain_order="left"
        )
        .filter(mine.fill_null(value=False) | part_of | pl.col("is_shared").fill_null(value=False))
        .select(programme.assessments.columns)
    )
    departments, certificates = programme.departments.filter(mine), programme.certificates.filter(mine)
    rules = programme.standard, programme.profiles
    return Programme.ready(known, *rules, departments, sites, certificates, assessments, visits)


def _named(certificates: pl.DataFrame, codes: Collection[str]) -> pl.DataFrame:
    """These certificates, and those of the same holder that came before the last of them."""
    last: dict[str | None, tuple[object, object]] = {}
    for holder, *turn in _turns(certificates.filter(pl.col("certificate_code").is_in(list(codes)))):
        last[holder] = max(last.get(holder, (turn[0], turn[1])), (turn[0], turn[1]))
    stays = [holder in last and (awarded, code) <= last[holder] for holder, awarded, code in _turns(certificates)]
    return certificates.filter(pl.Series(stays, dtype=pl.Boolean))


def _turns(certificates: pl.DataFrame) -> list[tuple[str | None, object, object]]:
    """Holder, day of award and place of the code: of two awarded on one day the higher code is the later one."""
    rows = certificates.select("department_code", "awarded_on", "certificate_code").iter_rows()
    return [(holder, awarded_on, code_order(code)) for holder, awarded_on, code in rows]

"""What of a programme lies in somebody's sight: the rows of their departments, and none that speak of others alone.

Measures are made from what is left, so that nothing a person sees can depend on rows they may not see (reliability.md
T12), and are the same numbers that somebody who sees everything finds for those departments: a row of another
department stays where a rule needs it to judge a site that is shared. tests/scheme/test_sight.py shows both.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import polars as pl

from scheme.frames import Programme
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
    return cut if certificates is None else replace(cut, certificates=_named(cut.certificates, certificates))


def _of_departments(programme: Programme, roots: Sequence[str]) -> Programme:
    codes = sorted(code for root in roots for code in below(programme.departments, root) if code)
    mine = pl.col("department_code").is_in(codes)
    sites = programme.sites.with_columns(
        pl.col("department_codes").fill_null([]).list.eval(pl.element().filter(pl.element().is_in(codes)))
    ).filter(pl.col("department_codes").list.len() > 0)
    here = sites.select("site_code")
    results = programme.results.filter(mine | pl.col("site_code").is_in(here["site_code"].to_list()))
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
    return replace(
        programme,
        departments=programme.departments.filter(mine),
        sites=sites,
        certificates=programme.certificates.filter(mine),
        assessments=assessments,
        visits=visits,
        results=results,
    )


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

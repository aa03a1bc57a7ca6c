"""What lies in somebody's sight: the same numbers for it, whatever the rest of the programme says."""

import os
from dataclasses import fields, replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.coverage import completion, coverage, cycle_years
from scheme.frames import Programme
from scheme.headroom import headroom
from scheme.journey import journey, steps
from scheme.renewal import renewal
from scheme.sight import in_sight
from scheme.standing import below, site_standing, standing
from scheme.visits import sites, visits
from tests.by_hand import assessment, certificate, department, programme, result, site, visit
from tests.programmes import CODES, cases

examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
RULES = [standing, site_standing, headroom, coverage, cycle_years, completion, visits, sites, renewal, journey, steps]
FRAMES = [field.name for field in fields(Programme) if field.name not in ("standard", "profiles")]
roots_of = st.lists(st.sampled_from(CODES), unique=True, min_size=1, max_size=2)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@examples
@given(case=cases(), roots=roots_of)
def test_the_numbers_of_what_is_in_sight_are_those_that_the_whole_programme_gives(rule, case, roots):
    known, day = case
    own = set().union(*(below(known.departments, root) for root in roots))
    here = pl.col("department_code").is_in(sorted(own))
    whole, cut = (rule(each, day).filter(here) for each in (known, in_sight(known, roots)))
    if rule is sites:  # it lists the departments of a shared site
        whole, cut = whole.drop("department_codes"), cut.drop("department_codes")
    assert cut.to_dicts() == whole.to_dicts()


@examples
@given(case=cases(), other=cases(), roots=roots_of)
def test_what_is_in_sight_is_the_same_whatever_is_out_of_it(case, other, roots):
    """Alone, and among the rows of another programme under other codes."""
    cut = in_sight(case[0], roots)
    strange = _renamed(other[0])
    both = replace(cut, **{name: pl.concat([getattr(cut, name), getattr(strange, name)]) for name in FRAMES})
    for around in (cut, both):
        again = in_sight(around, roots)
        for name in FRAMES:
            assert getattr(again, name).to_dicts() == getattr(cut, name).to_dicts(), name


def _renamed(known: Programme) -> Programme:
    """The same programme with every code another one; what names the corporate body still does."""

    def renamed(frame: pl.DataFrame) -> pl.DataFrame:
        codes = [name for name in frame.columns if name.endswith("_code") and name != "profile"]
        listed = [name for name in frame.columns if name == "department_codes"]
        return frame.with_columns(
            *(("CANARY " + pl.col(name)).alias(name) for name in codes),
            *(pl.col(name).list.eval("CANARY " + pl.element()) for name in listed),
        )

    changed: dict[str, Any] = {name: renamed(getattr(known, name)) for name in FRAMES}
    # A result of the corporate body's assessment at a site in sight hangs on that assessment, so none is added here.
    changed["assessments"] = changed["assessments"].drop_nulls("department_code")
    return replace(known, **changed)


def test_a_shared_site_names_only_the_departments_in_sight():
    cut = in_sight(programme(department("A"), department("B"), site("S", "A", "B"), site("T", "B"), site("U")), ["A"])
    assert cut.sites.select("site_code", "department_codes").rows() == [("S", ["A"])]


def test_a_parent_that_is_out_of_sight_is_no_row():
    cut = in_sight(programme(department("P"), department("A", "P"), department("B", "P")), ["A"])
    assert cut.departments["department_code"].to_list() == ["A"]


def test_an_assessment_of_others_stays_where_a_visit_or_result_of_a_site_in_sight_was_part_of_it():
    known = programme(
        department("A"),
        department("B"),
        site("S", "A", "B"),
        visit("S", "2025-03-07", part_of="gap"),
        result("1.1.1", "partial", "2025-03-07", of="B", site="S"),
        assessment("gap_analysis", "2025-03-07", of="B", code="gap"),
        assessment("annual_review", "2025-03-07", "1.1.2", of="B", code="review"),
        assessment("annual_review", "2025-03-08", "1.1.2", of="B", code="another"),
    )
    assert set(in_sight(known, ["A"]).assessments["assessment_code"]) == {"gap", "review"}


def test_nothing_is_in_sight_of_a_department_that_is_not_there():
    cut = in_sight(
        programme(department("A"), site("S", "A"), site("U"), certificate("2024-04-01", "2027-04-01")), ["Z"]
    )
    assert all(getattr(cut, name).is_empty() for name in FRAMES)


def test_a_certificate_named_is_the_one_that_measures_speak_of_although_a_later_one_was_awarded():
    rows = [certificate("2021-04-01", "2024-04-01", code) for code in ("C9", "C10")]
    rows += [certificate("2024-04-01", "2027-04-01", "C11"), certificate("2024-04-01", "2027-04-01", "D", holder="A")]
    known = programme(department("A"), *rows)
    assert in_sight(known, None) is known
    assert in_sight(known, None, ["C10"]).certificates["certificate_code"].to_list() == ["C9", "C10"]
    assert in_sight(known, None, ["C9"]).certificates["certificate_code"].to_list() == ["C9"]
    assert in_sight(known, ["A"], ["C9"]).certificates.is_empty()
    assert visits(in_sight(known, None, ["C10"]), date(2026, 1, 1))["certificate_code"].to_list() == ["C10"]

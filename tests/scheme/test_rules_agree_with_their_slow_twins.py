"""Every rule against its slow twin (tests/oracle.py and beside it), on random programmes (ASSAY_EXAMPLES of them)."""

import os
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.coverage import certificates_on, completion, coverage, cycle_years
from scheme.headroom import headroom, status_by_department
from scheme.renewal import renewal
from scheme.standing import active, below, effective, standing
from scheme.visits import sites, visits
from tests import oracle, oracle_renewal
from tests.programmes import cases, mixes

examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def records(frame: pl.DataFrame, twin: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the frame in the twin's keys."""
    return frame.select(list(twin[0])).to_dicts() if twin else frame.to_dicts()


@pytest.mark.parametrize("basis", ["formal", "self", "desk"])
@examples
@given(data=st.data())
def test_standing_is_what_its_twin_finds(basis, data):
    case = data.draw(cases(basis))
    twin = oracle.standing(*case, basis)
    assert records(standing(*case, basis), twin) == twin


@examples
@given(case=mixes())
def test_any_mix_below_rolls_up_as_its_twin_says(case):
    twin = oracle.standing(*case)
    assert records(standing(*case), twin) == twin


@pytest.mark.parametrize("basis", ["formal", "self", "desk"])
@examples
@given(data=st.data())
def test_headroom_is_what_its_twin_finds(basis, data):
    case = data.draw(cases(basis))
    twin = oracle.headroom(*case, basis)
    rows = headroom(*case, basis)
    assert records(rows, twin) == twin
    statuses = oracle.department_statuses(twin)
    assert records(status_by_department(rows), statuses) == statuses


@examples
@given(case=cases())
def test_coverage_is_what_its_twin_finds(case):
    twin = oracle.coverage(*case)
    assert records(coverage(*case), twin) == twin


@examples
@given(case=cases())
def test_years_of_a_cycle_are_what_their_twin_finds(case):
    twin = oracle.cycle_years(*case)
    assert records(cycle_years(*case), twin) == twin
    totals = oracle.completion(*case)
    assert records(completion(*case), totals) == totals


@examples
@given(case=cases())
def test_visits_are_what_their_twin_finds(case):
    twin = oracle.visits(*case)
    assert records(visits(*case), twin) == twin


@examples
@given(case=cases())
def test_sites_are_what_their_twin_finds(case):
    twin = oracle.sites(*case)
    assert records(sites(*case), twin) == twin


@examples
@given(case=cases())
def test_renewal_is_what_its_twin_finds_as_of_the_day_and_at_expiry(case):
    twin = oracle_renewal.renewal(*case)
    assert records(renewal(*case), twin) == twin


@examples
@given(case=cases())
def test_restated_results_trees_and_certificates_are_what_their_twins_find(case):
    programme, day = case
    key = ["department_code", "site_code", "assessment_type", "assessed_on", "element", "band", "restated"]
    found = effective(programme.results, programme.assessments).select(key).rows()
    expected = [tuple(row[name] for name in key) for row in oracle.results_with_restated(programme)]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert set(certificates_on(programme, day)["certificate_code"]) == {
        row["certificate_code"] for row in oracle.chosen_certificates(programme, day)
    }
    assert set(active(programme.departments, day)["department_code"]) == set(
        oracle.active_departments(programme, day)
    ) - {None}
    for code in [None, *programme.departments["department_code"]]:
        assert below(programme.departments, code) == oracle.with_all_below(programme, code)

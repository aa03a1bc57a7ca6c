"""The story of the demo, before it becomes files: interesting today, believable in the past, whatever day it is."""

import itertools
from collections import Counter
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.demo.batches import write_files
from etl.demo.cast import EXAMPLES, TENANTS, cast, phrases
from etl.demo.story import Story, assessments, awards, departments, site_visits, sites, story
from scheme.coverage import completion, cycle_years
from scheme.frames import ASSESSMENTS, CERTIFICATES, DEPARTMENTS, RESULTS, SITES, VISITS, Programme
from scheme.headroom import headroom, status_by_department
from scheme.standard import parsed, profile_of, shipped
from scheme.visits import sites as sites_to_visit
from scheme.visits import visits

SEED = 7
DAYS = st.dates(date(2024, 1, 1), date(2034, 12, 31))
STANDARD = shipped("cse")
FAILING, AT_LIMIT = {"WST", "PTP"}, {"ADM", "CSC-PTS", "FAM", "HWY", "REG"}


def programme(told: Story) -> Programme:
    """The story as it will stand in the warehouse once everything is loaded."""
    path = EXAMPLES / "demo" / f"{told.cast.code.lower()}-profile.toml"
    profile = profile_of(parsed(path.read_text("utf-8"), path.name), STANDARD) if path.is_file() else STANDARD.profile

    def frame(rows, schema):
        def kept(value):
            return list(value) if isinstance(value, tuple) else None if value == "" else value

        return pl.DataFrame([[kept(row.get(name)) for name in schema] for row in rows], schema=schema, orient="row")

    at = told.today
    return Programme(
        STANDARD,
        {"": [profile]},
        frame(departments(told, at), DEPARTMENTS),
        frame(({**row, "department_codes": row["department_code"]} for row in sites(told, at)), SITES),
        frame(awards(told, at, last_day=False), CERTIFICATES),
        frame(({**row, "scope": row["scope"] or None} for row in assessments(told, date.min, at)), ASSESSMENTS),
        frame(site_visits(told, date.min, at), VISITS),
        frame(
            (
                {
                    "department_code": r.department,
                    "site_code": r.site,
                    "assessment_type": r.kind,
                    "assessed_on": r.day,
                    "element": r.element,
                    "band": r.band,
                    "restated": r.restated,
                }
                for r in told.results
            ),
            RESULTS,
        ),
    )


def verdicts(told: Programme, day: date) -> dict[str | None, str]:
    """The status of each department that has a verdict: nothing rolled up."""
    frame = status_by_department(headroom(told, day)).filter(~pl.col("indicative"))
    return dict(zip(frame["department_code"], frame["status"], strict=True))


@pytest.fixture(scope="module", params=[date(2026, 1, 20), date(2028, 2, 29)])
def council(request) -> tuple[Story, Programme]:
    told = story("ASHCOMBE", SEED, request.param)
    return told, programme(told)


@settings(max_examples=3)
@given(DAYS)
@example(date(2028, 2, 29))
def test_whatever_day_it_is_two_departments_fail_five_are_at_their_limit_and_two_are_incomplete(today):
    now = verdicts(programme(story("ASHCOMBE", SEED, today)), today)
    assert {code for code, status in now.items() if status == "fails"} == FAILING
    assert {code for code, status in now.items() if status == "at_limit"} == AT_LIMIT
    assert {code for code, status in now.items() if status == "incomplete"} == {"SMK", "YTH-OUT"}
    assert len(now) > 30


def test_departments_got_better_and_worse_since_last_year(council):
    told, frames = council
    now, before = (verdicts(frames, told.today - timedelta(days)) for days in (0, 365))
    order = ("fails", "at_limit", "incomplete", "passes")
    change = {c: order.index(now[c]) - order.index(before[c]) for c in now if c in before}
    assert {"PTP", "WST", "REG"} <= {code for code, steps in change.items() if steps < 0}
    assert {"CSC", "LIB"} <= {code for code, steps in change.items() if steps > 0}
    assert before["CSC"] == "fails"


def test_the_corporate_body_of_the_council_has_an_indication_only(council):
    told, frames = council
    assert None not in verdicts(frames, told.today)
    housing = story("MILLBROOK", SEED, told.today)
    assert verdicts(programme(housing), told.today)[None] == "passes"


def test_some_cycles_cannot_be_completed_and_most_can(council):
    told, frames = council
    can = {row["certificate_code"][:3]: row["can_complete"] for row in completion(frames, told.today).to_dicts()}
    assert {code for code, complete in can.items() if complete is False} == {"TSS", "PEN", "TRN"}
    assert len(can) > 20


def test_sites_are_still_to_visit_and_some_of_them_must_be_visited(council):
    told, frames = council
    corporate = visits(frames, told.today).filter(pl.col("department_code").is_null()).to_dicts()[0]
    assert 100 <= corporate["sites_in_scope"] <= 125
    assert corporate["outstanding"] > 0
    owed = sites_to_visit(frames, told.today).filter(
        pl.col("certificate_code").str.starts_with("CORPORATE") & pl.col("must_visit") & ~pl.col("visited")
    )
    assert {"BUS-01", "HWR-01", "DAY-02"} <= set(owed["site_code"])


def test_the_annual_list_is_set_for_the_council_alone(council):
    told, frames = council
    assert completion(frames, told.today)["annual_list_set"].all()
    assert not completion(programme(story("MILLBROOK", SEED, told.today)), told.today)["annual_list_set"].any()
    assert frames.profile(told.today).annual_elements == cast("ASHCOMBE").annual


def test_years_without_a_review_are_the_silent_departments_own(council):
    told, frames = council
    empty = cycle_years(frames, told.today).filter(
        (pl.col("state") == "over") & (pl.col("assessment_days").list.len() == 0)
    )
    assert set(empty["department_code"]) == {"PEN"}


def test_nobody_passed_the_allowance_in_the_past_unless_the_story_says_so(council):
    told, _ = council
    for code, looks in told.looks.items():
        standing = {}
        for review in sorted({r for seen in looks.values() for r, _ in seen}, key=lambda r: r.day):
            standing |= {e: band for e, seen in looks.items() for r, band in seen if r == review}
            for criterion in STANDARD.criteria:
                partials = sum(standing.get(element) == "partial" for element in criterion.elements)
                allowed = STANDARD.profile.allowances[criterion.code] + (code in FAILING)
                assert partials <= allowed, f"{code} on {review.day}, criterion {criterion.code}"


def test_partials_last_for_years_and_totals_move_both_ways(council):
    told, _ = council
    spans, moves = [], Counter()
    for looks in told.looks.values():
        for seen in looks.values():
            weak = [review.day for review, band in seen if band == "partial"]
            spans.append((max(weak) - min(weak)).days if weak else 0)
            order = ("non_compliant", "partial", "compliant", "compliance_plus")
            bands = [order.index(band) for _, band in seen if band in order]
            moves.update((a < b) - (a > b) for a, b in itertools.pairwise(bands))
    assert sum(span > 2 * 365 for span in spans) > 30
    assert 40 < moves[-1] < moves[1]


def test_departments_rate_themselves_higher_than_assessors_do(council):
    told, _ = council
    share = {}
    for kinds in (("self_assessment",), ("annual_review", "renewal", "initial")):
        bands = Counter(r.band for r in told.results if r.kind in kinds and not r.site and not r.restated)
        share[kinds[0]] = (bands["partial"] + bands["non_compliant"]) / bands.total()
    assert share["self_assessment"] < share["annual_review"] / 1.5


def test_every_element_has_its_sentences_and_every_review_looks_at_a_believable_number():
    assert set(phrases().elements) == set(STANDARD.codes)
    told = story("ASHCOMBE", SEED, date(2026, 6, 1))
    sizes = [len(r.scope) for r in told.reviews if r.kind == "annual_review"]
    assert 14 <= min(sizes) <= max(sizes) <= 36
    assert 19 <= sorted(sizes)[len(sizes) // 2] <= 30


@pytest.mark.parametrize("tenant", TENANTS)
def test_the_same_seed_and_day_write_the_same_bytes(tenant, tmp_path):
    written = []
    for name in ("one", "two"):
        write_files(tmp_path / name, tenant, SEED, date(2026, 3, 31))
        written.append({p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")})
    assert written[0] == written[1]
    assert len(written[0]) > 20

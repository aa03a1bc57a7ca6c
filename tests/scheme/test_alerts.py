"""What holds and is told, once for as long as it holds: by hand, and against a slow twin on random programmes."""

import os
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.alerts import ALERTS, KINDS, OVER, STEPS, STEPS_OF_EVIDENCE, Facts, alerts, beside, step_of
from scheme.arrivals import expected, review_forms
from scheme.coverage import certificates_on, completion
from scheme.digest import digest
from scheme.evidence import EVIDENCE, evidence
from scheme.headroom import headroom
from scheme.movement import moves
from scheme.visits import visits
from scheme.visits_left import VISITS_LEFT, visits_left
from tests import oracle
from tests.by_hand import assessment, certificate, department, on, programme, result, site, visit
from tests.programmes import cases

examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SHOWN = {"department_code": "A", "element": "1.1.1", "evidence_code": "ES 01"}


def shown(*rows):
    return pl.DataFrame([{name: {**SHOWN, **row}.get(name) for name in EVIDENCE} for row in rows], EVIDENCE)


def facts(known, day, proof=None) -> Facts:
    done = completion(known, day)
    codes = [None, *known.departments["department_code"]]
    return Facts(
        day,
        headroom(known, day),
        done,
        visits_left(known, day, visits(known, day), done),
        certificates_on(known, day),
        review_forms(known.assessments),
        expected(known, day),
        evidence(shown() if proof is None else proof, day),
        {code: code or "The council" for code in codes},
    )


def keys(known, day, proof=None) -> list[str]:
    return alerts(facts(known, on(day) if isinstance(day, str) else day, proof))["key"].to_list()


def sentence(known, day, proof=None) -> str:
    (said,) = alerts(facts(known, on(day), proof))["sentence"]
    return said


# --- the twin ---------------------------------------------------------------------------------------------------------


def twin(known, day, proof) -> set[str]:
    """The keys, worked out one row at a time from the slow twins of the measures and the bare rows."""
    found = set()
    for row in oracle.headroom(known, day):
        place = f"{row['department_code'] or ''}:{row['criterion']}"
        if not row["indicative"] and row["status"] == "fails":
            found.add(f"failing:{place}")
        if not row["indicative"] and row["status"] == "at_limit" and row["partial"]:
            found.add(f"headroom:{place}")
    running = {}
    for row in oracle.chosen_certificates(known, day):
        code, left = row["certificate_code"], (row["expires_on"] - day).days
        if row["ended_on"] is not None and row["ended_on"] <= day:
            continue
        running[code] = left > 0
        step = 0 if left <= 0 else 7 if left <= 7 else 30 if left <= 30 else 90 if left <= 90 else None
        if step is not None:
            found.add(f"expiry:{code}:{step}")
    for row in completion(known, day).to_dicts():  # which has a test of its own against its twin
        if row["can_complete"] is False and running.get(row["certificate_code"]):
            found.add(f"coverage:{row['certificate_code']}")
    for code, can in slow_visits_left(known, day).items():
        if can is False and running.get(code):
            found.add(f"visits:{code}")
    for row in review_forms(known.assessments).to_dicts():
        begins_on, submitted_on = row["started_on"] or row["ended_on"], row["submitted_on"]
        if begins_on < day or (submitted_on is not None and submitted_on <= day):
            continue
        left = (row["form_on"] - day).days
        step = 0 if left < 0 else 7 if left <= 7 else 30 if left <= 30 else 90 if left <= 90 else None
        if step is not None:
            found.add(f"form:{row['assessment_code']}:{step}")
    for row in expected(known, day).to_dicts():
        if (row["what"], row["state"]) == ("results", "overdue"):
            found.add(f"overdue:{row['department_code']}:{row['due_on'] or ''}")
    for row in proof.to_dicts():
        left = (row["expires_on"] - day).days if row["expires_on"] else 0
        if 0 < left <= 30:
            step = 7 if left <= 7 else 30
            found.add(f"evidence:{row['department_code'] or ''}:{row['evidence_code']}:{row['expires_on']}:{step}")
    return found


def slow_visits_left(known, day) -> dict[str, bool | None]:
    """By certificate, whether its visits can still be made."""
    left = {row["certificate_code"]: row["reviews_left"] for row in completion(known, day).to_dicts()}
    sites = {row["site_code"]: row for row in known.sites.to_dicts()}
    found: dict[str, bool | None] = {}
    for row in oracle.visits(known, day):
        owed = max(row["outstanding"] or 0, row["must_visit_outstanding"])
        covers = oracle.with_all_below(known, row["department_code"])
        together: dict[str, set[str]] = {}
        for one in known.visits.to_dicts():
            places = [place or "" for place in oracle.belongs_to(sites.get(one["site_code"], {"department_codes": []}))]
            mine = any(place in {code or "" for code in covers} for place in places) and one["site_code"] in sites
            if mine and not one["planned"] and one["visited_on"] <= day:
                together.setdefault(one["assessment_code"] or str(one["visited_on"]), set()).add(one["site_code"])
        most = max(map(len, together.values()), default=None)
        reviews = left[row["certificate_code"]]
        enough = None if most is None else owed <= reviews * most
        found[row["certificate_code"]] = True if owed == 0 else False if reviews == 0 else enough
    return found


@examples
@given(case=cases(), ends=st.lists(st.one_of(st.none(), st.integers(-10, 100)), max_size=4))
def test_what_holds_is_what_its_twin_finds_each_key_once(case, ends):
    known, day = case
    codes = known.departments["department_code"].to_list()
    code = codes[0] if codes else None
    dates = [None if days is None else day + timedelta(days=days) for days in ends]
    proof = shown(
        *({"department_code": code, "evidence_code": f"ES {n}", "expires_on": d} for n, d in enumerate(dates))
    )
    found = alerts(facts(known, day, proof))
    assert found.schema == pl.Schema(ALERTS)
    assert sorted(found["key"]) == sorted(twin(known, day, proof))
    assert [KINDS.index(kind) for kind in found["kind"]] == sorted(KINDS.index(kind) for kind in found["kind"])
    assert all(said.endswith(".") for said in found["sentence"])


@examples
@given(days=st.lists(st.sets(st.sampled_from("abc")), max_size=8))
def test_over_any_course_of_days_each_is_told_once_for_as_long_as_it_holds(days):
    """As db.reminders tells: of each day what is new against the day before."""

    def frame(held):
        return pl.DataFrame({"key": sorted(held)}, schema={"key": pl.String})

    told, before = {"a": 0, "b": 0, "c": 0}, frame(())
    for held in days:
        for key in beside(frame(held), before)["key"]:
            told[key] += 1
        before = frame(held)
    for key, times in told.items():
        stretches = sum(key in now and key not in was for was, now in zip([set(), *days], days, strict=False))
        assert times == stretches


# --- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "step"),
    [(91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (0, 7), (-1, OVER), (-400, OVER)],
)
def test_the_steps_are_of_90_30_and_7_days_and_the_nearest_counts(days, step):
    assert step_of(days) == step
    assert max(STEPS_OF_EVIDENCE) < max(STEPS)


def partials(*elements, of="A", band="partial"):
    return [result(element, band, "2026-05-01", of) for element in elements]


def test_no_headroom_and_a_criterion_that_fails_are_told_in_the_measure_s_own_words():
    tree = department("A"), result("1.1.1", "compliant", "2026-06-01", "A")  # so that its results are no reminder
    limit = programme(*tree, *partials("1.2.1", "1.2.2"))
    assert "headroom:A:1" in keys(limit, "2026-06-10")
    assert "A: Criterion 1 is at its limit: 2 partials, 2 allowed (1.2.1, 1.2.2)." in sentence(limit, "2026-06-10")
    over = programme(*tree, *partials("1.2.1", "1.2.2", "1.2.3"))
    assert keys(over, "2026-06-10") == ["failing:A:1"]


def test_rolled_up_bands_are_told_of_below_and_not_above():
    made = programme(department("A"), department("B", "A"), *partials("1.2.1", of="B", band="non_compliant"))
    assert keys(made, "2026-06-10") == ["failing:B:1"]


def test_a_certificate_is_told_of_at_each_step_and_once_it_has_expired_but_not_when_it_was_ended():
    made = programme(certificate("2024-04-01", "2027-04-01"))
    assert [key for key in keys(made, "2026-12-31") if key.startswith("expiry")] == []
    assert "expiry:C:90" in keys(made, "2027-01-01")
    assert "expiry:C:7" in keys(made, "2027-03-31")
    assert "The council: certificate C expires on 1 April 2027, tomorrow." in list(
        alerts(facts(made, on("2027-03-31")))["sentence"]
    )
    assert keys(made, "2027-04-01") == ["expiry:C:0"]
    assert sentence(made, "2027-04-02") == "The council: certificate C expired on 1 April 2027."
    assert keys(programme(certificate("2024-04-01", "2027-04-01", ended="2027-01-01")), "2027-03-31") == []


def test_a_form_is_told_of_until_it_is_handed_in_or_its_review_begins():
    made = programme(assessment("annual_review", "2026-09-10", planned=True, code="R"))
    assert keys(made, "2026-05-11") == []
    assert sentence(made, "2026-08-10").endswith("is due on 10 August 2026, today.")
    assert keys(made, "2026-08-11") == keys(made, "2026-09-10") == ["form:R:0"]
    assert keys(made, "2026-09-11") == []
    kind, row = assessment("annual_review", "2026-09-10", planned=True, code="R")
    assert keys(programme((kind, row | {"submitted_on": on("2026-08-01")})), "2026-08-05") == []


def test_what_has_no_day_is_overdue_in_words_and_evidence_stands_with_its_name():
    assert sentence(programme(department("A")), "2026-08-05") == "A: results are overdue; none have come yet."
    late = programme(department("A"), result("1.1.1", "compliant", "2025-01-01", "A"))
    assert sentence(late, "2026-02-01") == (
        "A: results are overdue since 1 January 2026; the newest are of 1 January 2025."
    )
    fresh = programme(department("A"), result("1.1.1", "compliant", "2026-01-01", "A"))
    proof = shown({"expires_on": on("2026-02-20"), "evidence": "Survey"})
    assert sentence(fresh, "2026-02-01", proof) == (
        "A: evidence ES 01 (Survey) expires on 20 February 2026, in 19 days."
    )


def test_visits_can_no_longer_be_made_where_the_reviews_left_take_in_too_few():
    tree = certificate("2024-04-01", "2027-04-01", sites_required=5), *(site(f"S{n}") for n in range(6))
    held = visit("S0", "2024-06-01", part_of="R1"), visit("S1", "2024-06-02", part_of="R1")
    reviews = [result("1.1.1", "compliant", day) for day in ("2024-06-02", "2025-06-02")]
    made, day = programme(*tree, *held, *reviews), on("2026-06-01")
    left = visits_left(made, day, visits(made, day), completion(made, day))
    assert left.schema == pl.Schema(VISITS_LEFT)
    assert left.select("owed", "reviews_left", "sites_per_review", "can_complete").row(0) == (3, 1, 2, False)
    assert left["sentence"][0] == (
        "3 sites are still to be visited; 1 review is left and none has taken in more than 2 sites: too few."
    )
    assert "visits:C" in keys(made, day)
    more = programme(*tree, *held, *reviews, visit("S2", "2025-06-02"))
    assert "visits:C" not in keys(more, day)


_DAYS = date(2027, 2, 20), date(2027, 3, 3)


# --- the week ---------------------------------------------------------------------------------------------------------


def week(first_known, second_known, first, second):
    moved = moves(second_known, first, second)
    return digest(
        first, second, moved, *(alerts(facts(k, d)) for k, d in ((first_known, first), (second_known, second)))
    )


def test_a_week_in_which_nothing_changed_is_empty_and_any_change_is_told():
    tree = department("A"), result("1.1.1", "compliant", "2026-01-01", "A")
    made, first, second = programme(*tree), date(2026, 3, 1), date(2026, 3, 8)
    assert week(made, made, first, second).is_empty
    fell = programme(*tree, result("1.1.1", "non_compliant", "2026-03-05", "A"))
    told = week(made, fell, first, second)
    assert not told.is_empty
    assert (told.count("worse"), told.began["key"].to_list(), told.ceased.height) == (1, ["failing:A:1"], 0)
    back = week(fell, made, second, second + timedelta(days=7))
    assert (back.began.height, back.ceased["key"].to_list()) == (0, ["failing:A:1"])


def test_what_goes_on_to_its_next_step_is_told_again_and_has_not_ceased():
    made = programme(certificate("2024-04-01", "2027-04-01"))
    told = week(made, made, *_DAYS)
    assert told.began["key"].to_list() == ["expiry:C:30"]
    assert "expiry:C:90" not in told.ceased["key"]
    gone = week(made, programme(certificate("2024-04-01", "2027-04-01", ended="2027-03-01")), *_DAYS)
    assert "expiry:C:90" in gone.ceased["key"]

"""Since last time: against a slow twin on random programmes, and by hand."""

import os
from datetime import date, timedelta

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.actions import ACTIONS
from scheme.actions import actions as stated
from scheme.evidence import EVIDENCE
from scheme.since import AROUND, SINCE, around, happened, last_reviews, since
from scheme.standing import standing
from tests import oracle
from tests.by_hand import assessment, department, on, programme, result, site
from tests.programmes import cases

REVIEWS = ("initial", "annual_review", "renewal")
examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "50")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def own_results(known, day):
    """Own formal results up to the day, not restated."""
    return [
        row
        for row in oracle.results_with_restated(known)
        if row["assessment_type"] in oracle.FORMAL
        and row["assessed_on"] <= day
        and row["site_code"] is None
        and not row["restated"]
        and row["element"] in known.standard.codes
    ]


def held(known, day):
    return [
        row
        for row in known.assessments.to_dicts()
        if not row["planned"] and row["ended_on"] <= day and row["assessment_type"] in oracle.FORMAL
    ]


def last_review(own, rows, code):
    """Its last review held, by its row or by own results; of two on one day the later type."""
    days = [(r["assessed_on"], r["assessment_type"]) for r in own if r["department_code"] == code]
    days += [(r["ended_on"], r["assessment_type"]) for r in rows if r["department_code"] == code]
    return max(
        ((on, kind) for on, kind in days if kind in REVIEWS),
        key=lambda one: (one[0], oracle.TYPES.index(one[1])),
        default=None,
    )


def looks(own, rows, code, element):
    """Every day and type on which an element of a department was looked at."""
    found = {
        (row["assessed_on"], row["assessment_type"])
        for row in own
        if (row["department_code"], row["element"]) == (code, element)
    }
    return found | {
        (row["ended_on"], row["assessment_type"])
        for row in rows
        if row["department_code"] == code and element in (row["scope"] or [])
    }


def band_on(own, code, element, until):
    found = [
        row
        for row in own
        if (row["department_code"], row["element"]) == (code, element) and row["assessed_on"] <= until
    ]
    return max(found, key=oracle.in_time)["band"] if found else None


def change(then, now):
    if then is None:
        return "first"
    if then == now:
        return "same"
    if "not_applicable" in (then, now):
        return "beside"
    return "better" if oracle.BEST_FIRST.index(now) < oracle.BEST_FIRST.index(then) else "worse"


def twin(known, day, actions, evidence):
    """Written from the top of scheme/since.py, one element at a time."""
    rows, own, there, every = [], own_results(known, day), held(known, day), known.results.to_dicts()
    said_of, shown = actions.to_dicts(), evidence.to_dicts()
    for code in oracle.active_departments(known, day):
        last = last_review(own, there, code)
        for element in known.standard.codes:
            place = (code, element)
            row = dict.fromkeys(SINCE) | {"department_code": code, "element": element}
            seen = sorted(looks(own, there, code, element), key=lambda one: (one[0], oracle.TYPES.index(one[1])))
            looked_on, row["looked_type"] = seen[-1] if seen else (None, None)
            row["looked_on"], row["band"] = looked_on, band_on(own, code, element, day)
            row["in_last"] = last in seen
            if last:
                row["reviewed_on"], row["band_then"] = last[0], band_on(own, code, element, last[0])
                row["band_before"] = band_on(own, code, element, last[0] - timedelta(days=1))
                row["found"] = change(row["band_before"], row["band_then"]) if row["band_then"] else None
                row["change"] = change(row["band_then"], row["band"]) if row["band"] else None
            for kind, name in (("self_assessment", "self"), ("desk_review", "desk")):
                said = [
                    one
                    for one in every
                    if (one["department_code"], one["element"], one["assessment_type"]) == (*place, kind)
                    and one["site_code"] is None
                    and one["assessed_on"] <= day
                    and (looked_on is None or one["assessed_on"] > looked_on)
                ]
                if said:
                    newest = max(said, key=lambda one: one["assessed_on"])
                    row[f"{name}_on"], row[f"{name}_band"] = newest["assessed_on"], newest["band"]
            mine = [one for one in said_of if (one["department_code"], one["element"]) == place]
            undone = [one for one in mine if one["state"] in ("overdue", "due_soon", "open")]
            done = [one for one in mine if one not in undone]
            if looked_on:
                done = [one for one in done if one["closed_on"] and one["closed_on"] >= looked_on]
            row |= {"closed": len(done), "open": len(undone)}
            row["overdue"] = sum(one["state"] == "overdue" for one in undone)
            row["next_due"] = min((one["due_on"] for one in undone if one["due_on"]), default=None)
            pieces = [one for one in shown if (one["department_code"], one["element"]) == place]
            codes = {one["evidence_code"] for one in pieces}
            row["evidence"] = len(codes)
            row["expired"] = len(
                {one["evidence_code"] for one in pieces if one["expires_on"] and one["expires_on"] <= day}
            )
            rows.append(row)
    return rows


@st.composite
def doings(draw, known, day):
    """Actions as they stand on the day, and evidence, of the programme's own departments and elements."""
    codes = st.sampled_from([None, *known.departments["department_code"]])
    elements, days = st.sampled_from(known.standard.codes[:6]), st.integers(-400, 400).map(lambda n: day + timedelta(n))
    maybe = st.one_of(st.none(), days)
    actions = [
        dict.fromkeys(ACTIONS)
        | {"action_key": f"K{n}", "department_code": draw(codes), "element": draw(elements), "action": "mend"}
        | {"due_on": draw(maybe), "closed_on": draw(maybe), "status": draw(st.sampled_from([None, "closed", "open"]))}
        for n in range(draw(st.integers(0, 6)))
    ]
    evidence = [
        dict.fromkeys(EVIDENCE)
        | {"department_code": draw(codes), "element": draw(elements), "evidence_code": draw(st.sampled_from("AB"))}
        | {"evidence": "a paper", "expires_on": draw(maybe)}
        for _ in range(draw(st.integers(0, 6)))
    ]
    told = stated(pl.DataFrame(actions, ACTIONS), standing(known, day), day)
    return told, pl.DataFrame(evidence, EVIDENCE)


@examples
@given(data=st.data())
def test_since_last_time_is_what_its_twin_finds(data):
    known, day = data.draw(cases())
    actions, evidence = data.draw(doings(known, day))
    assert since(known, day, actions, evidence).to_dicts() == twin(known, day, actions, evidence)
    own, there = own_results(known, day), held(known, day)
    for row in last_reviews(known, day).iter_rows(named=True):
        assert (row["reviewed_on"], row["assessment_type"]) == last_review(own, there, row["department_code"])


@examples
@given(case=cases(), back=st.integers(0, 900))
def test_what_opened_and_closed_is_what_its_twin_finds(case, back):
    known, day = case
    first = day - timedelta(days=back)
    for holder in (None, *known.departments["department_code"]):
        places = oracle.with_all_below(known, holder)
        found = []
        for row in known.departments.to_dicts():
            if row["department_code"] in places:
                found += [("opened", row["department_code"], row["active_from"])]
                found += [("closed", row["department_code"], row["active_to"])]
        for row in known.sites.to_dicts():
            if places & set(oracle.belongs_to(row)):
                found += [("site_in", row["site_code"], row["in_scope_from"])]
                found += [("site_out", row["site_code"], row["in_scope_to"])]
        expected = {one for one in found if one[2] and first < one[2] <= day}
        rows = around(known, holder, first, day)
        assert dict(rows.schema) == AROUND
        assert set(rows.iter_rows()) == expected
        assert rows["on"].is_sorted()


def rows_of(known, day, actions=(), evidence=()):
    told = stated(pl.DataFrame(list(actions), ACTIONS), standing(known, on(day)), on(day))
    found = since(known, on(day), told, pl.DataFrame(list(evidence), EVIDENCE))
    return {(row["department_code"], row["element"]): row for row in found.iter_rows(named=True)}


STORY = programme(
    department("A"),
    result("1.1.1", "partial", "2024-03-01", "A", kind="initial"),
    result("1.1.2", "compliant", "2024-03-01", "A", kind="initial"),
    result("1.1.1", "partial", "2025-03-05", "A"),
    result("1.1.1", "compliant", "2025-09-01", "A", kind="reassessment"),
    result("1.1.2", "partial", "2025-10-01", "A", kind="self_assessment"),
    assessment("annual_review", "2025-03-05", "1.1.1 1.1.3", "A"),
)


def test_a_reassessment_is_no_last_time_and_what_it_found_is_the_change_since():
    row = rows_of(STORY, "2026-01-01")["A", "1.1.1"]
    assert (row["reviewed_on"], row["band_then"], row["band"], row["change"]) == (
        date(2025, 3, 5),
        "partial",
        "compliant",
        "better",
    )
    assert (row["looked_on"], row["looked_type"], row["in_last"]) == (date(2025, 9, 1), "reassessment", True)
    assert (row["band_before"], row["found"]) == ("partial", "same")


def test_what_was_only_in_the_scope_was_looked_at_without_a_band():
    row = rows_of(STORY, "2026-01-01")["A", "1.1.3"]
    assert (row["looked_on"], row["in_last"], row["band"], row["change"]) == (date(2025, 3, 5), True, None, None)


def test_what_a_department_said_of_itself_and_did_since_is_told_in_sentences():
    action = dict.fromkeys(ACTIONS) | {"action_key": "K", "department_code": "A", "element": "1.1.2"}
    done = action | {"action": "mend", "closed_on": date(2025, 5, 1)}
    late = action | {"action_key": "L", "action": "more", "due_on": date(2025, 12, 1)}
    row = rows_of(STORY, "2026-01-01", [done, late])["A", "1.1.2"]
    assert not row["in_last"]
    assert happened(row) == (
        "Self-assessed partial on 1 October 2025. 1 action closed; 1 action open, 1 of them overdue."
    )
    assert happened(rows_of(STORY, "2026-01-01")["A", "1.1.1"]) == ""


def test_departments_and_sites_come_and_go_below_the_holder_alone():
    known = programme(
        department("A", since="2025-02-01"),
        department("A-1", "A", since="2025-03-01", until="2025-06-01"),
        department("B", since="2025-04-01"),
        site("S", "A-1", since="2025-05-01"),
        site("T", "B", until="2025-05-01"),
    )
    rows = around(known, "A", date(2025, 2, 1), date(2025, 6, 1))
    assert rows.rows() == [
        ("opened", "A-1", date(2025, 3, 1)),
        ("site_in", "S", date(2025, 5, 1)),
        ("closed", "A-1", date(2025, 6, 1)),
    ]

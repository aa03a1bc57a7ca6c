"""The agenda of a meeting: what it speaks of and in which order, against a slow twin, and what it says in words."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as some

from scheme import agenda_facts as picked
from scheme.actions import STATED, actions, findings_without
from scheme.agenda import KEYS, MOST, agenda
from scheme.agenda_facts import Facts
from scheme.coverage import COMPLETION, completion
from scheme.headroom import HEADROOM, STATUSES, headroom
from scheme.movement import moves
from scheme.standard import shipped
from scheme.standing import standing
from scheme.visits import VISITS_OWED, visits
from tests.by_hand import assessment, certificate, department, programme, result, site

CSE = shipped("cse")
FIRST, SECOND = date(2025, 3, 7), date(2025, 6, 7)


# --- the slow twin ----------------------------------------------------------------------------------------------------


@some.composite
def headrooms(draw) -> pl.DataFrame:
    """Headroom of a few departments and criteria, each row by chance and sound in itself."""
    rows = []
    for code in draw(some.lists(some.sampled_from([None, "A", "B", "C"]), unique=True, max_size=4)):
        for criterion in ("1", "2"):
            rows.append(
                {
                    "department_code": code,
                    "criterion": criterion,
                    "elements": 4,
                    "not_assessed": draw(some.integers(0, 4)),
                    "non_compliant": draw(some.integers(0, 2)),
                    "headroom": draw(some.integers(-2, 2)),
                    "indicative": draw(some.booleans()),
                    "status": draw(some.sampled_from(STATUSES)),
                    "why": f"{code} {criterion}",
                }
            )
    return pl.DataFrame([{name: row.get(name) for name in HEADROOM} for row in rows], schema=HEADROOM)


def cell(row) -> tuple:
    return row["department_code"], row["criterion"]


def told(frame: pl.DataFrame) -> list[dict]:
    """The rows that are verdicts, one by one."""
    return [row for row in frame.to_dicts() if not row["indicative"] and row["not_assessed"] < row["elements"]]


@given(headrooms(), headrooms())
def test_what_changed_is_what_a_slow_twin_finds(now, before):
    was = {cell(row): row["status"] for row in told(before)}
    found = []
    for place, row in enumerate(told(now)):
        if cell(row) in was and was[cell(row)] != row["status"]:
            is_worse = STATUSES.index(row["status"]) < STATUSES.index(was[cell(row)])
            found.append((not is_worse, STATUSES.index(row["status"]), place, cell(row), was[cell(row)]))
    rows = picked.changed(now, before).to_dicts()
    assert [(cell(row), row["was"]) for row in rows] == [
        (at, before) for *_, at, before in sorted(found, key=lambda row: row[:3])
    ]


@given(headrooms(), headrooms())
def test_what_is_hottest_is_what_a_slow_twin_finds(now, before):
    failed = {cell(row) for row in told(before) if row["status"] == "fails"}
    found = sorted(
        (row for row in told(now) if row["status"] == "fails"),
        key=lambda row: (-row["non_compliant"], row["headroom"], cell(row) in failed),
    )
    rows = picked.hottest(now, before).to_dicts()
    assert [(cell(row), row["is_new"]) for row in rows] == [(cell(row), cell(row) not in failed) for row in found]


@given(headrooms())
def test_who_is_at_the_limit_is_whom_a_slow_twin_finds(now):
    by: dict = {}
    for row in now.to_dicts():
        by.setdefault(row["department_code"], []).append(row)
    found = []
    for place, (code, rows) in enumerate(by.items()):
        worst = min(STATUSES.index(row["status"]) for row in rows)
        is_verdict = not any(row["indicative"] for row in rows) and any(row["not_assessed"] < 4 for row in rows)
        tight = sum(row["status"] == "at_limit" for row in rows if row["not_assessed"] < 4)
        if is_verdict and STATUSES[worst] == "at_limit" and tight:
            found.append((-tight, place, code, tight))
    rows = picked.at_limit(now).select("department_code", "tight").rows()
    assert rows == [(code, tight) for *_, code, tight in sorted(found, key=lambda row: row[:2])]


@given(
    some.lists(
        some.tuples(some.integers(-5, 400), some.one_of(some.none(), some.integers(0, 2)), some.integers(0, 1)),
        max_size=5,
    ),
    some.lists(some.tuples(some.integers(0, 2), some.sampled_from([True, False, None])), min_size=5, max_size=5),
)
def test_which_cycles_are_at_risk_is_what_a_slow_twin_finds(owed, elements):
    names = [f"C{number}" for number in range(len(owed))]
    of_visits = pl.DataFrame(
        [
            {"certificate_code": name, "days_to_expiry": days, "outstanding": few, "must_visit_outstanding": must}
            for name, (days, few, must) in zip(names, owed, strict=True)
        ],
        schema={name: VISITS_OWED[name] for name in ("certificate_code", "days_to_expiry", "outstanding",
                "must_visit_outstanding")},
    )  # fmt: skip
    of_elements = pl.DataFrame(
        [
            {"certificate_code": name, "outstanding": few, "can_complete": can}
            for name, (few, can) in zip(names, elements, strict=False)
        ],
        schema={name: COMPLETION[name] for name in ("certificate_code", "outstanding", "can_complete")},
    )
    sites = {
        name
        for name, (days, few, must) in zip(names, owed, strict=True)
        if days > 0 and (must or ((few or 0) > 0 and days <= 365))
    }
    short = {
        name
        for name, (days, *_), (few, can) in zip(names, owed, elements, strict=False)
        if days > 0 and few and can is not True
    }
    assert set(picked.sites_at_risk(of_visits)["certificate_code"]) == sites
    assert set(picked.coverage_at_risk(of_elements, of_visits)["certificate_code"]) == short


# --- in words ---------------------------------------------------------------------------------------------------------


def whole(code: str, day: date, **bands: str) -> list:
    """An assessment of everything: compliant, but for the elements named."""
    named = {name.removeprefix("e").replace("_", "."): band for name, band in bands.items()}
    return [result(element, named.get(element, "compliant"), day.isoformat(), of=code) for element in CSE.codes]


def facts(*rows, known=(), cycle=True) -> Facts:
    """The facts of SECOND, against FIRST, of a programme by hand; `known`: rows of scheme.actions.ACTIONS."""
    there = programme(*rows)
    now, before = standing(there, SECOND), standing(there, FIRST)
    given = [{name: row.get(name) for name in list(STATED)[:13]} for row in known]
    stated = actions(pl.DataFrame(given, schema=dict(list(STATED.items())[:13])), now, SECOND)
    return Facts(
        SECOND,
        FIRST,
        there.standard,
        {"A": "Housing", "B": "Finance", None: "The council"},
        ["1 of 2 fails."],
        headroom(there, SECOND),
        headroom(there, FIRST),
        moves(there, FIRST, SECOND, standings=(before, now)),
        completion(there, SECOND) if cycle else None,
        visits(there, SECOND) if cycle else None,
        stated,
        findings_without(stated, now),
    )


def step(of: Facts, key: str):
    return next(one for one in agenda(of) if one.key == key)


TWO = (department("A"), department("B"), *whole("A", FIRST), *whole("B", FIRST))


def test_the_steps_stand_in_their_order_and_the_cycle_only_where_it_may_be_seen():
    assert [one.key for one in agenda(facts(*TWO))] == list(KEYS)
    assert [one.key for one in agenda(facts(*TWO, cycle=False))] == [key for key in KEYS if key != "cycle"]


def test_where_nothing_is_wrong_each_step_says_so_and_has_no_point():
    of = facts(*TWO)
    assert [one.points for one in agenda(of)] == [()] * len(KEYS)
    assert step(of, "changed").sentence == "Since 7 March 2025 no verdict has changed; no band rose or fell."
    assert step(of, "hottest").sentence == "No criterion fails anywhere."
    assert step(of, "cycle").sentence == "Every cycle can be completed, and no site is at risk."
    assert step(of, "actions").sentence == "No action is overdue."
    assert step(of, "decide").sentence.startswith("Nothing waits")
    assert step(of, "programme").numbers == (("fails", 0), ("at_limit", 0), ("incomplete", 0), ("passes", 2))


def test_a_criterion_that_came_to_fail_is_said_to_have_changed_to_fail_and_to_wait_for_a_decision():
    of = facts(*TWO, *whole("A", SECOND, e1_1_1="non_compliant"))
    changed, hot, decide = (step(of, key) for key in ("changed", "hottest", "decide"))
    assert changed.sentence == "Since 7 March 2025 1 criterion got worse and none better; 1 band fell, none rose."
    assert [(point.whose, point.words, point.key) for point in changed.points] == [
        ("Housing", "criterion 1 passed and fails now.", "1")
    ]
    assert hot.sentence == "1 criterion fails, 1 of them anew since 7 March 2025."
    assert hot.points[0].words == "Criterion 1 fails: 1.1.1 is non-compliant. No action is open."
    assert (decide.points[0].key, decide.points[0].status) == ("1.1.1", "fails")
    assert decide.points[0].words.endswith("nobody works on it. Who does what, by when?")


def test_a_late_action_on_a_failing_criterion_waits_for_a_decision_and_one_in_time_does_not():
    late = {"action_key": "1", "department_code": "A", "element": "1.1.1", "action": "Mend it", "owner": "R. Singh",
            "due_on": SECOND - timedelta(days=3)}  # fmt: skip
    rows = (*TWO, *whole("A", SECOND, e1_1_1="non_compliant"))
    of = facts(*rows, known=[late])
    assert step(of, "actions").points[0].words == "1.1.1: Mend it; R. Singh, 3 days over."
    assert step(of, "hottest").points[0].words.endswith("1 action is open, 1 of them late.")
    wordy = step(facts(*rows, known=[late | {"action": "Mend it " * 40}]), "actions").points[0].words
    assert (len(wordy) < 150, "…" in wordy) == (True, True)
    assert "its action is 3 days over (R. Singh)" in step(of, "decide").points[0].words
    assert step(facts(*rows, known=[late | {"due_on": SECOND}]), "decide").points == ()


def test_rolled_up_bands_are_no_matter_for_a_meeting():
    below = (department("P"), department("A", parent="P"), *whole("A", FIRST, e1_1_1="non_compliant"))
    assert [point.department for point in step(facts(*below), "hottest").points] == ["A"]


def test_a_long_step_shows_its_first_points_and_says_how_many_more_there_are():
    bad = {f"e{element.replace('.', '_')}": "non_compliant" for element in CSE.codes if element.startswith(("1", "2"))}
    decide = step(facts(*TWO, *whole("A", SECOND, **bad)), "decide")
    assert (len(decide.points), decide.more) == (MOST, len(bad) - MOST)


def test_a_certificate_near_its_end_that_owes_is_at_risk_with_its_days():
    rows = (
        *TWO,
        certificate("2022-07-01", "2025-07-01", code="C1", holder="A", sites_required=1),
        site("S1", "A"),
        assessment("annual_review", "2025-03-07", of="A", scope="1.1.1"),
    )
    cycle = step(facts(*rows), "cycle")
    assert cycle.sentence == "1 certificate is at risk: coverage of 1 and sites of 1."
    assert [(point.label, point.certificate) for point in cycle.points] == [("Coverage", "C1"), ("Sites", "C1")]
    assert cycle.points[1].words == "1 site still to visit; the certificate ends in 24 days."

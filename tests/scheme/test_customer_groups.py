"""Customer groups and what is said of them: worked by hand, and against a slow twin on random rows."""

import os
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.customer_groups import GROUPS, SUBJECTS, groups
from scheme.standard import shipped

examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "150")), deadline=None, suppress_health_check=list(HealthCheck)
)
DAY = date(2026, 6, 20)
ABOUT = {subject: shipped("cse").about(subject) for subject in SUBJECTS}
TABLES: dict[str, dict[str, Any]] = {
    "groups": {
        "department_code": pl.String, "group": pl.String, "basis": pl.String, "hard_to_reach": pl.Boolean,
        "disadvantaged": pl.Boolean, "source": pl.String, "reviewed_on": pl.Date, "elements": pl.List(pl.String),
    },
    "evidence": {
        "department_code": pl.String, "element": pl.String, "evidence_code": pl.String, "evidence": pl.String,
        "note": pl.String, "expires_on": pl.Date,
    },
    "standards": {"department_code": pl.String, "promise": pl.String, "elements": pl.List(pl.String)},
}  # fmt: skip


def table(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"department_code": "A", "group": "Unpaid carers"} if name == "groups" else {"department_code": "A"}
    return pl.DataFrame([{**dict.fromkeys(TABLES[name]), **usual, **row} for row in rows], schema=TABLES[name])


def told(own: dict[str, Any], evidence=(), standards=(), day: date = DAY) -> dict[str, Any]:
    frames = table("groups", own), table("evidence", *evidence), table("standards", *standards)
    (found,) = groups(*frames, ABOUT, day).to_dicts()
    return found


def states(found: dict[str, Any]) -> tuple[str, ...]:
    return tuple(found[subject] for subject in SUBJECTS)


def test_a_group_s_own_row_says_what_it_is_evidence_for():
    assert states(told({"elements": ["1.1.1", "1.2.2", "1.3.2"]})) == ("said", "said", "not_said")
    assert states(told({"elements": ["1.1.3"]})) == ("not_said", "not_said", "said")
    assert states(told({})) == ("not_said", "not_said", "not_said")


def test_evidence_names_a_group_by_its_whole_name_while_it_holds():
    names = {"element": "1.2.2", "evidence_code": "ES 4", "evidence": "Evening with unpaid  CARERS, minutes"}
    found = told({}, [names])
    assert states(found) == ("named", "not_said", "not_said")
    assert found["consulted_by"] == ["ES 4"]
    for other in (
        {**names, "evidence": "Evening with carers"},
        {**names, "evidence": "Unpaid carersX"},
        {**names, "element": "1.1.1"},
        {**names, "department_code": "B"},
        {**names, "expires_on": DAY - timedelta(days=1)},
    ):
        assert states(told({}, [other])) == ("not_said", "not_said", "not_said"), other
    assert states(told({}, [{**names, "expires_on": DAY}]))[0] == "named"
    assert states(told({}, [{**names, "evidence": "Minutes", "note": "of unpaid carers"}]))[0] == "named"


def test_a_promise_about_satisfaction_names_a_group():
    found = told({}, (), [{"promise": "Unpaid carers who are satisfied", "elements": ["1.3.4"]}])
    assert states(found) == ("not_said", "named", "not_said")
    assert found["measured_by"] == ["Unpaid carers who are satisfied"]


def test_a_review_of_a_year_ago_is_old_and_none_is_not_known():
    assert [told({"reviewed_on": day})["is_old"] for day in (date(2025, 6, 20), date(2025, 6, 21), None)] == [
        *(True, False, None)
    ]
    assert told({"reviewed_on": date(2023, 2, 28)}, day=date(2024, 2, 29))["is_old"]


def test_a_standard_without_subjects_leaves_everything_unsaid():
    rows = table("groups", {"elements": ["1.1.3", "1.2.2", "1.3.2"]})
    found = groups(rows, table("evidence"), table("standards"), {}, DAY)
    assert states(found.to_dicts()[0]) == ("not_said", "not_said", "not_said")
    assert groups(table("groups"), table("evidence"), table("standards"), ABOUT, DAY).schema == pl.Schema(GROUPS)


NAMES = st.sampled_from(["Carers", "Young carers", "Night online"])
CODES = st.one_of(st.none(), st.lists(st.sampled_from(["1.1.1", "1.1.3", "1.2.2", "1.3.2", "5.1.1"]), max_size=2))
WORDS = st.sampled_from(["carers met", "the young carers", "young  Carers", "nothing", "night online."])
DAYS = st.one_of(st.none(), st.sampled_from([DAY - timedelta(days=days) for days in (-9, 0, 1, 300, 365, 400)]))
WHERE = st.sampled_from("AB")


def plain(text: str | None) -> str:
    letters = "".join(letter if letter.isalnum() else " " for letter in (text or "").casefold())
    return f" {' '.join(letters.split())} "


def slow(rows, evidence, standards) -> dict[tuple[str, str], tuple[str, ...]]:
    """By department and group the three states, with a loop over everything for each."""
    found = {}
    for row in rows:
        line = []
        for subject in SUBJECTS:
            state = "not_said"
            for each in evidence:
                good = each["expires_on"] is None or not each["expires_on"] < DAY
                there = plain(row["group"]) in plain(f"{each['evidence']} {each['note'] or ''}")
                if good and there and each["element"] in ABOUT[subject] and same(row, each):
                    state = "named"
            for each in standards:
                about = any(code in ABOUT[subject] for code in each["elements"] or ())
                if about and same(row, each) and plain(row["group"]) in plain(each["promise"]):
                    state = "named"
            if any(code in ABOUT[subject] for code in row["elements"] or ()):
                state = "said"
            line.append(state)
        found[row["department_code"], row["group"]] = tuple(line)
    return found


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["department_code"] == other["department_code"]


@examples
@given(
    st.lists(
        st.fixed_dictionaries({"department_code": WHERE, "group": NAMES, "elements": CODES, "reviewed_on": DAYS}),
        max_size=5,
        unique_by=lambda row: (row["department_code"], row["group"]),
    ),
    st.lists(
        st.fixed_dictionaries(
            {
                "department_code": WHERE,
                "element": st.sampled_from(["1.1.1", "1.2.2", "1.3.1", "1.1.3"]),
                "evidence": WORDS,
                "note": st.one_of(st.none(), WORDS),
                "expires_on": DAYS,
            }
        ),
        max_size=5,
    ),
    st.lists(st.fixed_dictionaries({"department_code": WHERE, "promise": WORDS, "elements": CODES}), max_size=4),
)
def test_groups_are_what_the_slow_twin_finds(rows, evidence, standards):
    found = groups(table("groups", *rows), table("evidence", *evidence), table("standards", *standards), ABOUT, DAY)
    assert found.height == len(rows)
    assert {(row["department_code"], row["group"]): states(row) for row in found.to_dicts()} == slow(
        rows, evidence, standards
    )

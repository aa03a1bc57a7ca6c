"""Evidence by code, elements without any and what to see at a site: worked by hand, and against slow twins."""

import os
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from scheme.evidence import BY_CODE, EVIDENCE, LACKING, SOON, TO_SEE, evidence, kind_of, lacking, to_see
from scheme.standing import standing
from tests.by_hand import department, programme, result, site

examples = settings(max_examples=int(os.environ.get("ASSAY_EXAMPLES", "150")), deadline=None)
DAY = date(2026, 6, 20)
Row = dict[str, Any]


def known(*rows: Row) -> pl.DataFrame:
    told = [{"department_code": "A", "element": "1.1.1", "evidence_code": "ES 1", **row} for row in rows]
    return pl.DataFrame([{name: row.get(name) for name in EVIDENCE} for row in told], EVIDENCE)


def by(days: int) -> date:
    return DAY + timedelta(days=days)


def test_a_code_is_one_piece_of_evidence_under_all_the_elements_it_serves():
    rows = known(
        {"element": "1.1.10", "evidence": "Survey", "owner": "Ann", "expires_on": by(9)},
        {"element": "1.1.2", "evidence": "Survey", "owner": "Bob", "expires_on": by(4)},
        {"department_code": "B", "evidence": "Theirs"},
    )
    first, other = evidence(rows, DAY).iter_rows(named=True)
    assert (first["evidence"], first["elements"], first["owner"]) == ("Survey", ["1.1.2", "1.1.10"], "Bob")
    assert (first["expires_on"], first["differs"]) == (by(4), ["owner", "expires_on"])
    assert (other["evidence"], other["elements"], other["state"]) == ("Theirs", ["1.1.1"], "undated")


def test_evidence_expires_on_the_first_day_on_which_it_no_longer_holds_and_soon_ninety_days_before():
    def state(end: date | None) -> tuple[str, int | None]:
        row = evidence(known({"expires_on": end}), DAY).row(0, named=True)
        return row["state"], row["days"]

    assert state(by(-1)) == ("expired", -1)
    assert state(DAY) == ("expired", 0)
    assert state(by(1)) == ("expiring", 1)
    assert state(by(90)) == ("expiring", 90)
    assert state(by(91)) == ("current", 91)
    assert state(None) == ("undated", None)


def test_a_kind_is_known_however_it_is_spelt_and_any_other_word_stays():
    assert [kind_of(word) for word in ("See on site", "OBSERVED", "tell-me", " Supportive ", "folder", "", None)] == [
        "observed",
        "observed",
        "observed",
        "supportive",
        "folder",
        None,
        None,
    ]


def test_an_element_that_is_not_applicable_needs_no_evidence_and_expired_evidence_is_not_enough():
    made = programme(
        department("A"),
        department("B"),
        result("1.1.2", "not_applicable", "2026-01-01", of="A"),
        result("1.1.2", "partial", "2026-01-01", of="B", kind="self_assessment"),
    )
    rows = known({"element": "1.1.1"}, {"element": "1.1.3", "expires_on": DAY}, {"department_code": "Z"})
    found = lacking(made, rows, standing(made, DAY), DAY)
    assert found["department_code"].to_list() == ["B", "A"]
    assert found["elements"].to_list() == [57, 56]
    own = found.row(1, named=True)
    assert own["expired"] == ["1.1.3"]
    assert len(own["none"]) == 54
    assert not {"1.1.1", "1.1.2", "1.1.3"} & set(own["none"])


def test_evidence_is_asked_for_where_there_is_a_result_of_its_own_or_any_evidence():
    bare = programme(department("A"), department("B"), result("1.1.1", "partial", "2026-06-21", of="B"))
    assert lacking(bare, known(), standing(bare, DAY), DAY).is_empty()
    some = known({"department_code": None}, {"department_code": "Z"})
    assert lacking(bare, some, standing(bare, DAY), DAY)["department_code"].to_list() == [None]
    later = DAY + timedelta(days=1)
    assert lacking(bare, known(), standing(bare, later), later)["department_code"].to_list() == ["B"]


def test_a_site_shows_what_names_it_and_what_its_departments_let_be_seen_anywhere():
    made = programme(department("A"), department("B"), site("S", "A"), site("T", "B"))
    rows = known(
        {"evidence_code": "ES 9", "element": "2.1.1", "site_code": "S", "kind": "supportive"},
        {"evidence_code": "ES 1", "element": "1.1.1", "kind": "see on site"},
        {"evidence_code": "ES 2", "element": "1.1.1", "kind": "descriptive"},
        {"evidence_code": "ES 3", "element": "1.1.1", "kind": "observed", "site_code": "T"},
        {"evidence_code": "ES 4", "department_code": "B", "kind": "observed"},
    )
    found = to_see(made, rows, DAY, "S")
    assert list(found.select("evidence_code", "here").iter_rows()) == [("ES 9", True), ("ES 1", False)]
    assert to_see(made, rows, DAY, "nowhere").is_empty()


# --- slow twins -------------------------------------------------------------------------------------------------------

rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "department_code": st.sampled_from(["A", "B2", "B10", None]),
            "element": st.sampled_from(["1.1.1", "1.1.2", "1.3.5"]),
            "evidence_code": st.sampled_from(["ES 2", "ES 10"]),
            "kind": st.sampled_from([None, "observed", "See on site", "supportive"]),
            "site_code": st.sampled_from([None, None, "S", "T"]),
            "link": st.sampled_from([None, "https://x.example/1"]),
            "expires_on": st.sampled_from([None, by(-1), DAY, by(90), by(91)]),
        }
    ),
    max_size=8,
    unique_by=lambda row: (row["department_code"], row["element"], row["evidence_code"]),
)


def slow(rows: list[Row]) -> dict[tuple[str | None, str], Row]:
    found: dict[tuple[str | None, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["element"]):
        found.setdefault((row["department_code"], row["evidence_code"]), []).append(row)
    told = {}
    for key, same in found.items():
        ends = [row["expires_on"] for row in same if row["expires_on"]]
        end = min(ends, default=None)
        said = {name: [kind_of(row[name]) if name == "kind" else row[name] for row in same] for name in same[0]}
        differs = {name for name, each in said.items() if name != "element" and len(set(each)) > 1}
        first = {name: next((one for one in each if one), None) for name, each in said.items()}
        state = (
            "undated" if end is None else "expired" if end <= DAY else "expiring" if end <= DAY + SOON else "current"
        )
        told[key] = {**first, "expires_on": end, "elements": said["element"], "differs": differs, "state": state}
    return told


@examples
@given(rows=rows_of)
def test_evidence_by_code_is_what_the_slow_twin_says(rows):
    found, twin = evidence(known(*rows), DAY), slow(rows)
    assert dict(found.schema) == BY_CODE
    assert len(twin) == found.height
    for row in found.iter_rows(named=True):
        expected = twin[row["department_code"], row["evidence_code"]]
        assert set(row["differs"]) == expected["differs"]
        for name in ("kind", "site_code", "link", "expires_on", "elements", "state"):
            assert row[name] == expected[name]
    ends = [row["expires_on"] or date.max for row in found.iter_rows(named=True)]
    assert ends == sorted(ends)


@examples
@given(rows=rows_of, at=st.sampled_from(["S", "T", "U"]))
def test_lacking_and_to_see_are_what_the_slow_twins_say(rows, at):
    made = programme(
        department("A"), department("B2", "A"), department("B10", until="2026-06-20"), site("S", "A", "B2"), site("U")
    )
    found = lacking(made, known(*rows), standing(made, DAY), DAY)
    assert dict(found.schema) == LACKING
    for row in found.iter_rows(named=True):
        own = [one for one in rows if one["department_code"] == row["department_code"]]
        for code in made.standard.codes:
            ends = [one["expires_on"] for one in own if one["element"] == code]
            over = [end is not None and end <= DAY for end in ends]
            assert (code in row["none"], code in row["expired"]) == (not ends, bool(ends) and all(over))
    assert set(found["department_code"]) == {row["department_code"] for row in rows} - {"B10"}
    seen = to_see(made, known(*rows), DAY, at)
    assert dict(seen.schema) == TO_SEE
    places = {"S": ["A", "B2"], "U": [None]}.get(at, [])
    expected = {
        (row["department_code"], row["evidence_code"], row["element"], row["site_code"] == at)
        for row in rows
        if at != "T"
        and (
            row["site_code"] == at
            or (row["site_code"] is None and kind_of(row["kind"]) == "observed" and row["department_code"] in places)
        )
    }
    told = {
        (row["department_code"], row["evidence_code"], element, row["here"])
        for row in seen.iter_rows(named=True)
        for element in row["elements"]
    }
    assert told == expected

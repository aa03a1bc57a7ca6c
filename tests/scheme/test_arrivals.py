"""What is expected of departments and what came last: worked by hand, and against a slow twin on random programmes."""

import os
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.arrivals import ARRIVED, arrivals, expected
from scheme.frames import Programme
from scheme.sight import in_sight
from scheme.standing import below
from tests import oracle
from tests.by_hand import assessment, certificate, department, programme, result, site
from tests.programmes import CODES, SITE_CODES, cases, year_later

examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Row = dict[str, Any]
DAY = date(2026, 6, 20)
NOTHING = pl.DataFrame(schema=ARRIVED)


def of(rows: pl.DataFrame, code: str | None, what: str = "results") -> Row:
    (row,) = [row for row in rows.to_dicts() if row["department_code"] == code and row["what"] == what]
    return row


def state(*rows: Any, day: date = DAY) -> tuple[str, date | None]:
    found = of(expected(programme(department("A"), *rows), day), "A")
    return found["state"], found["due_on"]


def came(*rows: tuple[str, str | None, str | None, int, int, date]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), ARRIVED, orient="row")


# --- what is expected -------------------------------------------------------------------------------------------------


def test_results_are_due_once_in_each_year_of_a_certificate_of_its_own():
    own = certificate("2024-04-01", "2027-04-01", holder="A")
    end = date(2027, 3, 31)
    assert state(own, result("1.1.1", "partial", "2026-04-01", of="A")) == ("came", None)  # there is no year after
    assert state(own, result("1.1.1", "partial", "2026-03-31", of="A")) == ("due", end)
    assert state(own, result("1.1.1", "partial", "2025-04-01", of="A")) == ("due", end)
    assert state(own, result("1.1.1", "partial", "2025-03-31", of="A")) == ("overdue", date(2026, 3, 31))
    assert state(own) == ("overdue", date(2026, 3, 31))
    assert state(own, day=date(2024, 4, 1)) == ("due", date(2025, 3, 31))  # nothing is owed of years before
    assert state(own, result("1.1.1", "partial", "2024-05-01", of="A"), day=date(2024, 6, 1)) == (
        "came",
        date(2026, 3, 31),
    )


def test_without_a_certificate_that_runs_results_are_due_within_twelve_months_of_the_last():
    assert state(result("1.1.1", "partial", "2025-06-20", of="A")) == ("came", DAY)
    assert state(result("1.1.1", "partial", "2025-06-19", of="A")) == ("overdue", date(2026, 6, 19))
    assert state() == ("overdue", None)
    leap = result("1.1.1", "partial", "2024-02-29", of="A")
    assert state(leap, day=date(2025, 2, 28)) == ("came", date(2025, 2, 28))
    ended = certificate("2024-04-01", "2027-04-01", holder="A", ended="2026-06-20")
    assert state(ended, result("1.1.1", "partial", "2026-04-01", of="A")) == ("came", date(2027, 4, 1))
    assert state(certificate("2021-04-01", "2024-04-01", holder="A")) == ("overdue", None)


def test_a_self_assessment_a_site_and_what_lies_below_count_and_a_result_after_the_day_does_not():
    own = certificate("2024-04-01", "2027-04-01", holder="A")
    for row in (
        [result("1.1.1", "partial", "2026-05-01", of="A", kind="self_assessment", restated=True)],
        [result("1.1.1", "partial", "2026-05-01", site="S"), site("S", "A")],
        [result("1.1.1", "partial", "2026-05-01", of="B"), department("B", "A", until="2026-06-01")],
    ):
        assert state(own, *row)[0] == "came"
    assert state(own, result("1.1.1", "partial", "2026-06-21", of="A"))[0] == "overdue"
    other = [result("1.1.1", "partial", "2026-05-01", of="B", site="S"), site("S", "A"), department("B")]
    assert state(own, *other)[0] == "overdue"  # it names another department


def test_the_review_form_is_due_one_month_before_a_booked_review_that_lies_ahead():
    def form(day: str, kind: str = "annual_review") -> Row | None:
        rows = expected(programme(department("A"), assessment(kind, day, of="A", planned=True)), DAY)
        return next((row for row in rows.to_dicts() if row["what"] == "form"), None)

    late, soon = form("2026-07-19"), form("2026-07-20")
    assert late is not None
    assert (late["state"], late["due_on"], late["about"]) == ("overdue", date(2026, 6, 19), "annual_review")
    assert soon is not None
    assert (soon["state"], soon["due_on"], soon["on"]) == ("due", DAY, date(2026, 7, 20))
    assert form("2026-06-19") is None
    assert form("2026-07-19", "desk_review") is None
    sent_in = programme(department("A"), assessment("renewal", "2026-07-19", of="A", planned=True))
    there = sent_in.assessments.with_columns(submitted_on=pl.lit(date(2026, 6, 1)))
    told = Programme(**{**vars(sent_in), "assessments": there})
    assert expected(told, DAY)["what"].to_list() == ["results"]


def test_the_corporate_body_owes_its_own_review_forms_and_no_results():
    known = programme(department("A"), assessment("renewal", "2026-07-01", planned=True))
    rows = arrivals(known, DAY, came(("results", "A", None, 3, 1, date(2026, 1, 1))))
    assert rows["department_code"].to_list() == ["A", None]  # one that never had a result comes first
    assert of(rows, None, "form")["load_number"] == 3


# --- what came --------------------------------------------------------------------------------------------------------


def test_what_came_last_is_the_newest_load_about_a_department_or_what_lies_below_it():
    known = programme(department("A"), department("B", "A"), department("C"), site("S", "B"))
    rows = arrivals(
        known,
        DAY,
        came(
            ("results", "A", None, 3, 1, date(2026, 1, 1)),
            ("visits", None, "S", 4, 2, date(2026, 2, 1)),
            ("evidence", "B", None, 4, 5, date(2026, 2, 1)),
            ("results", "B", None, 9, 1, date(2026, 6, 21)),  # received after the day
        ),
    )
    for code in ("A", "B"):
        row = of(rows, code)
        assert (row["load_number"], row["received_on"]) == (4, date(2026, 2, 1))
        assert (row["tables"], row["files"]) == (["visits", "evidence"], [2, 5])
    assert of(rows, "C")["load_number"] is None


def test_the_most_urgent_come_first_and_of_those_up_to_date_the_one_with_the_oldest_data():
    known = programme(
        *(department(code) for code in "ABCDE"),
        result("1.1.1", "partial", "2025-01-01", of="A"),  # overdue since January
        result("1.1.1", "partial", "2025-12-01", of="B"),
        result("1.1.1", "partial", "2025-11-01", of="C"),
        result("1.1.1", "partial", "2026-01-01", of="D"),
        assessment("renewal", "2026-09-01", of="D", planned=True),  # E never sent anything
    )
    rows = arrivals(known, DAY, NOTHING)
    assert rows["department_code"].to_list() == ["E", "A", "D", "C", "B"]
    assert rows["state"].to_list() == ["overdue", "overdue", "due", "came", "came"]
    assert of(rows, "A")["age_days"] == (DAY - date(2025, 1, 1)).days


# --- the slow twin ----------------------------------------------------------------------------------------------------


def about(known: Programme, row: Row) -> set[str]:
    """A row is about the department it names, else about those of its site."""
    if row["department_code"] is not None:
        return {row["department_code"]}
    sites = known.sites.to_dicts()
    return {code for one in sites if one["site_code"] == row["site_code"] for code in one["department_codes"] or ()}


def cycle_of(known: Programme, code: str, day: date) -> list[tuple[date, date]]:
    """The years of the last certificate awarded to it, where that runs on the day; none otherwise."""
    own = [c for c in known.certificates.to_dicts() if c["department_code"] == code and c["awarded_on"] <= day]
    if not own:
        return []
    last = max(own, key=lambda c: (c["awarded_on"], oracle.number_order(c["certificate_code"])))
    if last["expires_on"] <= day or (last["ended_on"] is not None and last["ended_on"] <= day):
        return []
    number = oracle.profile_on(known, day, last["profile"]).cycle_years
    begins = [year_later(last["awarded_on"], k) for k in range(number)]
    begins = [begin for begin in begins if begin < last["expires_on"]]
    return list(zip(begins, [*begins[1:], last["expires_on"]], strict=True))


def twin_of_results(known: Programme, code: str, day: date) -> tuple[str, date | None, date | None]:
    here = oracle.with_all_below(known, code)
    days = [row["assessed_on"] for row in known.results.to_dicts() if about(known, row) & here]
    last = max((one for one in days if one <= day), default=None)
    years = cycle_of(known, code, day)
    before = after = None
    for number, (begin, end) in enumerate(years):
        if begin <= day < end:
            before = years[number - 1] if number else None
            after = years[number + 1] if number + 1 < len(years) else None
            if last is not None and begin <= last:
                return "came", after and after[1] - timedelta(1), last
            if before and (last is None or last < before[0]):
                return "overdue", begin - timedelta(1), last
            return "due", end - timedelta(1), last
    if last is None:
        return "overdue", None, None
    by = year_later(last)
    return ("overdue" if by < day else "came"), by, last


def twin(known: Programme, day: date) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    codes = oracle.active_departments(known, day)
    for code in codes:
        if code is not None:
            found.append((code, "results", *twin_of_results(known, code, day)))
    for row in known.assessments.to_dicts():
        begins = row["started_on"] or row["ended_on"]
        if row["planned"] and row["assessment_type"] in oracle.FORMAL and begins >= day and not row["submitted_on"]:
            month = pl.select(pl.lit(begins).dt.offset_by("-1mo")).item()
            if row["department_code"] in codes:
                found.append((row["department_code"], "form", "overdue" if month < day else "due", month, begins))
    return sorted(found, key=repr)


@examples
@given(case=cases())
def test_what_is_expected_is_what_its_twin_finds(case):
    rows = expected(*case).select("department_code", "what", "state", "due_on", "on").rows()
    assert sorted(rows, key=repr) == twin(*case)


places = st.tuples(
    st.sampled_from(["results", "visits", "assessments", "evidence"]),
    st.sampled_from([None, *CODES]),
    st.sampled_from([None, *SITE_CODES]),
    st.integers(1, 5),
    st.integers(1, 3),
)


@examples
@given(case=cases(), rows=st.lists(places, max_size=12), since=st.integers(-400, 400))
def test_what_came_last_is_what_its_twin_finds(case, rows, since):
    known, day = case
    arrived = came(*((*row, day + timedelta(since * (6 - row[3]) // 5)) for row in rows))
    told = arrivals(known, day, arrived)
    for row in told.to_dicts():
        code = row["department_code"]
        here = oracle.with_all_below(known, code) if code else set()
        mine = [one for one in arrived.to_dicts() if one["received_on"] <= day]
        mine = [one for one in mine if code is None or about(known, one) & here]
        last = max((one["load_number"] for one in mine), default=None)
        mine = [one for one in mine if one["load_number"] == last]
        assert row["load_number"] == last
        assert set(row["tables"] or ()) == {one["table"] for one in mine}
        assert row["files"] == (sorted({one["file_number"] for one in mine}) or None)
    late = [one for one in twin(known, day) if one[2] == "overdue"]
    assert {row["department_code"]: row["overdue"] for row in told.to_dicts()} == {
        code: sum(one[0] == code for one in late) for code in told["department_code"]
    }
    assert set(told["department_code"]) == {one[0] for one in twin(known, day)}
    assert told["state"].to_list() == sorted(told["state"], key=("overdue", "due", "came").index)


@examples
@given(
    case=cases(),
    rows=st.lists(places, max_size=12),
    roots=st.lists(st.sampled_from(CODES), unique=True, min_size=1, max_size=2),
)
def test_what_is_in_sight_has_the_arrivals_that_the_whole_programme_gives(case, rows, roots):
    known, day = case
    arrived = came(*((*row, day) for row in rows))
    own = set().union(*(below(known.departments, root) for root in roots))
    here = pl.col("department_code").is_in(sorted(own))
    whole, cut = (arrivals(each, day, arrived).filter(here) for each in (known, in_sight(known, roots)))
    assert whole.to_dicts() == cut.to_dicts()

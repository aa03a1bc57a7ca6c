"""What the coverage page says of certificates, elements and years (measures.md section 4)."""

import json
from datetime import date

import polars as pl

from dashboard.filters import filters
from dashboard.pages import certificates
from dashboard.pages import coverage as page
from dashboard.words import organisation
from scheme.coverage import certificates_on, completion, coverage, cycle_years
from scheme.frames import Programme
from scheme.standard import shipped
from tests.by_hand import assessment, certificate, department, programme

CSE = shipped("cse")
TODAY = date(2025, 6, 30)
NAMES = {None: "The council", "HOU": "Housing", "LIB": "Libraries", "TRN": "Transport"}
ASKED = filters(f"/coverage?as_of={TODAY}", "coverage")
OF_HOUSING = filters(f"/coverage?as_of={TODAY}&certificate=HOU-24", "coverage")
HOUSING = [
    department("HOU"),
    certificate("2021-01-10", "2024-01-10", "HOU-21", "HOU"),
    certificate("2024-01-10", "2027-01-10", "HOU-24", "HOU"),
    assessment("annual_review", "2024-11-05", "1.1.1 1.1.2 2.1.1", of="HOU"),
    assessment("annual_review", "2025-11-04", "1.1.1 1.1.3", of="HOU", planned=True),
]
# Everything was looked at: nothing is owed.
LIBRARIES = [
    department("LIB"),
    certificate("2024-03-01", "2027-03-01", "LIB-24", "LIB"),
    assessment("annual_review", "2025-06-20", " ".join(CSE.codes), of="LIB"),
]
ENDED = [department("TRN"), certificate("2023-01-01", "2026-01-01", "TRN-23", "TRN", ended="2025-02-01")]


def known(*rows, annual=("1.1.1",)) -> Programme:
    return programme(*rows, annual_elements=annual)


def listed(of: Programme, today: date = TODAY) -> pl.DataFrame:
    """The certificates of a programme as the page lists them."""
    return page.by_certificate(coverage(of, today), completion(of, today), certificates_on(of, today), today)


def one(of: Programme, code: str, today: date = TODAY) -> dict:
    return listed(of, today).row(by_predicate=pl.col("certificate_code") == code, named=True)


def said(node) -> str:
    """All words of a component."""
    if node is None or isinstance(node, str):
        return node or ""
    if isinstance(node, list | tuple):
        return " ".join(said(child) for child in node)
    return said(getattr(node, "children", None))


def cells(table: str) -> dict[str, list]:
    """The cells of a table's rows by the ids of the rows."""
    return {row["id"]: row["c"] for row in json.loads(table)["rows"]}


def matrix(of: Programme, code: str = "HOU-24", status: str = "") -> dict:
    own = coverage(of, TODAY).filter(pl.col("certificate_code") == code)
    years = cycle_years(of, TODAY).filter(pl.col("certificate_code") == code)
    return json.loads(page.matrix(page.shown(own, status), years, CSE, OF_HOUSING))


def test_the_sentence_on_one_certificate_says_how_far_it_is_and_how_long_there_is():
    of = known(*HOUSING)
    assert page.headline(listed(of), one(of, "HOU-24"), NAMES, OF_HOUSING) == (
        "Housing, certificate HOU-24: 3 of 57 elements (5 %) looked at in this cycle, 55 owed, 559 days left."
    )


def test_the_sentence_on_several_names_those_whose_cycle_cannot_be_completed():
    of = known(*HOUSING, *LIBRARIES)
    rows = listed(of)
    assert page.headline(rows, rows.row(0, named=True), NAMES, ASKED) == (
        "2 certificates are in force: 1 cycle cannot be completed at the pace so far (Housing) and 1 owes nothing now."
    )


def test_certificates_come_by_need_and_those_that_no_longer_run_last():
    of = known(*ENDED, *LIBRARIES, *HOUSING)
    assert listed(of)["certificate_code"].to_list() == ["HOU-24", "LIB-24", "TRN-23"]


def test_of_two_that_can_be_completed_the_harder_pressed_comes_first():
    most, some = " ".join(CSE.codes[:40]), " ".join(CSE.codes[:20])
    easy = [certificate("2024-03-01", "2027-03-01", "A", "A"), assessment("annual_review", "2025-05-06", most, "A")]
    hard = [certificate("2024-03-01", "2027-03-01", "B", "B"), assessment("annual_review", "2025-05-06", some, "B")]
    rows = listed(known(department("A"), department("B"), *easy, *hard, annual=()))
    told = rows.select("certificate_code", "can_complete", "per_review_left").rows()
    assert told == [("B", True, 18.5), ("A", True, 8.5)]


def test_a_certificate_that_ended_says_so_instead_of_a_verdict_and_days():
    of = known(*ENDED, *HOUSING)
    row = cells(page.certificates_table(listed(of), NAMES, ASKED))["TRN-23"]
    assert row[0] == ["Transport", "TRN-23", None]
    assert row[1] == ["indication", "Ended 1 February 2025"]
    assert row[-1] is None
    about = said(page.about(one(of, "TRN-23"), TODAY))
    assert "Not in force since 1 February 2025; nothing counts from that day on." in about


def test_whether_a_cycle_can_be_completed_is_a_sign_and_a_word_with_both_numbers():
    of = known(*HOUSING, *LIBRARIES)
    table = cells(page.certificates_table(listed(of), NAMES, ASKED))
    assert (table["HOU-24"][1], table["LIB-24"][1]) == (["fails", "No"], ["passes", "Yes"])
    about = said(page.about(one(of, "HOU-24"), TODAY))
    assert "55 of 57 elements are outstanding; 2 reviews are left and a review of this holder has looked at 3" in about


def test_what_is_not_known_is_said_to_be_not_known():
    of = known(department("NEW"), certificate("2025-03-01", "2028-03-01", "NEW-25", "NEW"))
    assert cells(page.certificates_table(listed(of), NAMES, ASKED))["NEW-25"][1] == ["incomplete", "Not known"]


def test_a_row_of_the_list_opens_its_certificate():
    rows = json.loads(page.certificates_table(listed(known(*HOUSING)), NAMES, ASKED))["rows"]
    assert rows[0]["h"] == "/coverage?as_of=2025-06-30&certificate=HOU-24"


def test_an_annual_list_that_is_not_set_is_said_on_the_list_and_on_the_certificate():
    of = known(*HOUSING, annual=None)
    told = "Annual list not set: ask your certification body."
    assert json.loads(page.certificates_table(listed(of), NAMES, ASKED))["note"] == told
    assert told in said(page.about(one(of, "HOU-24"), TODAY))
    of = known(*HOUSING, annual=())
    assert "note" not in json.loads(page.certificates_table(listed(of), NAMES, ASKED))
    assert told not in said(page.about(one(of, "HOU-24"), TODAY))


def test_the_matrix_stands_below_its_criteria_with_what_each_owes():
    table = matrix(known(*HOUSING))
    by_id = {row["id"]: row for row in table["rows"]}
    first = by_id["criterion-1"]
    assert first["c"][0][:2] == ["1 Customer insight", "2 of 11 looked at"]
    assert first["c"][1:5] == [[None, "2"], [None, "0"], [None, "0"], [None, "10"]]
    assert first["c"][5] == "1 every year"
    assert (by_id["1.1.1"]["d"], first.get("d"), first["o"]) == (1, None, True)


def test_the_years_say_from_when_to_when_and_whether_they_are_over():
    table = matrix(known(*HOUSING))
    years = [column for column in table["columns"] if column["k"].startswith("year")]
    assert years[1]["t"] == "Year 2, running, 10 January 2025 to 10 January 2026"
    assert years[1]["l"].replace("\u00a0", " ") == "10 January 2025 to 10 January 2026"
    assert [group["t"] for group in table["groups"]] == ["Year 1, over", "Year 2, running", "Year 3, to come"]


def test_an_element_shows_its_years_whether_it_is_owed_and_opens_its_details():
    rows = {row["id"]: row["c"] for row in matrix(known(*HOUSING))["rows"]}
    title = f"1.1.1 {CSE.element['1.1.1'].title}"
    assert rows["1.1.1"][0] == [title, None, "/coverage?as_of=2025-06-30&certificate=HOU-24&cell=HOU~1.1.1"]
    assert rows["1.1.1"][1:6] == ["looked_at", "planned", "open", "owed", "every year"]
    assert rows["1.1.2"][1:6] == ["looked_at", "elsewhere", "elsewhere", [None, "–"], "once"]
    assert rows["1.1.2"][6] == "2024-11-05"


def test_the_holder_of_a_corporate_certificate_needs_no_code_for_its_details():
    of = known(certificate("2024-01-10", "2027-01-10", "HOU-24"))
    rows = {row["id"]: row["c"] for row in matrix(of)["rows"]}
    assert rows["1.1.1"][0][2].endswith("&cell=~1.1.1")


def test_a_chip_leaves_only_its_elements_and_their_criteria():
    of = known(*HOUSING)
    ids = [row["id"] for row in matrix(of, status="covered")["rows"]]
    assert ids == ["criterion-1", "1.1.1", "1.1.2", "criterion-2", "2.1.1"]
    chips = said(page.chips(coverage(of, TODAY).filter(pl.col("certificate_code") == "HOU-24"), ASKED))
    assert chips == "All (57) Owed (55) Planned (2) Missed (0) Looked at (3)"


def test_what_is_owed_can_be_copied_by_criterion_and_by_whether_a_review_is_planned():
    own = coverage(known(*HOUSING), TODAY).filter(pl.col("certificate_code") == "HOU-24")
    rows = cells(page.criteria_table(own, CSE))
    share, owed, unplanned, planned = rows["1"][1:]
    assert share[:2] == [2 / 11, "2 of 11"]
    assert (owed, planned) == (10, "1.1.1, 1.1.3")
    assert unplanned.startswith("1.2.1, 1.2.2")
    assert "1.1.3" not in unplanned


def test_the_years_list_their_assessment_days():
    years = cycle_years(known(*HOUSING), TODAY).filter(pl.col("certificate_code") == "HOU-24")
    rows = cells(page.years_table(years))
    assert rows["1"] == ["Year 1", "2024-01-10", "2025-01-10", "over", "5 November 2024"]
    assert rows["3"][4] == "none"


# --- what both pages about certificates share -------------------------------------------------------------------------


def test_on_an_earlier_day_the_holder_s_certificate_of_that_day_is_shown_and_said():
    of, then = known(*HOUSING, *LIBRARIES), date(2023, 6, 30)
    asked = filters("/coverage?as_of=2023-06-30&certificate=HOU-24", "coverage")
    row = certificates.chosen(listed(of, then), of.certificates, asked)
    assert row["certificate_code"] == "HOU-21"
    assert certificates.instead(row, asked) == " On 30 June 2023 its holder had this certificate, not HOU-24."


def test_a_certificate_nobody_knows_is_not_replaced_by_another():
    of = known(*HOUSING)
    asked = filters("/coverage?certificate=ELSE-1", "coverage")
    assert certificates.chosen(listed(of), of.certificates, asked) is None
    told = said(certificates.nothing("", (), of.certificates, asked))
    assert told.startswith(" There is no certificate ELSE-1 that you may see")


def test_a_certificate_that_was_not_awarded_yet_is_said_to_be_so():
    of = known(*LIBRARIES)
    asked = filters("/coverage?as_of=2020-01-01&certificate=LIB-24", "coverage")
    assert certificates.chosen(listed(of, asked.as_of), of.certificates, asked) is None
    told = said(certificates.nothing("", (), of.certificates, asked))
    assert "Certificate LIB-24 was not awarded yet on 1 January 2020" in told


def test_without_a_choice_the_first_of_several_is_shown_below_the_list_and_one_alone_without():
    several, alone = listed(known(*HOUSING, *LIBRARIES)), listed(known(*LIBRARIES))
    assert certificates.chosen(several, several, ASKED)["certificate_code"] == "HOU-24"
    assert (certificates.is_list(several, ASKED), certificates.is_list(alone, ASKED)) == (True, False)
    assert certificates.is_list(several, OF_HOUSING) is False
    head = certificates.heading(several.row(0, named=True), several, NAMES, OF_HOUSING)
    assert said(head).strip() == "All 2 certificates"


def test_the_time_left_is_in_words_on_every_side_of_the_expiry():
    def until(today: str) -> str:
        at = date.fromisoformat(today)
        return certificates.until(one(known(*LIBRARIES), "LIB-24", at), at)

    assert until("2027-02-28") == "1 day left"
    assert until("2027-03-01") == "expired today"
    assert until("2027-03-03") == "expired 2 days ago"
    early = known(department("TRN"), certificate("2023-01-01", "2026-01-01", "TRN-23", "TRN", ended="2025-07-10"))
    assert certificates.until(one(early, "TRN-23"), TODAY) == "185 days left, ending early on 10 July 2025"


def test_a_name_does_not_repeat_that_data_is_fictional():
    assert organisation("Ashcombe County Council (fictional demonstration data)") == "Ashcombe County Council"
    assert organisation("Salford Library (published results)") == "Salford Library (published results)"

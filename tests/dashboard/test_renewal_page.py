"""What the pages Renewal and Assessments say, of programmes written by hand."""

import json
from datetime import date

import polars as pl

from dashboard.filters import filters
from dashboard.pages import journey as stages
from dashboard.pages import journey_countdown as near
from dashboard.pages import renewal as page
from scheme.countdown import countdown, to_mend
from scheme.cycle import certificates_on
from scheme.gate_evidence import evidence
from scheme.journey import journey, steps
from scheme.renewal import evidence_at_expiry, next_dates, renewal
from scheme.standard import shipped
from tests.by_hand import assessment, certificate, department, programme, result, site
from tests.dashboard.test_sites_page import cells, said

TODAY = date(2026, 6, 1)
NAMES = {None: "The council", "LIB": "Libraries", "TRN": "Transport"}
ASKED = filters(f"/renewal?as_of={TODAY}", "renewal")
ALL = " ".join(shipped("cse").codes)
LIBRARIES = [
    department("LIB"),
    certificate("2024-04-01", "2027-04-01", "LIB-24", "LIB", sites_required=1),
    *(result(code, "compliant", "2025-03-03", of="LIB") for code in shipped("cse").codes),
    result("1.1.1", "partial", "2026-03-02", of="LIB"),
    assessment("renewal", "2026-06-22", ALL, of="LIB", planned=True),
    site("S1", "LIB", site_name="Main Library", must_visit=True),
]


def rows_of(of):
    return page.by_certificate(renewal(of, TODAY), certificates_on(of, TODAY), TODAY)


def whole(of, code="LIB-24"):
    """All words of the checks of a certificate, and the tables behind them by check."""
    held = certificates_on(of, TODAY)
    found = [each.apart([code])[code] for each in (evidence(of, TODAY, held), evidence_at_expiry(of, TODAY, held))]
    drawn = page.checks(renewal(of, TODAY).filter(certificate_code=code), tuple(found), NAMES, ASKED)
    tables = {part.id: getattr(part, "data-table") for part in parts(drawn) if hasattr(part, "data-table")}
    return said(drawn), tables, [part.href for part in parts(drawn) if hasattr(part, "href")]


def parts(node):
    if isinstance(node, list | tuple):
        return [found for child in node for found in parts(child)]
    below = getattr(node, "children", None)
    return [node, *parts(below)] if hasattr(node, "_type") else parts(below) if below else []


def test_the_headline_of_a_certificate_says_what_stands_in_the_way_today_and_at_expiry():
    rows = rows_of(programme(*LIBRARIES, annual_elements=()))
    said = page.headline(rows, rows.row(0, named=True), NAMES, ASKED)
    assert said == (
        "Libraries, certificate LIB-24: sites stand in the way today. At expiry, with what is planned, the same: "
        "304 days left."
    )


def test_of_several_certificates_it_counts_those_that_would_pass_and_lists_the_worst_first():
    more = [department("TRN"), certificate("2025-04-01", "2028-04-01", "TRN-25", "TRN")]
    rows = rows_of(programme(*LIBRARIES, *more, annual_elements=()))
    assert page.headline(rows, rows.row(0, named=True), NAMES, ASKED) == (
        "None of 2 certificates in force would pass every check that can fail today; none would at expiry, with what "
        "is planned."
    )
    assert rows["certificate_code"].to_list() == ["TRN-25", "LIB-24"]
    listed = cells(page.certificates_table(rows, NAMES, ASKED))
    assert listed["LIB-24"][3] == ["fails", "Fail"]
    assert listed["TRN-25"][1] == ["passes", "Pass → fail"]


def test_each_check_shows_its_rows_and_leads_to_where_they_are_mended():
    words, tables, links = whole(programme(*LIBRARIES, annual_elements=("1.1.2",)))
    assert "1 must-visit site not visited (S1)" in words
    assert cells(tables["renewal-sites"])["S1"][1] == ["fails", "Must visit"]
    assert cells(tables["renewal-elements"])["1.1.2"][1:3] == [["owed", "Owed"], ["missed", "Missed"]]
    assert "fell from compliant to partial on 2 March 2026" in cells(tables["renewal-trend"])["1.1.1"][1]
    assert f"/scope?as_of={TODAY}&certificate=LIB-24" in links
    assert f"/visitplan?as_of={TODAY}&certificate=LIB-24" in links
    assert f"/actions?as_of={TODAY}&department=LIB" in links


def test_the_next_dates_are_the_review_its_form_and_expiry():
    of = programme(*LIBRARIES)
    told = said(page.about(rows_of(of).row(0, named=True), next_dates(of, TODAY), NAMES, TODAY))
    assert "in 21 days renewal assessment, 22 June 2026" in told
    assert "overdue since 22 May 2026" in told
    assert "304 1 April 2027" in told


def test_bands_rolled_up_from_below_are_shown_as_an_indication_and_give_no_verdict():
    corporate = certificate("2024-04-01", "2027-04-01", "ALL-24")
    words, tables, _ = whole(programme(*LIBRARIES, corporate), "ALL-24")
    assert "Rolled-up bands give no verdict." in words
    assert {row[1][0] for row in cells(tables["renewal-pass_mark"]).values()} == {"indication"}


def test_departments_are_listed_by_stage_the_late_ones_first_and_chips_count_them():
    of = programme(*LIBRARIES, department("TRN"))
    rows = journey(of, TODAY).with_columns(late=(pl.col("next_on") < TODAY).fill_null(value=False))
    asked = filters("/journey", "journey")
    assert stages.headline(rows) == "1 visit begins within four weeks; 1 review form is overdue."
    listed = json.loads(stages.stages_table(rows, NAMES, asked))["rows"]
    assert [row["id"] for row in listed] == ["LIB", "", "TRN"]
    assert listed[0]["c"][1] == ["fails", "Four weeks to the visit"]
    assert "Nothing recorded (2)" in said(stages.chips(rows, asked))
    only = stages.stages_table(rows, NAMES, filters("/journey?status=four_weeks", "journey"))
    assert list(cells(only)) == ["LIB"]
    own = rows.filter(department_code="LIB").row(0, named=True)
    drawn = stages.timeline(own, steps(of, TODAY).filter(department_code="LIB"), NAMES, asked)
    (table,) = [part for part in parts(drawn) if hasattr(part, "data-table")]
    assert cells(getattr(table, "data-table"))["four_weeks"][1] == ["passes", "Here"]
    assert "Hand in the review form, by 22 May 2026 (overdue)" in said(drawn)


def test_the_countdown_tells_what_the_desk_review_predicts_and_what_to_mend_with_an_owner():
    found = result("1.2.1", "non_compliant", "2026-05-20", of="LIB", kind="desk_review")
    of = programme(*LIBRARIES, found)
    actions = pl.DataFrame(
        {"department_code": ["LIB"], "element": ["1.2.1"], "owner": ["Ann"], "due_on": [date(2026, 6, 10)]}
    )
    asked = filters("/journey", "journey")
    drawn = near.countdown(countdown(of, TODAY), to_mend(of, TODAY, actions), NAMES, asked, True)
    words = said(drawn)
    assert "Libraries: 21 days left" in words
    assert "The desk review of 20 May 2026 looked at 1 of 57 elements" in words
    assert "Criterion 1 fails: 1.2.1 is non-compliant." in words
    tables = {part.id: getattr(part, "data-table") for part in parts(drawn) if hasattr(part, "data-table")}
    first = cells(tables["journey-mend-LIB"])["1.2.1"]
    assert first[1:4] == ["non-compliant by the desk review", "Ann", "2026-06-10"]
    assert "/enter/action?department_code=LIB&element=1.2.1" in str(first[-1])

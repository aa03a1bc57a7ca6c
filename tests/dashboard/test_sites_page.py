"""What the sites page says of certificates and their sites (measures.md section 5)."""

import io
import json
from datetime import date

import openpyxl
import polars as pl
import pytest

import formats
from dashboard.figures import plan
from dashboard.filters import filters
from dashboard.pages import sites as page
from scheme.coverage import certificates_on
from scheme.frames import Programme
from scheme.visits import sites, visits
from tests.by_hand import certificate, department, programme, site, visit

TODAY = date(2025, 6, 30)
NAMES = {None: "The council", "LIB": "Libraries", "TRN": "Transport"}
ASKED = filters(f"/sites?as_of={TODAY}", "sites")
OF_LIBRARIES = filters(f"/sites?as_of={TODAY}&certificate=LIB-24", "sites")
LIBRARIES = [
    department("LIB"),
    certificate("2024-01-10", "2027-01-10", "LIB-24", "LIB", sites_required=3),
    site("MUST", "LIB", must_visit=True, site_name="Main Library", address="1 High Street"),
    site("NEVER", "LIB"),
    site("LONG", "LIB"),
    site("SEEN", "LIB", must_visit=True, central_function=True, site_name="Head Office"),
    site("REMOTE", "LIB"),
    site("GONE", "LIB", until="2025-01-01"),
    site("SOON", "LIB", since="2025-09-01"),
    visit("LONG", "2022-05-04"),
    visit("SEEN", "2025-03-07"),
    visit("REMOTE", "2025-04-08", mode="remote"),
    visit("REMOTE", "2025-05-09", mode="self_assessed"),
    visit("MUST", "2025-09-16", planned=True),
    visit("MUST", "2025-11-04", planned=True),
    visit("NEVER", "2025-02-03", planned=True),
]


def listed(of: Programme, today: date = TODAY) -> pl.DataFrame:
    return page.worst_first(visits(of, today), certificates_on(of, today), today)


def one(of: Programme, code: str = "LIB-24", today: date = TODAY) -> dict:
    return listed(of, today).row(by_predicate=pl.col("certificate_code") == code, named=True)


def stated(of: Programme, code: str = "LIB-24", today: date = TODAY) -> pl.DataFrame:
    """The sites of a certificate with their states."""
    own = sites(of, today).filter(pl.col("certificate_code") == code)
    return page.with_states(own, of.visits, one(of, code, today), today)


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


def test_sites_come_in_the_order_to_visit_them():
    states = stated(programme(*LIBRARIES)).select("site_code", "state").rows()
    assert states[:4] == [("MUST", "must"), ("NEVER", "open"), ("LONG", "open"), ("REMOTE", "open")]
    assert states[4:] == [("SEEN", "visited"), ("GONE", "out"), ("SOON", "out")]


def test_a_visit_that_does_not_count_is_told_with_its_kind():
    row = stated(programme(*LIBRARIES)).row(by_predicate=pl.col("site_code") == "REMOTE", named=True)
    assert (row["last_on"], row["last_mode"]) == (date(2025, 4, 8), "remote")
    assert page.not_counted(row["not_counted"]) == "in this cycle remote and self-assessed, not counted"
    table = cells(page.sites_table(stated(programme(*LIBRARIES)), NAMES, TODAY))
    assert table["REMOTE"][2] == ["2025-04-08", "in this cycle remote and self-assessed, not counted"]
    assert table["SEEN"][2] == "2025-03-07"


def test_a_remote_visit_that_counts_is_no_longer_told_as_not_counted():
    of = programme(*LIBRARIES, remote_visits_count=True)
    row = stated(of).row(by_predicate=pl.col("site_code") == "REMOTE", named=True)
    assert (row["state"], row["not_counted"]) == ("visited", None)
    assert cells(page.sites_table(stated(of), NAMES, TODAY))["REMOTE"][2] == ["2025-04-08", "remote"]


def test_only_the_next_visit_still_ahead_is_booked():
    booked = dict(stated(programme(*LIBRARIES)).select("site_code", "booked_on").rows())
    assert (booked["MUST"], booked["NEVER"]) == (date(2025, 9, 16), None)


def test_a_site_says_in_sign_and_word_how_it_stands_and_what_it_is():
    table = cells(page.sites_table(stated(programme(*LIBRARIES)), NAMES, TODAY))
    assert table["MUST"][:2] == [["Main Library", "MUST, must-visit", None], ["at_limit", "Must visit"]]
    assert table["SEEN"][:2] == [["Head Office", "SEEN, must-visit, central function", None], ["passes", "Visited"]]
    assert table["GONE"][0] == ["GONE", "GONE, in scope until 1 January 2025", None]
    assert table["SOON"][0] == ["SOON", "SOON, in scope only from 1 September 2025", None]
    assert table["MUST"][4:] == ["Libraries", "1 High Street", ["What to see", "/evidence?site=MUST", False]]


def test_a_site_of_no_department_is_the_corporate_body_s():
    of = programme(certificate("2024-01-10", "2027-01-10", "LIB-24"), site("S"))
    assert cells(page.sites_table(stated(of), NAMES, TODAY))["S"][4] == "The council"


def test_the_sentence_on_one_certificate_counts_visits_against_those_required():
    of = programme(*LIBRARIES)
    assert page.headline(listed(of), one(of), NAMES, OF_LIBRARIES) == (
        "Libraries, certificate LIB-24: 1 of 3 required sites visited, 2 still to visit; "
        "1 must-visit site is still owed, 559 days left."
    )


@pytest.mark.parametrize(
    ("required", "words"),
    [
        (None, "1 site visited in this cycle; the certificate states no number of sites to visit;"),
        (1, "1 of 1 required site visited, so none is owed;"),
    ],
)
def test_the_sentence_does_without_a_number_and_says_when_enough_was_visited(required, words):
    of = programme(
        *LIBRARIES[:1],
        certificate("2024-01-10", "2027-01-10", "LIB-24", "LIB", sites_required=required),
        *LIBRARIES[2:],
    )
    assert words in page.headline(listed(of), one(of), NAMES, OF_LIBRARIES)


def test_the_sentence_on_several_names_those_that_owe_a_must_visit_site():
    other = [department("TRN"), certificate("2024-01-10", "2027-01-10", "TRN-24", "TRN")]
    rows = listed(programme(*LIBRARIES, *other))
    assert page.headline(rows, rows.row(0, named=True), NAMES, ASKED) == (
        "2 certificates are in force: 1 owes a must-visit site (Libraries), 1 has fewer visits than required so far "
        "and 1 states no number of sites."
    )


def test_the_figures_are_required_visited_still_to_visit_and_days():
    told = said(page.about(one(programme(*LIBRARIES)), stated(programme(*LIBRARIES)), TODAY))
    assert "Required 3 by the certificate Visited 1 5 sites in scope" in told
    assert "Still to visit 2 1 must-visit site owed Not visited yet 4 1 of them booked" in told
    assert "Days to expiry 559 10 January 2027" in told


def test_a_certificate_without_a_number_owes_no_number():
    of = programme(*LIBRARIES[:1], certificate("2024-01-10", "2027-01-10", "LIB-24", "LIB"), *LIBRARIES[2:])
    told = said(page.about(one(of), stated(of), TODAY))
    assert "Required not stated" in told
    assert "Still to visit not stated 1 must-visit site owed" in told


def test_a_certificate_that_ended_stands_last_and_says_when():
    ended = [department("TRN"), certificate("2023-01-01", "2026-01-01", "TRN-23", "TRN", ended="2025-02-01")]
    rows = json.loads(page.certificates_table(listed(programme(*ended, *LIBRARIES)), NAMES, ASKED))["rows"]
    assert [row["id"] for row in rows] == ["LIB-24", "TRN-23"]
    assert rows[1]["c"][0] == ["Transport", "TRN-23, ended 1 February 2025", None]
    assert rows[0]["h"] == "/sites?as_of=2025-06-30&certificate=LIB-24"


def test_chips_count_the_sites_they_show():
    told = stated(programme(*LIBRARIES))
    chips, files = page.chips(told, "LIB-24", ASKED).children
    assert said(chips) == "Not visited yet (4) Must visit (1) Visited (1) Not in scope (2) All (7)"
    assert [page.shown(told, status).height for status in ("", "must", "visited", "out", "all")] == [4, 1, 1, 2, 7]
    assert files.children[2].href == "/download/sites.csv?certificate=LIB-24&as_of=2025-06-30&status="


def test_the_list_to_take_along_has_what_a_planner_needs():
    frame = page.to_take_along(stated(programme(*LIBRARIES)), NAMES)
    first = frame.row(0, named=True)
    assert first["order"] == 1
    assert (first["site_code"], first["site_name"], first["address"]) == ("MUST", "Main Library", "1 High Street")
    assert (first["state"], first["must_visit"], first["booked_for"]) == ("Must visit", True, date(2025, 9, 16))
    assert (first["departments"], first["last_visited_on"]) == ("Libraries", None)
    assert frame.filter(pl.col("site_code") == "REMOTE")["in_this_cycle"][0].endswith("not counted")


def test_the_list_to_take_along_becomes_files_even_when_nothing_is_left_to_visit():
    frame = page.to_take_along(stated(programme(*LIBRARIES)).clear(), NAMES)
    assert formats.csv_text(frame).startswith("order,site_code,site_name,state,must_visit")
    book = openpyxl.load_workbook(io.BytesIO(formats.xlsx_bytes({"Sites": frame}, ["The council"])))
    assert book.sheetnames == ["Sites", "About"]


def test_the_files_run_no_formula_a_sender_wrote():
    of = programme(certificate("2024-01-10", "2027-01-10", "LIB-24"), site("S", site_name="=1+1", address="@SUM(A1)"))
    frame = page.to_take_along(stated(of), NAMES)
    assert "'=1+1" in formats.csv_text(frame)
    assert "'@SUM(A1)" in formats.csv_text(frame)
    cell = openpyxl.load_workbook(io.BytesIO(formats.xlsx_bytes({"Sites": frame})))["Sites"]["C2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


# --- the map ----------------------------------------------------------------------------------------------------------


def placed(*points: tuple[str, str, float, float]) -> pl.DataFrame:
    schema = {"site_code": pl.String, "state": pl.String, "latitude": pl.Float64, "longitude": pl.Float64}
    return pl.DataFrame(list(points), schema, orient="row").with_columns(site_name=pl.lit(None, pl.String))


def test_the_map_is_in_kilometres_at_equal_scales_and_north_is_up():
    figure = plan(placed(("SOUTH", "open", 60.0, 1.0), ("NORTH", "open", 60.1, 1.2)), page.STATES)
    trace = figure["data"][0]
    assert trace["text"] == ["SOUTH", "NORTH"]
    assert trace["y"] == [-5.57, 5.57]
    assert trace["x"] == pytest.approx([-5.56, 5.56], abs=0.02)
    assert figure["layout"]["yaxis"]["scaleanchor"] == "x"


def test_each_state_has_a_symbol_of_its_own():
    points = [("A", "must", 52.0, 1.0), ("B", "open", 52.1, 1.0), ("C", "visited", 52.2, 1.0)]
    figure = plan(placed(*points), page.STATES)
    told = {trace["name"]: trace["marker"]["symbol"] for trace in figure["data"]}
    assert told == {"Must visit": "diamond", "To visit": "circle-open", "Visited": "square"}


def test_sites_without_coordinates_are_counted_below_the_map():
    somewhere = [site(f"S{n}", latitude=52.0 + n / 10, longitude=-1.5) for n in range(3)]
    of = programme(certificate("2024-01-10", "2027-01-10", "LIB-24"), site("NOWHERE"), *somewhere)
    chart = page.on_a_map(stated(of))
    told = said(chart)
    assert "3 sites in kilometres" in told
    assert "1 site without coordinates is not on it." in told
    rows = cells(getattr(chart.children[2], "data-table"))
    assert rows["S1"] == [["S1", "S1", None], ["incomplete", "To visit"], "52.1000, -1.5000"]


def test_without_two_places_there_is_no_map_and_a_sentence_says_why():
    assert said(page.on_a_map(stated(programme(*LIBRARIES)))) == (
        "There is no map: none of 5 sites has a latitude and a longitude."
    )


def test_the_benchmark_is_labelled_as_no_rule():
    of = programme(certificate("2024-01-10", "2027-01-10", "LIB-24"), *(site(f"S{n}") for n in range(24)))
    told = said(page.benchmark(one(of)))
    assert told.startswith("Benchmark, not a scheme rule")
    assert "5 of these sites at an initial assessment, 3 at each surveillance review and 4 at a renewal" in told

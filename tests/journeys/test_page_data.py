"""The Data page of the demo's county council in a real browser (issue 2, item 6; reliability.md D7, F3, group A)."""

import csv
import io

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, settled, walks_through


@pytest.fixture
def page(screen):
    """The Data page as the senior leader sees it: the newest load with trouble is open."""
    return screen("/data")


def links(page) -> dict[str, str]:
    """The addresses of the downloads of rows set aside, by their words."""
    found = page.locator("#data-chosen a[download]").all()
    return {link.inner_text(): link.get_attribute("href") for link in found}


def test_the_newest_trouble_is_told_first_with_its_reasons(page):
    expect(page.locator("#data-headline")).to_contain_text("set aside and 2 files refused")
    expect(page.locator("#data-chosen")).to_contain_text("send it again")
    expect(page.locator("#data-rejected")).to_contain_text("is not a band")


def test_a_load_opens_through_the_address_and_the_back_button_undoes_it(page):
    before = page.locator("#data-chosen h2").inner_text()
    page.locator("#data-loads").get_by_role("link", name="Load 1", exact=True).click()
    expect(page.locator("#data-chosen h2")).to_have_text("Load 1", timeout=PATIENCE)
    assert page.url.endswith("/data?load=1")
    page.go_back()
    expect(page.locator("#data-chosen h2")).to_have_text(before, timeout=PATIENCE)


def test_every_file_adds_up_to_what_was_read(page):
    page.locator("#data-loads").get_by_role("button", name="Open all").click()
    sums = page.locator("#data-loads tbody tr").evaluate_all(
        "rows => rows.map(row => Array.from(row.querySelectorAll('td.t-k-number'),"
        " cell => Number(cell.textContent.replace(/[^0-9]/g, ''))))"
    )
    assert len(sums) > 20
    assert [row for row in sums if row[0] != sum(row[1:])] == []


def test_rows_set_aside_can_be_taken_away_as_csv_and_as_a_workbook(page, served):
    found, aside = links(page), page.locator("#data-rejected tbody tr").count()
    text = page.request.get(served.url + found["CSV"])
    assert text.headers["content-disposition"].startswith("attachment")
    told = list(csv.DictReader(io.StringIO(text.text().removeprefix("\ufeff"))))
    assert len(told) == aside
    assert all(row["why"] for row in told)
    book = openpyxl.load_workbook(io.BytesIO(page.request.get(served.url + found["Excel"]).body()))
    assert sum(sheet.max_row - 1 for sheet in book) == aside


def test_a_download_needs_a_session(page, served, playwright):
    stranger = playwright.request.new_context()
    for address in links(page).values():
        answer = stranger.get(served.url + address, max_redirects=0)
        assert answer.status in (302, 401, 403)
        assert "band" not in answer.text()
    stranger.dispose()


def test_a_champion_gets_no_rows_of_other_departments(page, served, screen):
    own = screen("/data", who="champion")
    expect(own.get_by_role("main")).to_contain_text("You have sent nothing yet")
    expect(own.locator("#data-rejected tbody tr")).to_have_count(0)
    for address in links(page).values():
        assert own.request.get(served.url + address).status == 404


@pytest.mark.parametrize("address", ["/download/rejected/999.csv", "/download/rejected/1.exe"])
def test_a_download_that_there_is_not_is_not_found(page, served, address):
    assert page.request.get(served.url + address).status == 404


def test_a_load_that_there_is_not_is_said_not_to_be(screen):
    expect(screen("/data?load=999").locator("#data-chosen")).to_contain_text("There is no load 999")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing(screen, scheme):
    found = Axe().run(screen("/data", bypass_csp=True, color_scheme=scheme))
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_reaches_both_tables_and_leaves_them(page):
    walks_through(page, "data-rejected")
    walks_through(page, "data-loads")


def test_a_narrow_screen_scrolls_one_way(page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(settled(page))

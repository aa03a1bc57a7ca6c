"""The sites page of the demo's county council in a real browser (issue 2, item 6; reliability.md groups A and D)."""

import csv
import io
import re

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE


@pytest.fixture
def sites(screen):
    """A function: the page with a query, drawn, as an assessor sees it."""
    return lambda query="", **options: screen(f"/sites{query}", "assessor", **options)


def headline(page):
    return page.locator("#sites-headline")


def test_the_list_leads_to_a_certificate_and_back(sites):
    page = sites()
    expect(headline(page)).to_contain_text(re.compile(r"^\d+ certificates are in force: .*must-visit"))
    row = page.locator("#sites-certificates tbody tr", has_text="Libraries").first
    code = row.locator(".t-small").inner_text()
    row.click()
    expect(headline(page)).to_contain_text(f"Libraries, certificate {code}:", timeout=PATIENCE)
    assert f"certificate={code}" in page.url
    expect(page.locator("#sites-certificates")).to_be_hidden()
    page.get_by_role("link", name=re.compile(r"All \d+ certificates")).click()
    expect(page.locator("#sites-certificates tbody tr").first).to_be_visible(timeout=PATIENCE)
    page.go_back()
    expect(headline(page)).to_contain_text(code, timeout=PATIENCE)


def test_a_planner_sees_first_what_must_be_visited_with_figures_map_and_benchmark(sites):
    page = sites()
    for figure in ("Required", "Visited", "Still to visit", "Not visited yet", "Days to expiry"):
        expect(page.locator("#sites-chosen dt", has_text=re.compile(f"^{figure}$"))).to_be_visible()
    first = page.locator("#sites-table tbody tr").first
    expect(first).to_contain_text("Must visit")
    expect(first).to_contain_text("must-visit")
    expect(page.locator("#sites-plan-plot .main-svg").first).to_be_attached(timeout=PATIENCE)
    expect(page.locator("#sites-plan-table tbody tr").first).to_contain_text(re.compile(r"\d\d\.\d{4}, -?\d\.\d{4}"))
    page.get_by_text("Benchmark, not a scheme rule").click()
    expect(page.locator("#sites-benchmark")).to_contain_text("IAF MD 1")


def test_a_chip_shows_the_visited_with_their_last_day(sites):
    page = sites()
    page.get_by_role("link", name=re.compile(r"^Visited \(\d+\)")).click()
    expect(page.locator("#sites-table tbody tr").first).to_contain_text("Visited", timeout=PATIENCE)
    assert "status=visited" in page.url
    expect(page.locator("#sites-table tbody tr").first.locator("td").nth(1)).to_have_text(re.compile(r"\d{4}"))


def test_the_list_is_taken_along_as_shown(sites):
    page = sites("?status=must")
    shown = page.locator("#sites-table tbody th .t-name > :first-child").all_inner_texts()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    assert re.fullmatch(r"sites-[A-Z0-9-]+\.csv", waiting.value.suggested_filename)
    rows = list(csv.DictReader(waiting.value.path().open(encoding="utf-8")))
    assert [row["site_name"] for row in rows] == shown
    assert {row["state"] for row in rows} == {"Must visit"}
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(waiting.value.path().read_bytes()))
    assert [row[2] for row in book["Sites"].iter_rows(min_row=2, values_only=True)] == shown


def test_a_list_is_nobody_s_without_a_session_and_nobody_else_s_with_one(served, sites, new_context):
    page = sites()
    own = page.get_by_role("link", name="CSV").get_attribute("href")
    assert page.request.get(served.url + own).status == 200
    stranger = new_context().request.get(served.url + own, max_redirects=0)
    assert stranger.status in (302, 401)
    assert "site_code" not in stranger.text()
    for wrong in (
        "sites.csv?certificate=SCTS-2016&as_of=2017-06-30",
        "sites.csv",
        own.split("/")[-1].replace("csv", "exe"),
    ):
        assert page.request.get(f"{served.url}/download/{wrong}").status == 404


def test_the_page_can_be_walked_with_the_keyboard(sites):
    page = sites()
    page.get_by_role("link", name=re.compile(r"^All \(\d+\)")).press("Enter")
    expect(page.get_by_role("link", name=re.compile(r"^All \(\d+\)"))).to_have_attribute(
        "aria-current", "true", timeout=PATIENCE
    )
    assert "status=all" in page.url


def test_nothing_on_it_offends_axe(sites):
    page = sites(bypass_csp=True)
    expect(page.locator("#sites-plan-plot .main-svg").first).to_be_attached(timeout=PATIENCE)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_on_a_telephone_only_the_tables_scroll_sideways(sites):
    page = sites(size=(390, 844))
    expect(page.locator("#sites-plan-plot .main-svg").first).to_be_attached(timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

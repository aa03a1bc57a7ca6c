"""The coverage page of the demo's county council in a real browser (issue 2, item 6; reliability.md group A)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, settled


@pytest.fixture
def coverage(screen):
    """A function: the page with a query, drawn, as an assessor sees it."""
    return lambda query="", **options: screen(f"/coverage{query}", "assessor", **options)


def headline(page):
    return page.locator("#coverage-headline")


def element(page, code: str):
    """The row header of an element in the matrix."""
    return page.locator("#coverage-matrix tbody th", has_text=re.compile(rf"^{re.escape(code)} "))


def drawer(page):
    found = page.get_by_role("dialog")
    expect(found.locator(".d-where")).to_be_visible(timeout=PATIENCE)
    return found


def test_the_list_leads_to_a_certificate_and_back(coverage):
    page = coverage()
    expect(headline(page)).to_contain_text(re.compile(r"^\d+ certificates are in force: .*cannot be completed"))
    first = page.locator("#coverage-certificates tbody tr").first
    expect(first).to_contain_text("No")
    code = first.locator(".t-small").inner_text()
    first.get_by_role("link").press("Enter")
    expect(headline(page)).to_contain_text(f"certificate {code}:", timeout=PATIENCE)
    assert f"certificate={code}" in page.url
    expect(page.locator("#coverage-certificates")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_label("Certificate", exact=True)).to_have_value(code)
    page.go_back()
    expect(headline(page)).to_contain_text("certificates are in force", timeout=PATIENCE)
    expect(page.locator("#coverage-certificates tbody tr").first).to_contain_text(code)


def test_a_certificate_shows_its_figures_what_it_owes_and_every_element(coverage):
    page = coverage()
    page.get_by_label("Certificate", exact=True).select_option(index=1)
    expect(headline(page)).to_contain_text("looked at in this cycle", timeout=PATIENCE)
    settled(page)
    for figure in ("Looked at", "Owed", "Missed", "Days to expiry"):
        expect(page.locator("#coverage-chosen dt", has_text=figure)).to_be_visible()
    expect(page.get_by_role("heading", name="Can this cycle still be completed?")).to_be_visible()
    expect(page.locator("#coverage-chosen .chip")).to_have_text(re.compile("No|Yes|Not known"))
    expect(page.locator("#coverage-criteria tbody tr")).to_have_count(5)
    expect(page.locator("#coverage-matrix tbody tr")).to_have_count(57 + 5)
    expect(page.locator("#coverage-years tbody tr")).to_have_count(3)
    names = page.locator("#coverage-matrix .t-name")
    assert names.evaluate_all("all => all.filter(name => name.scrollWidth > name.clientWidth + 1).length") == 0


def test_a_chip_leaves_what_is_owed_and_stands_in_the_address(coverage):
    page = coverage()
    chip = page.get_by_role("link", name=re.compile(r"^Owed \(\d+\)"))
    owed = int(re.search(r"\d+", chip.inner_text())[0])
    chip.click()
    expect(page.locator("#coverage-matrix tr[aria-level='2']")).to_have_count(owed, timeout=PATIENCE)
    assert "status=owed" in page.url


def test_an_element_opens_its_details_with_the_keyboard_and_gives_the_focus_back(coverage):
    page = coverage()
    element(page, "1.1.1").focus()
    page.keyboard.press("ArrowDown")
    expect(element(page, "1.1.2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer(page)).to_contain_text("1.1.2")
    assert "cell=" in page.url
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    expect(page).not_to_have_url(re.compile("cell="), timeout=PATIENCE)
    expect(page.locator("tr:focus-within")).to_have_text(re.compile(r"^1\.1\.2 "), timeout=PATIENCE)


def test_nothing_on_it_offends_axe(coverage):
    page = coverage("?status=owed", bypass_csp=True)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    element(page, "1.1.1").get_by_role("link").click()
    drawer(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_on_a_telephone_only_the_tables_scroll_sideways(coverage):
    page = coverage(size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_certificate_of_another_tenant_looks_like_one_that_is_not_there(served, new_context, signed_in):
    page = new_context(storage_state=signed_in("assessor")).new_page()
    for code in ("SCTS-2016", "NONE-1"):
        page.goto(f"{served.url}/coverage?as_of=2017-06-30&certificate={code}")
        expect(page.get_by_role("main")).to_contain_text(
            f"There is no certificate {code} that you may see", timeout=PATIENCE
        )

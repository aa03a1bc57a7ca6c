"""Trend in a real browser on the demo's county council."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, tabs_until


def test_a_lead_reads_what_moved_and_another_day_changes_it(screen):
    page = screen("/trend", bypass_csp=True)
    headline = page.locator("#trend-headline")
    expect(headline).to_have_text(re.compile(r"^\d+ elements are worse than on .* and \d+ are better; [\d,]+ kept"))
    expect(page.locator("#trend-sentences li").first).to_have_text(
        re.compile(r"^Kept [\d,]+ compliance plus, gained \d+, lost \d+\.$")
    )
    expect(page.locator("#trend-years-chart .plot svg").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#trend-risk h2")).to_contain_text("Estimate", timeout=PATIENCE)
    expect(page.locator("#trend-risk-table tbody tr").first).to_be_visible(timeout=PATIENCE)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    before = headline.inner_text()
    page.get_by_label("Compare with").fill("2022-03-07")
    expect(headline).to_contain_text("7 March 2022", timeout=PATIENCE)
    assert headline.inner_text() != before


def test_in_a_narrow_window_what_got_worse_leads_by_keyboard_to_its_cell(screen):
    page = screen("/trend?status=worse", size=(390, 844))
    expect(page.locator("#trend-years-chart .plot svg").first).to_be_visible(timeout=PATIENCE)
    assert scrolls_one_way(page)
    expect(page.locator("#trend-moves tbody tr").first).to_contain_text("Worse")
    tabs_until(page, "here.closest('#trend-moves tbody') && here.tagName === 'A'")
    element = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(element, timeout=PATIENCE)

"""Arrivals, and a result corrected by hand, in a real browser on the demo's county council."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way


def test_a_lead_sees_who_is_overdue_and_whom_to_remind(screen):
    page = screen("/arrivals", bypass_csp=True)
    expect(page.locator("#arrivals-headline")).to_have_text(
        re.compile(r"^(\d+|None) of \d+ departments (is|are) overdue; the oldest data is .* old\.")
    )
    first = page.locator("#arrivals-table tbody tr").first
    expect(first).to_contain_text("Overdue")
    assert re.match(r"mailto:[^?]+@[^?]+\?subject=", first.locator("a[href^='mailto:']").get_attribute("href"))
    page.get_by_role("link", name=re.compile(r"^To come \(\d+\)")).click()
    expect(page.locator("#arrivals-table tbody tr").first).to_contain_text("To come", timeout=PATIENCE)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)


def test_a_champion_goes_from_a_cell_to_its_form_and_the_form_tells_what_it_lacks(screen):
    page = screen("/heatmap?cell=HWY~1.1.1", who="champion", bypass_csp=True)
    page.get_by_role("link", name="Enter or correct this result").click(timeout=PATIENCE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter a result")
    expect(page.get_by_label("Department", exact=True)).to_have_value("HWY")
    expect(page.get_by_label("Element", exact=True)).to_have_value("1.1.1")
    page.get_by_label("Why").fill("Mistyped")
    page.get_by_label("Day", exact=True).fill("2026-01-01")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#wrong")).to_contain_text("Band is empty")
    page.locator("#wrong").get_by_role("link", name=re.compile("Band is empty")).click()
    expect(page.get_by_label("Band", exact=True)).to_be_focused()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.locator("table.list tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Correct a result")
    expect(page.locator(".facts")).to_contain_text("Says now")

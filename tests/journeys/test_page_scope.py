"""The next review in a real browser: proposed, kept, given an itinerary, booked, and planned in the coverage matrix."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, settled, signed_in_as, tabs_until

PENSIONS = "/scope?certificate=PEN-2024"


def is_clean(page: Page) -> None:
    """Assert that axe finds nothing, and that at 390 px the page scrolls one way."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)
    page.set_viewport_size({"width": 1280, "height": 800})


def test_an_assessor_sees_what_is_needed_and_is_offered_no_plan(screen):
    page = screen("/scope", who="assessor")
    expect(page.locator("#scope-table")).to_be_visible()
    expect(page.get_by_role("link", name="Plan this review")).to_have_count(0)


def test_a_lead_goes_from_what_is_proposed_to_what_is_planned(own, new_context):
    context = new_context(bypass_csp=True)
    page = signed_in_as(own, context, "lead")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(own.url + PENSIONS)
    settled(page)
    expect(page.locator("#scope-headline")).to_have_text(
        re.compile(r"^Pensions, .*: \d+ reviews? (is|are) left and \d+ elements are outstanding, .*will be missed")
    )
    expect(page.locator("#scope-left tbody")).to_contain_text("Will be missed")
    is_clean(page)
    page.get_by_role("link", name="Plan this review").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan a review", timeout=PATIENCE)
    is_clean(page)
    # What is ticked is owed; what is not may have been looked at, and then no booking makes it planned.
    owed = page.locator("input[name=elements]:checked").first.get_attribute("value")
    first = page.locator("input[name=elements]:not(:checked)").first
    added = first.get_attribute("value")
    page.wait_for_load_state("networkidle", timeout=PATIENCE)  # whoever reads the page is at its heading by then
    first.focus()
    page.keyboard.press("Space")
    expect(page.locator(f'input[name=elements][value="{added}"]')).to_be_checked()
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.locator("main")).to_contain_text(f"{added} ", timeout=PATIENCE)
    page.get_by_role("link", name="Add a row to the itinerary").click(timeout=PATIENCE)
    page.get_by_label("Customers", exact=True).check()
    page.get_by_label("Site", exact=True).select_option(index=1)
    is_clean(page)
    page.get_by_label("From", exact=True).focus()
    tabs_until(page, "here.textContent === 'Keep this row'")
    page.keyboard.press("Enter")
    expect(page.locator("#checks")).to_contain_text("Nobody is to meet staff.", timeout=PATIENCE)
    is_clean(page)
    page.get_by_role("link", name="See what booking would change").click()
    expect(page.locator("main")).to_contain_text("planned, on site, part of", timeout=PATIENCE)
    page.get_by_label("Why", exact=True).fill("Agreed with the assessor")
    is_clean(page)
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_role("status")).to_contain_text("Booked: review", timeout=PATIENCE)
    page.goto(f"{own.url}/coverage?certificate=PEN-2024&status=planned")
    settled(page)
    expect(page.locator("#coverage-matrix tbody")).to_contain_text(owed)

"""The visit plan, in a real browser on the demo's county council."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, settled, walks_through


def test_a_lead_sees_what_can_be_visited_keeps_the_plan_and_finds_it_again(screen):
    page = screen("/visitplan?mode=all&share=25", bypass_csp=True)
    expect(page.locator("#visitplan-headline")).to_have_text(re.compile(r"certificate \S+: .* can be visited"))
    expect(page.locator("#visitplan-proof")).to_contain_text("proven")
    expect(page.locator("#visitplan-plan")).to_contain_text("has the number of its review")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    visits = page.locator("#visitplan-table tbody tr").count()
    page.get_by_role("link", name="Keep this plan").click()
    page.get_by_label("Name").fill("For the assessor")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("status")).to_contain_text("Kept as For the assessor")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("link", name="Look at it").click()
    settled(page)
    expect(page.locator("#visitplan-headline")).to_contain_text("still fits what is known")
    expect(page.locator("#visitplan-table tbody tr")).to_have_count(visits)
    page.get_by_role("link", name="Share, remove or take it over").click()
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url(re.compile("/visitplan$"), timeout=PATIENCE)
    expect(settled(page).get_by_text("For the assessor")).to_have_count(0)


def test_the_plan_is_reached_from_the_sites_and_works_by_keyboard_and_in_a_narrow_window(screen):
    page = screen("/sites")
    page.get_by_role("link", name="Plan the visits").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Visit plan", timeout=PATIENCE)
    expect(page.locator("#visitplan-table.is-drawn tbody tr")).not_to_have_count(0, timeout=PATIENCE)
    settled(page)
    walks_through(page, "visitplan-table")
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)

"""The page of a department in a real browser on the demo's county council."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, settled


def test_a_champion_is_answered_at_once_and_reads_it_on_a_telephone(screen):
    page = screen("/department", who="champion", bypass_csp=True)
    expect(page.locator("#department-headline")).to_have_text(re.compile(r"^Highways: Criterion \d .*late\."))
    cards = page.locator(".answers .block")
    expect(cards.locator("h2")).to_have_text(["Where do we stand?", "What must we do by when?", "Who does it well?"])
    expect(cards.nth(1).locator("li").first).to_contain_text("Late")
    expect(cards.nth(2).locator("a").first).to_have_attribute(
        "href", re.compile(r"^/element\?element=[^&]+&department=HWY$")
    )
    expect(page.locator("#department-history-table tbody tr").first).to_contain_text("elements")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)


def test_a_lead_chooses_a_department_by_keyboard(screen):
    page = screen("/department", bypass_csp=True)
    expect(page.locator("#department-headline")).to_contain_text("departments to choose from")
    page.locator("#department-choose-find").fill("Parking")
    expect(page.locator("#department-choose tbody tr")).to_have_count(1, timeout=PATIENCE)
    page.locator("#department-choose a", has_text="Parking").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#department-headline")).to_contain_text("Parking: ", timeout=PATIENCE)
    expect(settled(page).locator("#department-actions")).to_contain_text("Action")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()

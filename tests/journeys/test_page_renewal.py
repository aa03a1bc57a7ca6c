"""Renewal and Assessments in a real browser, on the demo's county council."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way


def test_an_assessor_works_through_the_checks_of_a_certificate_from_top_to_bottom(screen):
    page = screen("/renewal", who="assessor", bypass_csp=True)
    expect(page.locator("#renewal-headline")).to_have_text(
        re.compile(r"^(\d+|None) of \d+ certificates in force would pass every check that can fail today; ")
    )
    page.locator("#renewal-certificates tbody a").first.click()
    expect(page.locator("#renewal-checks h2")).to_have_text(
        [re.compile(f"^{number}\\. ") for number in range(1, 6)], timeout=PATIENCE
    )
    years = page.get_by_text(re.compile(r"^The \d+ years of the cycle"))
    years.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#renewal-reports tbody tr").first).to_contain_text("Year 1", timeout=PATIENCE)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)


def test_a_lead_sees_how_far_every_assessment_is_and_counts_down_to_the_next_visits(screen):
    page = screen("/journey", bypass_csp=True)
    expect(page.locator("#journey-headline")).to_have_text(re.compile(r"^\d+ visits? begins? within four weeks"))
    expect(page.locator("#journey-countdown")).to_contain_text("Criterion 4 fails: 4.3.1 is non-compliant.")
    expect(page.locator("#journey-mend-WEL tbody tr").first).to_contain_text("4.3.1")
    page.locator("#journey-table tbody a", has_text="Waste and Recycling").click()
    expect(page.locator("#journey-steps tbody tr")).to_have_count(12, timeout=PATIENCE)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)

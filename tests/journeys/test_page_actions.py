"""Actions and evidence as people meet them: from a finding to an action in the table, and what to see at a site."""

import re
from datetime import UTC, datetime, timedelta

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, chips, scrolls_one_way, settled, signed_in_as


def test_a_champion_gives_a_finding_an_action_and_finds_it_in_the_table(own, new_context):
    page = signed_in_as(own, new_context(bypass_csp=True), "champion")
    page.goto(f"{own.url}/actions?status=findings")
    settled(page)
    findings = chips(page)["Findings without action"]
    assert findings > 0
    page.get_by_role("link", name="Add an action").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter an action", timeout=PATIENCE)
    element = page.get_by_label("Element").input_value()
    assert re.fullmatch(r"[1-5]\.\d\.\d", element)
    page.get_by_label("What will be done").fill("Ask the people who were turned away")
    page.get_by_label("Who does it").fill("Ann Lee")
    page.get_by_label("By when").fill(str(datetime.now(UTC).date() + timedelta(days=9)))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_label("Why").fill("Agreed at the review")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".said")).to_contain_text(f"-{element}-1: open, due", timeout=PATIENCE)
    page.get_by_role("link", name="See it among the actions").click()
    page.get_by_role("link", name=re.compile(r"^Due within 4 weeks")).click(timeout=PATIENCE)
    line = page.locator("#actions-table tbody tr", has_text="Ask the people who were turned away")
    expect(line).to_contain_text("Due soon", timeout=PATIENCE)
    expect(line).to_contain_text("Ann Lee")
    page.goto(f"{own.url}/actions")
    assert chips(settled(page))["Findings without action"] == findings - 1
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)


def test_an_assessor_takes_along_what_to_see_at_a_site(screen):
    page = screen("/evidence?status=on_site", who="assessor", bypass_csp=True)
    expect(page.locator("#evidence-headline")).to_have_text(re.compile(r"\d+ of \d+ pieces of evidence have expired"))
    assert chips(page)["Expired"] > 0
    page.get_by_label("What to see at").select_option(index=1)
    expect(page.locator("#evidence-headline")).to_contain_text(" to see at ", timeout=PATIENCE)
    settled(page)
    expect(page.get_by_role("link", name="CSV")).to_have_attribute("href", re.compile(r"^/download/see-on-site\.csv\?"))
    expect(page.get_by_role("link", name="Correct")).to_have_count(0)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)

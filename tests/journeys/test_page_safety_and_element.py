"""From a red cell to an action, through the way to safety and the page of an element, in a real browser."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, settled


def test_a_lead_goes_from_a_red_cell_to_whoever_does_it_well_and_to_an_action(screen):
    page = screen("/heatmap?cell=WST~4", bypass_csp=True)
    drawer = page.locator("#heatmap-drawer-body")
    expect(drawer).to_contain_text("What would make it green", timeout=PATIENCE)
    drawer.get_by_role("link", name="The whole way to safety").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Way to safety", timeout=PATIENCE)
    settled(page)
    expect(page.locator("#safety-headline")).to_contain_text("everybody who was judged to safe")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.locator("#safety-fixes tbody tr").first.get_by_role("link", name=re.compile(r"^4\.3\.4 ")).click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("4.3.4", timeout=PATIENCE)
    settled(page)
    block = page.locator(".block", has=page.get_by_role("heading", name="Waste and Recycling"))
    expect(block).to_contain_text("Who does it well, nearest in kind first")
    expect(block.get_by_role("link", name="Add an action")).to_have_attribute(
        "href", "/enter/action?department_code=WST&element=4.3.4"
    )
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)


def test_the_list_of_elements_leads_to_each_and_fits_a_phone(screen):
    page = screen("/element", bypass_csp=True)
    expect(page.locator("#element-headline")).to_have_text(
        re.compile(r"^In \d+ of 57 elements somebody is partial or worse; in \d+ of these somebody else holds")
    )
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("link", name=re.compile(r"^4 Delivery")).click()
    expect(page.locator("#element-list tbody tr")).to_have_count(13, timeout=PATIENCE)
    page.locator("#element-list tbody a").first.press("Enter")
    one = re.compile(r"^(\d+|None) of \d+ departments? (is|are) partial or worse")
    expect(page.locator("#element-headline")).to_have_text(one, timeout=PATIENCE)
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)

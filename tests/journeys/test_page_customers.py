"""Service standards and customer groups in a real browser on the demo's county council."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, walks_through

CHART_IS_LOW = """() => {
    const drawn = document.querySelector('#standards-chart-0-plot .main-svg')?.getBoundingClientRect().height;
    return 0 < drawn && drawn < 250;
}"""


def test_a_lead_sees_which_promises_are_missed_and_how_they_moved(screen):
    page = screen("/standards?department=HWY", bypass_csp=True)
    expect(page.locator("#standards-headline")).to_have_text(
        re.compile(r"^(\d+|None) of \d+ promises with a target (was|were) met in the newest period")
    )
    page.get_by_role("link", name=re.compile(r"^Missed \(\d+\)")).click()
    expect(page.locator("#standards-table tbody")).not_to_contain_text("Met", timeout=PATIENCE)
    expect(page.locator("#standards-table tbody tr").first).to_contain_text("Missed", timeout=PATIENCE)
    page.wait_for_function(CHART_IS_LOW, timeout=PATIENCE)  # once the chart is drawn anew, of those missed
    expect(page.locator("#standards-chart-0-table tbody tr")).not_to_have_count(0, timeout=PATIENCE)
    expect(page.locator("#standards-charter")).to_contain_text("Not known to Assay")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("path", "table"), [("/standards", "standards-table"), ("/groups", "groups-table")])
def test_both_work_by_keyboard_and_on_a_narrow_screen(screen, path, table):
    page = screen(path, who="champion", bypass_csp=True)
    walks_through(page, table)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)

"""What if, in a real browser: a band is tried, the verdict follows, the scenario is kept, shared and compared."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, settled

TRIED = "?criterion=4&try=WST~4.3.4~p"


def banner(page):
    return page.get_by_role("region", name="Scenario")


def test_from_a_red_cell_to_a_kept_and_shared_scenario(screen):
    page = screen("/heatmap?criterion=4", size=(1280, 900))
    cell = page.get_by_role("gridcell", name=re.compile(r"^Waste and Recycling, 4\.3\.4 .*: Non-compliant"))
    cell.focus()
    page.keyboard.press("Enter")
    summary = page.get_by_role("dialog").get_by_text("Try another band")
    expect(summary).to_be_visible(timeout=PATIENCE)
    summary.focus()
    page.keyboard.press("Enter")
    chosen = page.get_by_role("link", name="4.3.4: try partial")
    chosen.focus()
    page.keyboard.press("Enter")
    verdict = page.get_by_role("dialog").get_by_role("status")
    expect(verdict).to_contain_text("In this scenario: Criterion 4 passes", timeout=PATIENCE)
    expect(verdict).to_contain_text("In fact: Criterion 4 fails")
    expect(chosen).to_be_focused(timeout=PATIENCE)
    expect(chosen).to_have_attribute("aria-current", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    tried = page.get_by_role("gridcell", name=re.compile("tried: partial, in fact non-compliant$"))
    expect(tried).to_be_focused(timeout=PATIENCE)
    expect(tried).to_contain_text("?")
    expect(banner(page)).to_contain_text("nothing here is a fact. 1 cell tried")
    expect(banner(page)).to_contain_text("Waste and Recycling would pass instead of failing")
    expect(page).to_have_title(re.compile("^Scenario: Heatmap"))

    page.get_by_role("link", name="Headroom", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Headroom", timeout=PATIENCE)
    expect(banner(settled(page))).to_contain_text("1 cell tried")
    page.get_by_role("link", name="Keep this scenario").click()
    page.get_by_label("Name").fill("Complaints mended")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(banner(page)).to_contain_text("Complaints mended", timeout=PATIENCE)
    assert "/headroom?draft=" in page.url
    page.get_by_role("link", name="Rename, share or remove").click()
    page.get_by_role("button", name="Share it").click()
    expect(page.get_by_role("button", name="Take back the sharing")).to_be_visible(timeout=PATIENCE)

    theirs = screen("/scenarios", who="leader")
    expect(theirs.locator("#scenarios-table")).to_contain_text("Shared by lead@demo.assay.invalid")
    theirs.get_by_role("link", name="With the facts").first.click()
    row = theirs.locator("#scenarios-difference tbody tr", has_text="Waste and Recycling").first
    expect(row).to_contain_text("was failing", timeout=PATIENCE)
    theirs.get_by_role("link", name="Complaints mended").first.click()
    expect(banner(theirs)).to_contain_text("kept by lead@demo.assay.invalid", timeout=PATIENCE)
    theirs.get_by_role("link", name="Leave the scenario").click()
    expect(banner(theirs)).to_have_count(0, timeout=PATIENCE)
    expect(theirs).to_have_title(re.compile("^Heatmap"))


@pytest.mark.parametrize(
    ("path", "scheme"),
    [(f"/heatmap{TRIED}&cell=WST~4", "light"), ("/headroom?try=WST~4.3.4~p", "dark"), ("/scenarios", "light")],
)
def test_axe_objects_to_nothing(screen, path, scheme):
    page = screen(path, bypass_csp=True, color_scheme=scheme)
    if "cell=" in path:
        expect(page.get_by_role("dialog").locator(".d-where")).to_be_visible(timeout=PATIENCE)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_telephone_tries_bands_without_scrolling_sideways(screen):
    page = screen(f"/heatmap{TRIED}&cell=WST~4", size=(390, 844))
    expect(page.get_by_role("dialog").locator(".d-where")).to_be_visible(timeout=PATIENCE)
    body = page.get_by_role("dialog").locator(".offcanvas-body")
    assert body.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    assert scrolls_one_way(page)
    page.get_by_role("link", name="4.3.4: as it is").click()
    expect(banner(page)).to_have_count(0, timeout=PATIENCE)

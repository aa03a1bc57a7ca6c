"""A meeting in a real browser: by keys through its steps, in type to be read from five metres, and written down."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, signed_in_as, tabs_until

WALL = {"width": 1920, "height": 1080}
_SMALLEST = """() => Math.min(...Array.from(document.querySelectorAll("body *"))
    .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden, .skip")
        && Array.from(one.childNodes).some((node) => node.nodeType === 3 && node.textContent.trim()))
    .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""


def is_clean(page: Page) -> None:
    """Assert that axe finds nothing."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def place(page: Page) -> str:
    """Which step is shown, and that no other is."""
    expect(page.locator(".step:visible")).to_have_count(1)
    return page.locator("#wall-place").inner_text()


def test_a_lead_walks_through_a_meeting_by_keys_and_leaves_with_an_action_and_minutes(own, new_context):
    # Nothing moves: axe would measure a colour on its way to another.
    page = signed_in_as(own, new_context(bypass_csp=True, reduced_motion="reduce"), "lead")
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_viewport_size(WALL)
    page.goto(f"{own.url}/meeting")
    is_clean(page)
    page.get_by_label("Name", exact=True).fill("The board")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The board")).to_be_visible(timeout=PATIENCE)
    assert place(page) == "1 of 7"
    assert page.evaluate(_SMALLEST) >= 28
    is_clean(page)
    for key, there in (("ArrowRight", 2), (" ", 3), ("PageDown", 4), ("ArrowLeft", 3), ("PageUp", 2), (" ", 3)):
        page.keyboard.press(key)
        assert place(page) == f"{there} of 7"
        assert page.evaluate("document.activeElement.tagName") == "H2"
    assert "What fails, and why" in page.locator("h2:focus").inner_text()
    cell = page.locator(".points a").first.get_attribute("href")
    assert re.match(r"/heatmap\?as_of=[\d-]+&known_at=[^&]+&cell=\w+~\d$", cell or "")
    page.get_by_role("button", name="Next").click()
    assert place(page) == "4 of 7"
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Meeting")).to_be_visible(timeout=PATIENCE)
    page.go_forward()
    assert place(page) == "4 of 7"
    page.emulate_media(media="print")
    expect(page.locator(".step:visible")).to_have_count(7)
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    is_clean(page)
    page.get_by_role("button", name="Write", exact=True).click()
    page.keyboard.type("Meet the heads of service ")  # neither the arrow nor the space turns the page here
    page.keyboard.press("ArrowLeft")
    assert place(page) == "4 of 7"
    expect(page.get_by_label("Who does it")).to_be_hidden()
    page.get_by_label("Action", exact=True).check()
    page.get_by_label("Department", exact=True).select_option(index=2)
    page.get_by_label("Who does it").fill("R. Singh")
    assert page.evaluate(_SMALLEST) >= 28
    is_clean(page)
    page.locator("#write button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("An action needs a day", timeout=PATIENCE)
    assert (place(page), page.evaluate("document.activeElement.id")) == ("4 of 7", "wrong")
    is_clean(page)
    page.get_by_label("By when").fill("2031-01-15")
    page.locator("#write button[type=submit]").click()
    expect(page.locator("#at_limit .entries")).to_contain_text("R. Singh, by 15 January 2031", timeout=PATIENCE)
    assert place(page) == "4 of 7"
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)
    tabs_until(page, "here.id === 'wall-next'")
    page.keyboard.press("Enter")
    assert place(page) == "5 of 7"
    page.get_by_role("link", name="Minutes").click()
    expect(page.get_by_role("region", name="Actions that were decided")).to_contain_text("R. Singh", timeout=PATIENCE)
    assert scrolls_one_way(page)
    is_clean(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Save")).to_be_hidden()
    expect(page.get_by_role("heading", name="What was looked at")).to_be_visible()
    assert [fault for fault in faults if "400" not in fault] == []


def test_without_its_script_the_wall_shows_every_step_and_a_leader_reads_it(served, new_context, signed_in):
    page = new_context(storage_state=signed_in("leader"), java_script_enabled=False).new_page()
    page.goto(f"{served.url}/meeting/now")
    assert page.locator(".step:visible").count() == 6
    expect(page.locator("#wall-steps")).to_be_hidden()
    expect(page.locator("form")).to_have_count(0)

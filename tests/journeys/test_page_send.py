"""Send files as a lead meets it: the real server, a copy of the demo's warehouse, a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, signed_in_as, tabs_until

HEAD = "department_code,assessment_type,assessed_on,element,band\n"
FAULTY = f"{HEAD}ACC,annual_review,2025-03-07,1.1.1,Partial\nACC,annual_review,2025-03-07,9.9.9,Compliant\n"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def state(own, browser) -> dict:
    """The cookies of the demo's lead, who signs in once."""
    context = browser.new_context()
    signed_in_as(own, context, "lead")
    kept = context.storage_state()
    context.close()
    return kept


def shown(own, new_context, state, **options) -> Page:
    page = new_context(storage_state=state, **options).new_page()
    page.faults = []
    page.on("console", lambda said: page.faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(f"{own.url}/send")
    return page


def faults_of(page: Page) -> list[str]:
    """What axe finds, a line for each, and whether the page scrolls sideways."""
    page.wait_for_load_state()  # a click waits for the beginning of the page to which it leads
    found = Axe().run(page, options={"runOnly": RULES})
    told = [f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found.response["violations"]]
    return told + ([] if scrolls_one_way(page) else ["scrolls sideways"])


def test_files_are_dropped_previewed_mended_and_taken_and_axe_objects_to_nothing(own, new_context, state):
    page = shown(own, new_context, state, bypass_csp=True, reduced_motion="reduce")
    assert faults_of(page) == []
    dropped = page.evaluate_handle(
        "(text) => { const data = new DataTransfer(); data.items.add(new File([text], 'faulty.csv')); return data; }",
        FAULTY,
    )
    page.dispatch_event("#send-drop", "drop", {"dataTransfer": dropped})
    expect(page.locator("#send-chosen")).to_contain_text("faulty.csv")
    expect(page.get_by_role("status")).to_have_text("1 file chosen.")
    page.get_by_role("button", name="Send for preview").click()
    expect(page.locator("#summary")).to_contain_text("1 row is set aside", timeout=PATIENCE)
    for size in ((1280, 800), (390, 844)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        assert faults_of(page) == [], size
    cell = page.get_by_role("textbox", name="Element Row 3")
    expect(cell).to_have_value("9.9.9")
    tabs_until(page, "here.name === 'cell' && here.value === '9.9.9'")
    page.keyboard.type("1.1.2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("none is set aside now", timeout=PATIENCE)
    page.get_by_role("button", name="Take it").click()
    expect(page.locator(".said")).to_contain_text(re.compile("Taken as load .* 2 rows loaded"), timeout=PATIENCE)
    assert page.faults == []


def test_what_cannot_be_sent_is_told_as_an_alert_that_takes_the_focus(own, new_context, state):
    page = shown(own, new_context, state)
    page.evaluate("document.getElementById('send-form').dataset.largest = '10'")
    page.set_input_files("#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": FAULTY.encode()})
    page.get_by_role("button", name="Send for preview").click()
    expect(page.get_by_role("alert")).to_contain_text("are the most at once")
    expect(page.get_by_role("alert")).to_be_focused()


def test_without_javascript_files_are_sent_and_left_by_plain_forms(own, new_context, state):
    page = shown(own, new_context, state, java_script_enabled=False)
    page.get_by_label("Files").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": FAULTY.encode()})
    page.get_by_role("button", name="Send for preview").click()
    expect(page.locator("#summary")).to_contain_text("set aside", timeout=PATIENCE)
    page.get_by_role("button", name="Leave it").click()
    expect(page.locator(".said")).to_contain_text("nothing of it was taken")

"""The look, the help and the tour as a reader meets them, with the keyboard alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import settled


def faults(page) -> list[str]:
    return [violation["id"] for violation in Axe().run(page).response["violations"]]


def background(page) -> str:
    return page.evaluate("getComputedStyle(document.querySelector('.block, .t-scroll')).backgroundColor")


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(0, 0, 0)")])
def test_high_contrast_is_chosen_stays_and_is_without_fault(screen, scheme, paper):
    page = screen("/", color_scheme=scheme, bypass_csp=True)
    page.get_by_label("Colours").select_option("High contrast")
    expect(page.locator("html")).to_have_attribute("data-look", "contrast")
    assert background(page) == paper
    assert faults(page) == []
    page.reload()
    settled(page)
    assert background(page) == paper
    expect(page.get_by_label("Colours")).to_have_value("contrast")
    page.goto(page.url + "send")
    expect(page.locator("html")).to_have_attribute("data-look", "contrast")
    expect(page.get_by_label("Colours")).to_have_value("contrast")


def test_a_chosen_look_holds_against_the_systems_and_charts_wear_it(screen):
    page = screen("/trend", color_scheme="dark")
    page.wait_for_selector(".plot .main-svg")
    paper = "getComputedStyle(document.querySelector('.plot .main-svg')).backgroundColor"
    assert page.evaluate(paper) == "rgb(21, 28, 34)"
    page.get_by_label("Colours").select_option("Light")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert background(page) == "rgb(255, 255, 255)"
    page.emulate_media(media="print", color_scheme="dark")
    page.get_by_label("Colours").evaluate(
        "node => { node.value = 'dark'; node.dispatchEvent(new Event('change', {bubbles: true})) }"
    )
    assert background(page) == "rgb(255, 255, 255)", "paper is white, whatever the screen is"


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_help_opens_beside_a_heading_and_above_a_table_and_gives_the_focus_back(screen, size):
    page = screen("/headroom", size=size, bypass_csp=True)
    for name, words in (
        ("What this page says", "How many more partials can each criterion bear?"),
        ("What the columns mean: Criteria: where it is tight", "Most partials in one department"),
    ):
        button = page.get_by_role("button", name=name, exact=True)
        button.focus()
        page.keyboard.press("Enter")
        box = page.get_by_role("dialog")
        expect(box).to_contain_text(words)
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(box.get_by_role("button", name="Close")).to_be_focused()
        edges = box.bounding_box()
        assert min(edges["x"], edges["y"]) >= 0
        assert edges["x"] + edges["width"] <= size[0]
        assert edges["y"] + edges["height"] <= size[1]
        assert faults(page) == []
        page.keyboard.press("Escape")
        expect(box).to_be_hidden()
        expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    button.click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_newcomer_is_shown_round_once_and_again_when_asked(screen):
    page = screen("/", bypass_csp=True)
    offer = page.get_by_role("region", name="For newcomers")
    offer.get_by_role("button", name="Show me round").press("Enter")
    tour = page.get_by_role("dialog")
    expect(tour.get_by_role("heading", name="One sentence first")).to_be_focused()
    assert faults(page) == []
    tour.get_by_role("button", name="Next").press("Enter")
    expect(tour).to_contain_text("Step 2 of 3")
    tour.get_by_role("button", name="Next").press("Enter")
    expect(tour.get_by_role("heading", name="Every figure leads on")).to_be_focused()
    expect(tour.get_by_role("button", name="Next")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(tour).to_be_hidden()
    expect(offer).to_be_hidden()
    again = page.get_by_role("contentinfo").get_by_role("button", name="Show me round")
    expect(again).to_be_focused()
    page.reload()
    settled(page)
    expect(offer).to_be_hidden()
    again.click()
    expect(page.get_by_role("dialog")).to_contain_text("Step 1 of 3")


def test_what_is_technical_waits_behind_details(screen):
    page = screen("/")
    fresh = page.locator("#shell-freshness")
    expect(fresh).to_contain_text("Data received")
    expect(fresh.get_by_text("Data as of load")).to_be_hidden()
    fresh.get_by_text("Details").click()
    expect(fresh.get_by_text("Data as of load")).to_be_visible()


def test_a_table_that_finds_nothing_offers_every_row_again(screen):
    page = screen("/")
    rows = page.locator("#overview-table tbody tr")
    before = rows.count()
    page.get_by_label("Find in Departments, worst first").fill("no such department")
    page.get_by_role("button", name="Clear the search").click()
    expect(rows).to_have_count(before)
    expect(page.get_by_label("Find in Departments, worst first")).to_be_focused()

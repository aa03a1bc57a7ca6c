"""Administration as an administrator meets it: the real server, the demo's warehouse, a real browser."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.screens import scrolls_one_way, tabs_until
from tests.served import Served, serving

PATHS = ("", *(f"/{name}" for name in ("people", "people/invite", "groups", "tokens", "settings", "audit")))


@pytest.fixture(scope="module")
def own(demo_warehouse, tmp_path_factory) -> Iterator[Served]:
    """The real server on a copy of the demo's warehouse that these tests may change."""
    url, passwords = demo_warehouse
    path = shutil.copy(url.removeprefix("sqlite:///"), tmp_path_factory.mktemp("administration") / "assay.db")
    with serving(f"sqlite:///{path}") as address:
        yield Served(address, f"sqlite:///{path}", passwords)


@pytest.fixture(scope="module")
def state(own, browser) -> dict:
    """The cookies of the demo's administrator, who signs in once."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{own.url}/sign-in")
    page.get_by_label("E-mail address").fill(own.email("administrator"))
    page.get_by_label("Password").fill(own.passwords["administrator"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{own.url}/")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def opened(own, new_context, state) -> Callable[..., Page]:
    """A function: a page of administration in a window of this size; `faults` holds what the browser complained of."""

    def show(below: str = "", size: tuple[int, int] = (1280, 800), **options) -> Page:
        page = new_context(storage_state=state, **options).new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.faults = []
        page.on("console", lambda said: page.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda asked: page.faults.append(asked.url) if not asked.url.startswith(own.url) else None)
        page.goto(f"{own.url}/administration{below}")
        return page

    return show


def faults_of(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, a line for each."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    return [f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found.response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_fault_that_axe_finds(opened, scheme):
    page = opened(color_scheme=scheme)
    for below in PATHS:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{page.url.split('/administration')[0]}/administration{below}")
            assert faults_of(page) == [], (below, width)
            assert scrolls_one_way(page), (below, width)
    assert page.faults == []


def test_a_form_that_was_refused_has_none_either_and_leads_to_its_fields(opened):
    page = opened("/people/invite", (390, 844))
    page.get_by_label("Champion").check()
    page.get_by_role("button", name="Invite").click()
    expect(page).to_have_title(re.compile("^Not done: "))
    assert faults_of(page) == []
    page.get_by_role("alert").get_by_role("link", name=re.compile("tick at least one")).click()
    tabs_until(page, "here.name === 'departments'", most=2)
    expect(page.get_by_label("Champion")).to_be_checked()


def test_every_address_that_a_page_leads_to_is_there_and_breaks_no_policy(own, opened):
    page = opened()
    waiting, seen, met = ["/administration"], set(), Counter()
    while waiting:
        path = waiting.pop(0)
        answer = page.goto(own.url + path)
        assert answer.status == 200, path
        assert page.faults == [], path
        seen.add(path)
        for link in page.eval_on_selector_all("a[href]:not([download])", "links => links.map(link => link.href)"):
            found = urlsplit(link)
            address = found.path + (f"?{found.query}" if found.query else "")
            # Of addresses that differ in a number or a code alone, two are enough.
            kind = re.sub("[0-9]+", "N", found.path) + "?" * bool(found.query)
            if found.path.startswith("/administration") and address not in {*seen, *waiting} and met[kind] < 2:
                met[kind] += 1
                waiting.append(address)
    assert {f"/administration{below}" for below in PATHS} <= seen


def test_somebody_is_invited_with_the_keyboard_alone(opened):
    page = opened("/people")
    tabs_until(page, "here.textContent.includes('Invite somebody')")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Invite somebody")
    tabs_until(page, "here.id === 'email'")
    page.keyboard.type("keys@example.org")
    tabs_until(page, "here.name === 'role'")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
        if page.evaluate("document.activeElement.value") == "champion":
            break
    tabs_until(page, "here.name === 'departments'")
    page.keyboard.press("Space")
    tabs_until(page, "here.type === 'submit' && here.textContent === 'Invite'", most=400)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("keys@example.org is a champion now")
    expect(page.get_by_role("status")).to_contain_text("/reset/")
    expect(page.get_by_role("row", name=re.compile("keys@example.org"))).to_contain_text("Never signed in")
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
    assert page.faults == []


def test_everything_works_without_javascript_in_a_narrow_window(opened):
    page = opened("/settings", (390, 844), java_script_enabled=False)
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    page.get_by_role("link", name="Menu", exact=True).click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Settings").click()
    page.get_by_label("A distribution without names").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("a distribution without names")
    expect(page.get_by_label("A distribution without names")).to_be_checked()
    page.goto(page.url.replace("/settings", "/audit"))
    expect(page.get_by_role("row", name=re.compile("champions_see_others")).first).to_contain_text("Chose")
    expect(page.get_by_role("main")).to_contain_text("This log is unbroken since")


def test_the_menu_leads_from_the_screens_to_administration_and_back(own, opened):
    page = opened()
    page.goto(f"{own.url}/heatmap")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Administration").click(timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Administration")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Heatmap").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Heatmap", timeout=30_000)
    assert page.faults == []

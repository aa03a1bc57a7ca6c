"""Everybody can use every plain page: forms, administration, doors (issue 6, item 6; reliability.md A1 to A8).

The pages are those of the server's own map of addresses, each asked as somebody who may open it: a new one is found by
being there. Where an address has a number in it, the pages that were found before have to lead to one.
"""

from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

from tests.dashboard.permissions import allowed, surfaces
from tests.journeys import everybody
from tests.journeys.screens import settled

# What is no page: the program's own parts, and what is handed out as a file.
PARTS = ("/_dash", "/_reload-hash", "/_favicon.ico", "/assets/", "/healthz", "/readyz", "/api/v1/openapi.json")
# Opened by what is said once and forgotten; their pages are asked in the tests of links and of signing on.
SAID_ONCE = ("/guest/<token>", "/reset/<token>", "/sign-on/<name>", "/sign-on/<name>/back")
HEAD = "department_code,assessment_type,assessed_on,element,band\n"
FAULTY = f"{HEAD}ACC,annual_review,2025-03-07,1.1.1,Partial\nACC,annual_review,2025-03-07,9.9.9,Compliant\n"
_LEADS_NOWHERE = """all => all.filter((one) => !document.getElementById(one.hash.slice(1)))
  .map((one) => `leads to no field: ${one.hash}`)"""
# A way to another language, which leads back, a calendar, and the wall, of which test_page_meeting.py asks the same.
NO_PAGES = {"/language/<language>", "/feed/<token>.ics", "/meeting/<int:number>", "/meeting/<int:number>/minutes"}
_SENT_EMPTY = """form => {
  form.noValidate = true;
  const fields = Array.from(form.querySelectorAll("input, textarea"));
  for (const one of fields) if (!/hidden|radio|checkbox/.test(one.type)) one.value = "";
  form.requestSubmit();
}"""


@pytest.fixture(scope="module")
def needs() -> dict[str, str]:
    """What each plain page needs, by the rule of its address."""
    from dashboard.app import create_app

    named = surfaces(create_app()).items()
    found = {name.removeprefix("GET "): need for name, need in named if name.startswith("GET ")}
    pages = {rule: need for rule, need in found.items() if not rule.startswith(PARTS) and "export" not in need.split()}
    return {rule: need for rule, need in pages.items() if rule not in SAID_ONCE and not rule.startswith("/download/")}


def kept(page: Page, url: str) -> Iterator[str]:
    """Keep one of each thing that has pages of its own: a scenario, plans of visits and of a review, files sent.

    Gives where each led to.
    """
    page.goto(f"{url}/headroom?try=HWY~1.1.1~n")
    settled(page).get_by_role("link", name="Keep this scenario").click()
    page.get_by_label("Name").fill("What if")
    with page.expect_navigation(wait_until="networkidle"):
        page.get_by_role("button", name="Keep", exact=True).click()
    yield page.url
    page.goto(f"{url}/visitplan?mode=all&share=25")
    settled(page).get_by_role("link", name="Keep this plan").click()
    page.get_by_label("Name").fill("For everybody")
    with page.expect_navigation(wait_until="networkidle"):
        page.get_by_role("button", name="Keep it").click()
    yield page.url
    page.goto(f"{url}/scope?certificate=PEN-2024")
    settled(page).get_by_role("link", name="Plan this review").click()
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_role("link", name="Add a row to the itinerary").click()
    page.goto(f"{url}/send")
    page.set_input_files("#file", {"name": "faulty.csv", "mimeType": "text/csv", "buffer": FAULTY.encode()})
    page.get_by_role("button", name="Send for preview").click()
    page.locator("#summary").wait_for()
    yield page.url


class Found:
    """Addresses by their rule, as pages lead to them; one with a query before one without."""

    def __init__(self, rules: dict[str, str], map_) -> None:
        self.rules, self.map, self.waiting, self.known = rules, map_, deque(), {}
        for rule in rules:
            if "<" not in rule:
                self.waiting.append(rule)

    def links(self, page: Page) -> None:
        for link in page.eval_on_selector_all("a[href]:not([download])", "links => links.map(link => link.href)"):
            if urlsplit(link).netloc == urlsplit(page.url).netloc:
                self.add(link)

    def add(self, address: str) -> None:
        parts = urlsplit(address)
        rule = self.rule(parts.path)
        if rule and rule not in self.known:
            self.known[rule] = f"{parts.path}?{parts.query}" if parts.query else parts.path
            self.waiting.append(self.known[rule])

    def rule(self, path: str) -> str | None:
        try:
            rule = str(self.map.match(path, "GET", return_rule=True)[0])
        except HTTPException:
            return None
        return rule if rule in self.rules else None


@pytest.fixture(scope="module")
def addresses():
    from dashboard.app import create_app

    return create_app().server.url_map.bind("localhost")


def is_page(page: Page, url: str) -> bool:
    """Whether an address answers with a page of its own, now."""
    answer = page.request.get(url)
    return answer.ok and "text/html" in answer.headers.get("content-type", "") and answer.url == url


def refused(page: Page) -> list[str]:
    """The faults of what a page answers when its first form is sent with nothing in it; none where it is taken."""
    form = page.locator("main form[method=post]:not([enctype]):has(input:not([type=hidden]), select, textarea)").first
    if not form.count():
        return []
    with page.expect_navigation():
        form.evaluate(_SENT_EMPTY)
    if not page.locator("[role=alert]:visible").count():
        return []
    missing = page.locator("[role=alert] a[href^='#']").evaluate_all(_LEADS_NOWHERE)
    return [f"refused {one}" for one in [*missing, *everybody.questions(page)]]


def mine(needs: dict[str, str], who: str) -> dict[str, str]:
    """The plain pages that this person is asked to try: an administrator those that a lead may not open."""
    first, *further = {
        "stranger": ("",),
        "lead": ("corporate_lead", ""),
        "administrator": ("administrator", "corporate_lead", ""),
        "operator": ("operator", "administrator", "corporate_lead", ""),  # and has chosen no organisation
    }[who]
    return {
        rule: need
        for rule, need in needs.items()
        if allowed(first, need) == "yes" and not any(allowed(role, need) == "yes" for role in further)
    }


@pytest.mark.parametrize("who", ["stranger", "lead", "administrator", "operator"])
def test_everybody_can_use_every_plain_page(own, browser, needs, addresses, who):
    page = everybody.stranger(browser) if who == "stranger" else everybody.signed_in(own, browser, who)
    found = Found(mine(needs, who), addresses)
    if who == "lead":
        for address in kept(page, own.url):
            found.add(address)
            found.links(page)
    elif who == "stranger":
        page.goto(f"{own.url}/sign-in")
    found.links(page)
    for path in ("/scenarios", "/data") if who == "lead" else ():
        page.goto(own.url + path)
        found.links(settled(page))
    asked: dict[str, None] = {}
    faults: list[str] = []
    met: set[str] = set()
    while found.waiting:
        address = found.waiting.popleft()
        if address in asked or not is_page(page, own.url + address):
            continue
        asked[address] = None
        page.goto(own.url + address)
        found.links(page)
        wrong = [*everybody.questions(page), *everybody.walk(page)]
        looks = set(everybody.asked(page, "looks", most=1000))
        if not looks <= met:
            wrong += everybody.looks_of(page)
            met |= looks
        everybody.opened(page)
        wrong += [f"with everything opened {one}" for one in everybody.axe(page)]
        faults += [f"{address} {one}" for one in wrong]
    for address in asked:
        if is_page(page, own.url + address):  # what was sent before may have ended it
            page.goto(own.url + address)
            faults += [f"{address} {one}" for one in refused(page)]
    page.context.close()
    everybody.is_faultless(faults)
    owed = (
        {rule for rule in found.rules if "<" in rule}
        - NO_PAGES
        - {found.rule(address.partition("?")[0]) for address in asked}
    )
    assert owed == set()

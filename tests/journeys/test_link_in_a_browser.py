"""The whole way of a link: an administrator makes it, somebody outside opens it, looks, and is out when it is ended."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, settled, signed_in_as


def faultless(page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_an_outside_assessor_opens_a_link_looks_at_one_certificate_and_is_out_when_it_is_ended(own, new_context):
    admin = signed_in_as(own, new_context(bypass_csp=True), "administrator")
    admin.goto(f"{own.url}/administration/links")
    code = admin.get_by_label("Certificate", exact=True).locator("option").first.get_attribute("value")
    admin.get_by_label("For whom").fill("Jo Bloggs, Example Certification")
    admin.get_by_role("button", name="Make the link").click()
    link = admin.locator(".once code").inner_text()
    faultless(admin)

    page = new_context(bypass_csp=True).new_page()
    page.goto(link)
    assert page.url == f"{own.url}/guest/open"
    expect(page.locator("body")).not_to_contain_text("Ashcombe")
    faultless(page)
    page.get_by_role("button", name="Look at the certificate").click()
    page.wait_for_url(re.compile(rf"certificate={code}"), timeout=PATIENCE)
    settled(page)
    said = re.compile(rf"You look at certificate {re.escape(code)} until \d+ \w+ \d{{4}}, read only")
    expect(page.locator(".who")).to_contain_text(said, timeout=PATIENCE)
    expect(page.get_by_role("link", name="Administration")).to_be_hidden()
    expect(page.locator(".who a")).to_have_count(0)
    faultless(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert scrolls_one_way(page)
    page.goto(f"{own.url}/sites")
    expect(settled(page).locator(".who")).to_contain_text(said, timeout=PATIENCE)

    admin.reload()
    expect(admin.locator("table.list")).to_contain_text("1 time, last")
    admin.get_by_role("button", name=re.compile("^End")).first.click()
    expect(admin.locator(".said")).to_contain_text("is ended")
    page.goto(f"{own.url}/heatmap")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")

"""A page that is refused, because its organisation asks for too much at once, tries again by itself (T15)."""

from playwright.sync_api import expect

from dashboard.serving import THREADS
from tests.faults.test_shares import stalled
from tests.journeys.screens import PATIENCE, signed_in_as
from tests.journeys.test_two_tabs import answers


def test_a_page_that_is_refused_tries_again_by_itself_and_shows_no_message(served, new_context):
    signed_in_as(served, new_context(), "operator").close()  # of another organisation, for whose sake there are shares
    context = new_context()
    page = signed_in_as(served, context, "lead")
    cookie = next(one for one in context.cookies() if one["name"] == "assay")
    heard = answers(page)
    with (
        stalled(served.url, f"assay={cookie['value']}", 4 * THREADS),
        page.expect_response(lambda got: got.status == 503, timeout=PATIENCE),
    ):
        page.get_by_role("link", name="Heatmap").click()
    expect(page.get_by_role("heading", name="Heatmap", level=1)).to_be_visible(timeout=PATIENCE)
    expect(page.locator("main .headline")).not_to_be_empty(timeout=PATIENCE)
    page.wait_for_load_state("networkidle", timeout=PATIENCE)
    assert {503, 200} <= {got.status for got in heard}
    assert page.locator("#shell-message").inner_text() == ""
    page.close()

"""From a red cell to a safe plan in five clicks: why, what makes it green, who does it well, an action, a review."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, settled, signed_in_as


def test_a_lead_goes_from_a_red_cell_to_a_safe_plan_in_five_clicks(own, new_context):
    page = signed_in_as(own, new_context(), "lead")
    page.goto(f"{own.url}/heatmap?criterion=4&department=WST")
    red = settled(page).locator("#heatmap-table td[role=gridcell], #heatmap-table td").filter(has_text="N").first

    red.click()  # 1: why is it red?
    drawer = page.locator("#heatmap-drawer")
    expect(drawer).to_contain_text("What would make it green", timeout=PATIENCE)
    expect(drawer).to_contain_text("Waste and Recycling")
    expect(drawer).to_contain_text("4.3.4")

    drawer.get_by_role("link", name="The whole way to safety").click()  # 2: what would make it green?
    way = page.locator("#safety-fixes")
    expect(way).to_contain_text("4.3.4 Learning from patterns in complaints", timeout=PATIENCE)

    way.get_by_role("link", name="4.3.4 Learning from patterns in complaints").click()  # 3: who does it well?
    expect(page.get_by_text("Who does it well, nearest in kind first")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("link", name="Customer Service Centre").first).to_be_visible()

    page.get_by_role("link", name="Add an action").first.click()  # 4: an action with owner and date
    expect(page.get_by_label("Element")).to_have_value("4.3.4", timeout=PATIENCE)
    page.get_by_label("What will be done").fill("Learn from the Customer Service Centre how complaints are studied")
    page.get_by_label("By when").fill((datetime.now(UTC).date() + timedelta(days=30)).isoformat())
    page.get_by_label("Why").fill("Found at the review")
    page.get_by_label("Who does it").fill("R. Singh")
    page.get_by_label("Who does it").press("Enter")  # typed and sent without a click

    page.get_by_role("link", name="Scope of the next review").click()  # 5: the scope of the next review
    expect(page.get_by_role("heading", level=1)).to_have_text("Next review", timeout=PATIENCE)
    expect(settled(page).locator("main")).to_contain_text("What this review should look at", timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text("4.3.4")

    page.goto(f"{own.url}/actions?department=WST")
    expect(page.locator("#actions-table")).to_contain_text("Learn from the Customer Service Centre", timeout=PATIENCE)

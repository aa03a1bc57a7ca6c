"""What the parts of a page do in a browser: looks, keys, address, announcements (reliability.md D6, D8, D9, A1-A8)."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from dashboard.exports.shown import grid as shown_grid
from tests.journeys.screens import PATIENCE

pytestmark = pytest.mark.browser
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"viewport": {"width": 390, "height": 844}}
WALL = {"viewport": {"width": 1920, "height": 1080}}


def faults_by_axe(page) -> list[str]:
    found = Axe().run(page, options=WCAG).response["violations"]
    return [f"{one['id']}: {node['html'][:160]} {node['target']}" for one in found for node in one["nodes"][:3]]


def said(page) -> str:
    return page.locator("#shell-live").inner_text().strip()


def focus(page) -> str:
    return page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.innerText")


def first_column(page, table: str) -> list[str]:
    return page.locator(f"#{table} tbody tr:not(.t-space) th .t-name").all_inner_texts()


def names(texts: list[str]) -> list[str]:
    return [text.split("\n")[0] for text in texts]


def test_the_gallery_loads_without_a_complaint_and_asks_no_other_server(shown):
    page = shown()
    assert page.faults == []


def test_a_script_that_is_not_ours_does_not_run(shown):
    page = shown()
    page.evaluate(
        """(patience) => new Promise((done) => {
            window.blocked = [];
            let failed = false;
            const met = () => failed && window.blocked.length >= 2 && done();
            document.addEventListener("securitypolicyviolation", (e) => {
                window.blocked.push(e.violatedDirective);
                met();
            });
            document.addEventListener("error", () => {
                failed = true;
                met();
            }, true);
            setTimeout(done, patience);
            const image = document.createElement("img");
            image.setAttribute("onerror", "window.ran = true");
            image.src = "/none.png";
            document.body.append(image);
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
        })""",
        PATIENCE,
    )
    assert page.evaluate("window.ran") is None
    assert set(page.evaluate("window.blocked")) == {"script-src-attr", "script-src-elem"}


@pytest.mark.parametrize("options", [{}, PHONE, {"color_scheme": "dark"}], ids=["desk", "phone", "dark"])
def test_axe_finds_nothing_in_the_gallery(shown, options):
    assert faults_by_axe(shown("?mode=share", bypass_csp=True, **options)) == []


def test_axe_finds_nothing_while_details_are_open(shown):
    page = shown("?mode=share&cell=D3~2", bypass_csp=True, reduced_motion="reduce")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_selector("#gallery-inner.is-drawn")
    assert faults_by_axe(page) == []


@pytest.mark.parametrize("path", ["/sign-in", "/accessibility"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_door(gallery, new_context, path, scheme):
    page = new_context(bypass_csp=True, color_scheme=scheme).new_page()
    page.goto(gallery + path)
    assert faults_by_axe(page) == []


def test_signing_in_works_without_scripts(gallery, new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{gallery}/sign-in")
    page.get_by_label("E-mail address").fill("nobody@example.org")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("is not right")


def test_charts_offer_no_way_to_a_cloud(shown):
    page = shown()
    page.locator("#gallery-figure-plot").hover()
    assert page.locator(".modebar-btn").count() == 0


def test_a_chart_is_hidden_and_its_table_is_not(shown):
    page = shown()
    assert page.locator("#gallery-figure .plot").get_attribute("aria-hidden") == "true"
    expect(page.locator("#gallery-figure").get_by_role("table", name="Elements at compliance plus")).to_be_visible()


# --- the table --------------------------------------------------------------------------------------------------------


def test_forty_rows_are_seen_at_once_on_a_wall(shown):
    page = shown(**WALL)
    seen = page.evaluate(
        """() => Array.from(document.querySelectorAll("#gallery-dense tbody tr"))
            .filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length"""
    )
    assert seen >= 40


@pytest.mark.parametrize("options", [{}, PHONE, {"viewport": {"width": 320, "height": 640}}])
def test_the_page_scrolls_one_way_only(shown, options):
    page = shown(**options)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_click_on_a_header_sorts_then_turns_then_restores(shown):
    page = shown("", **WALL)
    header = page.locator("#gallery-kinds th", has_text="Code").first
    button = header.get_by_role("button")

    def codes() -> list[str]:
        return page.locator("#gallery-kinds tbody td:nth-child(2)").all_inner_texts()

    numbers = page.locator("#gallery-kinds th", has_text="Number").first
    assert numbers.get_attribute("aria-sort") == "descending"
    button.click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert codes() == ["C0.9", "C1.10", "C2.11", "C3.9", "C4.10", "C5.11", "C6.9", "C7.10", "C8.11", "C9.9", "C10.10", "C11.11"]  # fmt: skip  # noqa: E501
    assert said(page) == "Sorted by Code, ascending"
    button.click()
    assert header.get_attribute("aria-sort") == "descending"
    assert codes()[0] == "C11.11"
    button.click()
    assert header.get_attribute("aria-sort") is None
    assert codes() == [f"C{n}.{n % 3 + 9}" for n in range(12)]


@pytest.mark.parametrize("column", ["Number", "Day", "Status", "Partials used", "Bands", "Share", "Since last year"])
def test_what_is_missing_comes_last_either_way(shown, column):
    page = shown("", **WALL)
    header = page.locator("#gallery-kinds th", has_text=column).first
    seen = set()
    for _ in range(3):
        header.get_by_role("button").click()
        seen.add(header.get_attribute("aria-sort"))
        if header.get_attribute("aria-sort") is None:
            continue
        assert names(first_column(page, "gallery-kinds"))[-1] == "Row 3"
    assert seen == {"ascending", "descending", None}


def test_the_table_of_two_thousand_finds_and_says_how_many(shown):
    page = shown()
    box = page.get_by_label("Find in Two thousand departments")
    box.fill("departement 1234")
    expect(page.locator("#gallery-many .t-count")).to_have_text("1 of 2,000")
    assert first_column(page, "gallery-many") == ["Département 1234"]
    assert said(page) == "1 of 2000 found"
    box.fill("no such thing")
    expect(page.locator("#gallery-many .t-empty")).to_have_text("No departments match.")
    box.press("Escape")
    expect(page.locator("#gallery-many .t-count")).to_have_text("")
    assert len(first_column(page, "gallery-many")) > 20


def test_only_rows_near_the_window_are_drawn_and_all_are_counted(shown):
    page = shown()
    table = page.locator("#gallery-many table")
    assert table.get_attribute("aria-rowcount") == "2001"
    assert page.locator("#gallery-many tbody tr").count() < 120
    page.locator("#gallery-many .t-scroll").evaluate("node => { node.scrollTop = node.scrollHeight; }")
    expect(page.locator("#gallery-many tbody")).to_contain_text("Département 1999")
    last = page.locator("#gallery-many tbody tr").last
    assert last.get_attribute("aria-rowindex") == "2001"
    page.get_by_role("button", name="Show every row").last.click()
    assert page.locator("#gallery-many tbody tr").count() == 2000


def test_of_a_wide_table_fewer_rows_are_drawn_at_once(shown):
    page = shown()
    page.get_by_label("Find in Departments by element").fill("department 1")
    expect(page.locator("#gallery-bands .t-count")).to_have_text("138 of 300")
    assert page.locator("#gallery-bands tbody tr").count() < 100
    page.get_by_label("Find in Departments by element").fill("department 299")
    expect(page.locator("#gallery-bands .t-count")).to_have_text("1 of 300")
    assert page.locator("#gallery-bands tbody tr:not(.t-space)").count() == 1


def test_rows_come_many_at_once_while_a_table_is_scrolled(shown):
    page = shown()
    drawn = page.locator("#gallery-many").evaluate(
        """(place) => new Promise((done) => {
            const box = place.querySelector(".t-scroll"), height = place.querySelector("tbody tr").offsetHeight;
            let steps = 0, changed = 0;
            const frame = () => new Promise((after) => requestAnimationFrame(() => requestAnimationFrame(after)));
            new MutationObserver(() => changed++).observe(place.querySelector("tbody"), { childList: true });
            const step = async () => {
                if (++steps > 30) return done(changed);
                box.scrollTop += height;
                await frame();
                step();
            };
            step();
        })"""
    )
    assert 1 <= drawn <= 5
    names = first_column(page, "gallery-many")
    assert "Département 30" in names
    assert page.locator("#gallery-many tbody tr:not(.t-space)").count() == len(names)


def test_a_list_of_departments_stays_while_other_lists_change(shown):
    page = shown()
    bar = page.locator("#gallery-filters")
    bar.get_by_label("Basis").focus()
    bar.evaluate(
        """(bar) => {
            for (const option of bar.querySelectorAll("[name=basis] option")) option.mine = true;
            bar.setAttribute("data-options", JSON.stringify({ mode: [["new", "A new way"]] }));
        }"""
    )
    expect(bar.locator("[name=mode] option", has_text="A new way")).to_have_count(1)
    assert bar.locator("[name=basis]").evaluate("list => list === document.activeElement")
    assert bar.locator("[name=basis] option").evaluate_all("all => all.every((option) => option.mine)")


def test_the_whole_table_is_printed(shown):
    page = shown()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#gallery-many tbody tr").count() == 2000
    assert page.locator("#gallery-bands tbody tr").count() == 300
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#gallery-many tbody tr").count() < 120


def test_branches_open_and_close_by_button_and_by_keys_and_stay_in_the_address(shown):
    page = shown()
    rows = page.locator("#gallery-dense tbody tr")
    assert rows.count() == 41
    rows.nth(1).get_by_role("button", name="Close Department 1 of").click()
    assert rows.count() == 38
    assert rows.nth(1).get_attribute("aria-expanded") == "false"
    rows.nth(1).locator("th").focus()
    page.keyboard.press("ArrowRight")
    assert rows.count() == 41
    page.keyboard.press("ArrowDown")
    assert focus(page).startswith("Department 2 of")
    page.keyboard.press("ArrowLeft")
    assert focus(page).startswith("Department 1 of")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert focus(page) == "Northshire County Council"
    assert rows.nth(1).get_attribute("aria-level") == "2"
    page.get_by_role("button", name="Close all").click()
    assert rows.count() == 1
    page.get_by_role("button", name="Open all").click()
    assert rows.count() == 41


def test_finding_in_a_tree_keeps_what_lies_above(shown):
    page = shown("?find=department+27")
    expect(page.locator("#gallery-dense .t-count")).to_have_text("1 of 41")
    assert first_column(page, "gallery-dense") == [
        "Northshire County Council",
        "Department 25 of Adult Care and Housing",
        "Department 27 of Adult Care and Housing",
    ]
    page.locator("#gallery-dense .t-find").fill("12")
    page.wait_for_url(re.compile(r"find=12"))


def test_tab_goes_through_every_table_and_comes_out_again(shown):
    """reliability.md A1: from the first stop to the footer and back, no stop holding on to the focus."""
    page = shown()
    page.locator(".skip").focus()
    seen = []
    for key in ("Tab", "Shift+Tab"):
        before, held = None, 0
        for _ in range(400):
            page.keyboard.press(key)
            now = page.evaluate(
                """() => {
                    const node = document.activeElement;
                    if (!window.steps) window.steps = new Map();
                    if (!window.steps.has(node)) window.steps.set(node, window.steps.size);
                    return [window.steps.get(node), node.className, node.textContent.slice(0, 40), node.type];
                }"""
            )
            held = held + 1 if now == before else 0
            # The browser's own date input has stops for day, month, year and calendar.
            assert held < (4 if now[3] == "date" else 2), f"{key} does not leave {now}"
            before = now
            seen.append(now[2])
            if (key == "Tab" and now[2] == "Accessibility of these pages") or (key != "Tab" and now[1] == "skip"):
                break
        else:
            pytest.fail(f"{key} did not come through")
    assert any(text.startswith("Northshire") for text in seen)


def test_arrows_walk_the_grid_and_its_head_and_keep_the_cell_in_sight(shown):
    page = shown()
    grid = page.locator("#gallery-bands")
    grid.locator("tbody td").first.focus()
    for key in ("Control+End", "Control+Home", "PageDown", "PageDown", "End", "ArrowUp"):
        page.keyboard.press(key)
        covered = page.evaluate(
            """() => {
                const cell = document.activeElement, box = cell.getBoundingClientRect();
                const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
                return !(cell === top || cell.contains(top));
            }"""
        )
        assert not covered, key
    page.keyboard.press("Control+End")
    assert page.evaluate("document.activeElement.parentNode.getAttribute('aria-rowindex')") == "303"
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowUp")
    assert focus(page) == "Department, sort"
    page.keyboard.press("Enter")
    assert said(page) == "Sorted by Department, ascending"
    page.keyboard.press("ArrowDown")
    assert focus(page) == "Department 0"


def test_each_cell_has_a_name_that_says_it_all(shown):
    page = shown()
    cells = page.locator("#gallery-dense td:not(.t-k-status), #gallery-bands tr:not(.t-space) td")
    labels = cells.evaluate_all("cells => cells.map((cell) => cell.getAttribute('aria-label'))")
    assert all(re.match(r".+, .+: .+", label) for label in labels)
    assert any(re.search(r", Criterion 3: .+: at limit, 2 of 2 partials", label) for label in labels)
    assert any(re.search(r", 3\.2\.2 .+: Partial", label) for label in labels)
    assert any(label.endswith("not assessed") for label in labels)


def test_opening_a_cell_writes_the_address_and_closing_gives_the_focus_back(shown):
    page = shown()
    asked = []
    page.on("request", lambda one: asked.append(one.post_data or "") if "_dash-update-component" in one.url else None)
    cell = page.locator("#gallery-dense tbody tr").nth(3).locator("td").nth(1)
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="D3, 2")).to_be_visible()
    assert page.url.endswith("?cell=D3~2") or page.url.endswith("?cell=D3%7E2")
    assert not any("gallery-dense" in body for body in asked), "the table was fetched again"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("cell"))
    expect(cell).to_be_focused()
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_corporate_body_opens_too(shown):
    page = shown()
    page.locator("#gallery-dense tbody tr").first.locator("td").first.click()
    expect(page.get_by_role("dialog", name="Corporate body, 1")).to_be_visible()


def test_links_of_other_schemes_lead_nowhere(shown):
    page = shown()
    links = page.locator("#gallery-kinds td.t-k-link a").evaluate_all("all => all.map((a) => [a.href, a.rel])")
    assert all(not href.startswith("javascript") for href, _ in links)
    assert any(href == "https://example.org/a" and rel == "noopener noreferrer nofollow" for href, rel in links)


def test_a_redrawn_table_keeps_order_words_and_place(shown):
    page = shown()
    page.locator("#gallery-many th", has_text="Code").get_by_role("button").click()
    page.get_by_label("Find in Two thousand departments").fill("at limit")
    expect(page.locator("#gallery-many .t-count")).to_have_text("400 of 2,000")
    before = first_column(page, "gallery-many")[:5]
    page.locator("#gallery-chips a", has_text="Fails").click()
    page.wait_for_selector("#gallery-chips a[aria-current=true]:has-text('Fails')")
    assert first_column(page, "gallery-many")[:5] == before


# --- the frame --------------------------------------------------------------------------------------------------------


def test_filters_are_the_address_and_going_back_undoes_them(shown):
    page = shown()
    page.get_by_label("Basis").select_option("self")
    page.wait_for_url(re.compile(r"basis=self"))
    page.get_by_label("As of").fill("2025-03-07")
    page.wait_for_url(re.compile(r"as_of=2025-03-07"))
    expect(page.locator("#gallery-headline")).to_contain_text("as of 2025-03-07")
    page.get_by_role("button", name="A year before").click()
    page.wait_for_url(re.compile(r"compare=2024-03-07"))
    expect(page.get_by_label("Compare with")).to_have_value("2024-03-07")
    page.go_back()
    page.go_back()
    page.wait_for_url(lambda url: "as_of" not in url)
    expect(page.get_by_label("Basis")).to_have_value("self")
    expect(page.locator("#gallery-headline")).not_to_contain_text("2025-03-07")
    page.get_by_role("button", name="Reset filters").click()
    page.wait_for_url(lambda url: "basis" not in url)
    expect(page.get_by_label("Basis")).to_have_value("")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?as_of=yesterday", "The address names the day yesterday; write 2025-03-07"),
        ("?basis=guess", "The address has basis=guess; it may be formal"),
        ("?role=admin", "The address has `role`, which no page knows"),
        ("?basis=self&basis=desk", "The address has `basis` twice"),
    ],
)
def test_an_address_that_makes_no_sense_is_told_in_words(gallery, signed_in_state, new_context, query, words):
    page = new_context(storage_state=signed_in_state).new_page()
    page.goto(f"{gallery}/gallery{query}")
    expect(page.locator("#shell-message")).to_contain_text(words)


def test_a_message_goes_when_something_else_is_asked(shown):
    page = shown()
    page.get_by_role("button", name="Fail plainly").click()
    expect(page.get_by_role("alert")).to_have_text("This is what went wrong; do something about it.")
    page.get_by_label("Basis").select_option("desk")
    expect(page.locator("#shell-message")).to_have_text("")


def test_a_new_page_has_its_title_its_place_in_the_menu_and_the_focus(shown):
    page = shown("?as_of=2025-03-07&mode=share")
    for name in ("Coverage", "Data"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(page).to_have_title(f"{name} – Assay")
        expect(page.locator("h1")).to_be_focused()
        assert page.url.endswith(f"/{name.lower()}?as_of=2025-03-07")
        expect(page.locator("#shell-nav [aria-current=page]")).to_have_text(name)


def test_the_menu_of_a_phone_opens_and_closes(shown):
    page = shown(**PHONE)
    menu = page.get_by_role("button", name="Menu")
    expect(page.locator("#shell-nav")).to_be_hidden()
    menu.click()
    expect(page.locator("#shell-nav")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shell-nav")).to_be_hidden()
    expect(menu).to_be_focused()


def test_the_first_stop_skips_to_the_content(shown):
    page = shown()
    page.evaluate("document.body.focus()")
    page.keyboard.press("Tab")
    assert focus(page) == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_session_that_has_ended_leads_to_the_sign_in_page_and_back(gallery, browser, new_context):
    from tests.dashboard.conftest import LEAD, PASSWORD

    page = new_context().new_page()

    def sign_in():
        page.get_by_label("E-mail address").fill(LEAD)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    page.goto(f"{gallery}/gallery?basis=self")
    page.goto(f"{gallery}/sign-in?next=/gallery%3Fbasis%3Dself")
    sign_in()
    page.wait_for_selector("#gallery-many.is-drawn")
    page.context.clear_cookies()
    page.get_by_label("Basis").select_option("desk")
    page.wait_for_url(re.compile(r"/sign-in\?next="))
    sign_in()
    page.wait_for_url(f"{gallery}/gallery?basis=desk")


def test_who_is_signed_in_and_where_is_said(shown):
    page = shown()
    bar = page.get_by_role("banner")
    expect(bar).to_contain_text("Northshire County Council")
    expect(bar).to_contain_text("Fictional demonstration data")
    expect(bar).to_contain_text("lead@example.org")


def test_nothing_moves_for_whoever_wants_no_motion(shown):
    page = shown(reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0


def test_bands_keep_sign_and_edge_in_forced_colours(shown):
    page = shown(forced_colors="active")
    edges = page.locator("#gallery-bands .b").evaluate_all(
        "all => all.slice(0, 200).map((b) => [b.textContent, getComputedStyle(b).borderTopStyle])"
    )
    assert all(sign and edge in ("solid", "dotted", "dashed") for sign, edge in edges)


def test_files_say_of_each_cell_what_the_screen_says(shown):
    page = shown()
    for name in ("dense", "kinds", "bands", "many"):
        table = page.locator(f"#gallery-{name}")
        told = json.loads(table.get_attribute("data-table"))
        screen = table.evaluate(
            """(place) => {
                const data = JSON.parse(place.dataset.table);
                return data.rows.map((row) => data.columns.map((column, c) => {
                    const cell = document.createElement("td");
                    const words = window.assayCells.fill(cell, column, row.c[c], data, false);
                    return words === null ? cell.innerText || cell.textContent : words;
                }));
            }"""
        )
        grid = shown_grid("gallery", told)
        for row, words in zip(grid.rows, screen, strict=True):
            for column, cell, said in zip(grid.columns, row.cells, words, strict=True):
                own = {" ".join(way.split()) for way in (cell.words, cell.shown, f"{cell.shown}{cell.small}")}
                assert " ".join(said.split()) in own, (column.kind, cell, said)

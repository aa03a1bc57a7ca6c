"""Scenarios: what pages show of them, and how they are kept, shared and compared (issue 5, item 3)."""

import json
import re
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard import data, scenarios
from dashboard.callbacks import scenarios as callbacks
from dashboard.filters import filters
from dashboard.pages import headroom as headroom_page
from dashboard.pages import heatmap, whatif, whatif_choice
from dashboard.pages import scenarios as page
from dashboard.pages.heatmap_grid import Grid
from dashboard.pages.verdicts import verdicts, worst_first
from dashboard.trying import Scenario
from db import drafts, people, sessions
from db.session import open_session
from db.tenants import add_tenant, scope_of
from scheme.errors import UsageError
from scheme.headroom import headroom
from scheme.scenario import difference, supposed
from scheme.standing import standing
from tests.by_hand import department, on, programme
from tests.dashboard.conftest import LEAD, PASSWORD, signed_in
from tests.dashboard.made import CSE, assessed, tree
from tests.dashboard.small_programme import HEAD, loaded

DAY = "2025-06-30"
TODAY = on(DAY)
CHAMPION = "champion@example.org"
KNOWN = programme(
    department("G"),
    department("A", "G"),
    department("B", "G"),
    *assessed("A", e1_1_1="non_compliant", e1_1_2="partial"),
    *assessed("B"),
)
TRIED = {("A", "1.1.1"): "compliant", ("B", "2.1.1"): "not_applicable"}
FACTS = {("A", "1.1.1"): "non_compliant", ("B", "2.1.1"): "compliant"}
NAMES = {None: "The council", "A": "Department A", "B": "Department B", "G": "Department G"}


def asked(query: str = "", of: str = "heatmap"):
    return filters(f"/{of}?as_of={DAY}{query}", of)


def then(tried=TRIED):
    return supposed(KNOWN, TODAY, tried)


def grid(tried=TRIED) -> Grid:
    told = {at: FACTS.get(at) for at in tried}
    there = then(tried)
    frames = tree(KNOWN), standing(there, TODAY), headroom(there, TODAY)
    return Grid(CSE, 3, TODAY, *frames, tried=told, in_fact=headroom(KNOWN, TODAY))


def cells_of(table: str, code: str) -> dict[str, object]:
    body = json.loads(table)
    row = next(row for row in body["rows"] if row["id"] == code)
    return dict(zip([column["k"] for column in body["columns"]], row["c"], strict=True))


def words(part) -> str:
    """All that a part says, in order."""
    if part is None or isinstance(part, str):
        return part or ""
    if isinstance(part, list | tuple):
        return " ".join(filter(None, map(words, part)))
    return words(getattr(part, "children", None))


def links(part) -> dict[str, str]:
    """Every link of a part: its name, and where it leads."""
    if isinstance(part, list | tuple):
        return {name: href for each in part for name, href in links(each).items()}
    if part is None or isinstance(part, str):
        return {}
    own = {getattr(part, "aria-label", None) or words(part): part.href} if hasattr(part, "href") else {}
    return own | links(getattr(part, "children", None))


# --- what pages show --------------------------------------------------------------------------------------------------


def test_a_tried_cell_says_what_is_tried_and_what_holds_in_fact():
    row = cells_of(heatmap.table(grid(), asked("&criterion=1")), "A")
    assert row["1.1.1"] == "10t3"
    assert row["1.1.2"].startswith("2"), "what is not tried is as it was"
    assert "t" not in row["1.1.2"]
    unknown = {("G", "1.1.1"): "partial"}
    assert cells_of(heatmap.table(grid(unknown), asked("&criterion=1")), "G")["1.1.1"] == "20t-"


@pytest.mark.parametrize("mode", ["", "share", "bands"])
def test_what_follows_is_marked_beside_what_holds_in_fact(mode):
    row = cells_of(heatmap.table(grid(), asked(f"&mode={mode}")), "A")
    facts = cells_of(heatmap.table(replace(grid({}), in_fact=None), asked(f"&mode={mode}")), "A")
    assert row["1"][-1] == facts["1"]
    assert row["2"] == facts["2"]


def test_the_status_follows_and_says_what_it_is_in_fact():
    assert cells_of(heatmap.table(grid(), asked()), "A")["status"] == ["passes", "Passes, in fact fails"]
    assert cells_of(heatmap.table(grid(), asked()), "B")["status"] == "passes"


def test_every_caption_of_a_scenario_says_so_and_none_of_the_facts_does():
    assert json.loads(heatmap.table(grid(), asked()))["caption"].startswith("Scenario, no facts: ")
    assert "cenario" not in heatmap.table(replace(grid({}), in_fact=None, tried={}), asked())
    rows = worst_first(verdicts(tree(KNOWN), headroom(then(), TODAY)))
    told = (rows, headroom(then(), TODAY), CSE, asked(of="headroom"))
    assert json.loads(headroom_page.departments_table(*told, headroom(KNOWN, TODAY)))["caption"].startswith("Scenario")
    assert json.loads(headroom_page.departments_table(*told))["caption"].startswith("Partials")


def test_the_headroom_page_marks_what_follows():
    rows = worst_first(verdicts(tree(KNOWN), headroom(then(), TODAY)))
    table = headroom_page.departments_table(
        rows, headroom(then(), TODAY), CSE, asked(of="headroom"), headroom(KNOWN, TODAY)
    )
    row = cells_of(table, "A")
    assert row["1"] == ["passes", 1, 2, 0, 0, 0, ["fails", 1, 2, 1, 0, 0]]
    assert row["status"] == ["passes", "Passes, in fact fails"]


def changes(tried, known=KNOWN) -> str:
    return whatif.changes(headroom(known, TODAY), headroom(supposed(known, TODAY, tried), TODAY), NAMES)


def test_what_changes_is_said_for_departments_first_then_for_criteria():
    assert changes(TRIED).startswith("Department A would pass instead of failing. 2 indications above change.")
    assert changes({("B", "1.1.1"): "partial"}).startswith(
        "No verdict changes; Department B has 1 left in criterion 1 instead of 2."
    )
    assert changes({("B", "1.1.1"): "compliant"}) == "No verdict and no headroom changes."


def test_nothing_rolled_up_is_ever_given_a_verdict():
    said = changes({("B", "1.1.1"): "non_compliant"})
    assert "Department B would fail instead of passing." in said
    assert "Department G" not in said
    assert "The council" not in said
    body = json.loads(heatmap.table(grid({("B", "1.1.1"): "non_compliant"}), asked()))
    above = [row["c"][1] for row in body["rows"] if row["id"] in ("", "G")]
    assert all(cell == "indication" or cell[0] == "indication" for cell in above)


def test_the_banner_says_that_nothing_is_a_fact_and_leads_out():
    scenario = Scenario(TRIED, FACTS, (("OLD", "1.1.1"),))
    sides = headroom(KNOWN, TODAY), headroom(then(), TODAY), NAMES
    made = whatif.banner(asked("&try=A~1.1.1~c;B~2.1.1~x"), scenario, *sides, may_keep=True)
    said = words(made)
    assert "nothing here is a fact. 2 cells tried, not kept yet." in said
    assert "Department A would pass instead of failing." in said
    assert "Left out, for there is no such department or element here on this day: OLD 1.1.1." in said
    assert "Department A, 1.1.1: compliant, in fact non-compliant." in said
    found = links(made)
    assert found["Leave the scenario"] == f"/heatmap?as_of={DAY}"
    assert found["Take back what is tried of Department A, 1.1.1"].endswith("try=B~2.1.1~x")
    kept = urlsplit(found["Keep this scenario"])
    assert parse_qs(kept.query) == {"try": ["A~1.1.1~c;B~2.1.1~x"], "next": [f"/heatmap?as_of={DAY}"]}
    assert "Keep this scenario" not in links(whatif.banner(asked(), scenario, *sides, may_keep=False))
    assert whatif.banner(asked(), None, *sides, may_keep=True) == ""


def test_taking_the_last_trial_back_leaves_the_scenario():
    one = Scenario({("A", "1.1.1"): "compliant"}, number=7)
    href = whatif.with_band(asked("&try=A~1.1.1~c&draft=7"), one, ("A", "1.1.1"), None)
    assert href == f"/heatmap?as_of={DAY}"


# --- of a view: who sees what -----------------------------------------------------------------------------------------

ROWS = b"".join(
    f"{place},annual_review,2025-03-07,{code},{'Partial' if code in ('1.1.1', '1.1.2') else 'Compliant'}\n".encode()
    for place in ("HOU", "FIN")
    for code in CSE.codes
)


@pytest.fixture
def ashcombe(warehouse):
    """HOU with HOU-1 below it and FIN, both with two partials in criterion 1."""
    add_tenant("ASH", "Ashcombe Council")
    scope = scope_of("ASH")
    departments = b"Department code,Department name,Parent code\nHOU,Housing,\nHOU-1,Repairs,HOU\nFIN,Finance,\n"
    loaded(scope, departments=departments, results=HEAD + ROWS)
    return replace(scope, actor="person 1", email="pat@example.org")


def kept(scope, cells, name="Two less", share=True) -> int:
    with open_session(scope, write=True) as session:
        number = drafts.keep(session, "scenario", name, scenarios.body(cells), departments=scenarios.about(cells))
        drafts.share(session, "scenario", number, share)
    return number


def champion_of(scope, *departments):
    return replace(scope, departments=departments, role="champion", actor="person 2", email="sam@example.org")


def test_what_is_tried_moves_the_verdict_and_leaves_the_facts(ashcombe):
    view = data.view(ashcombe)
    before = data.headrooms(view, TODAY).clone()
    found = scenarios.scenario(view, asked("&try=HOU~1.1.1~c"))
    told = difference(data.headrooms(view, TODAY), scenarios.headrooms(view, TODAY, found.cells))
    (row,) = told.filter(told["department_code"] == "HOU").to_dicts()
    assert (row["status_before"], row["status_after"], row["headroom_after"]) == ("at_limit", "passes", 1)
    assert found.facts == {("HOU", "1.1.1"): "partial"}
    assert data.headrooms(data.view(ashcombe), TODAY).equals(before)
    assert scenarios.scenario(view, asked()) is None


def test_an_address_from_somebody_else_tries_nothing_of_departments_that_one_may_not_see(ashcombe):
    view = data.view(champion_of(ashcombe, "HOU"))
    found = scenarios.scenario(view, asked("&try=FIN~1.1.1~n;HOU~1.1.1~c;~1.1.1~n;GONE~1.1.1~c"))
    assert found.cells == {("HOU", "1.1.1"): "compliant"}
    assert [place for place, _ in found.left_out] == [None, "FIN", "GONE"]
    rows = scenarios.headrooms(view, TODAY, found.cells)
    assert set(rows["department_code"]) == {"HOU", "HOU-1"}


def test_a_shared_scenario_is_there_for_who_may_see_all_its_departments(ashcombe):
    ours, whole = kept(ashcombe, {("HOU", "1.1.1"): "compliant"}), {("FIN", "1.1.1"): "compliant"}
    theirs, top = kept(ashcombe, whole, "Finance"), kept(ashcombe, {(None, "1.1.1"): "compliant"}, "All")
    sam = data.view(champion_of(ashcombe, "HOU"))
    assert [one.number for one in scenarios.listed(sam)] == [ours]
    assert scenarios.scenario(sam, asked(f"&draft={ours}")).name == "Two less"
    for number in (theirs, top, 1):
        with pytest.raises(UsageError, match="no such scenario that you may open"):
            scenarios.scenario(sam, asked(f"&draft={number}"))
    add_tenant("BEE", "Beechwood")
    with pytest.raises(UsageError, match="no such scenario"):
        scenarios.opened(data.view(replace(scope_of("BEE"), actor="person 1")), ours)


def test_a_kept_scenario_that_is_tried_further_says_that_it_differs(ashcombe):
    view = data.view(ashcombe)
    number = kept(ashcombe, {("HOU", "1.1.1"): "compliant"})
    same = scenarios.scenario(view, asked(f"&draft={number}&try=HOU~1.1.1~c"))
    assert (same.is_changed, same.is_mine, same.name) == (False, True, "Two less")
    assert scenarios.scenario(view, asked(f"&draft={number}&try=HOU~1.1.1~b")).is_changed


def test_a_department_that_has_gone_is_left_out_and_said_so(ashcombe):
    number = kept(ashcombe, {("OLD", "1.1.1"): "compliant", ("HOU", "1.1.1"): "compliant"})
    found = scenarios.scenario(data.view(ashcombe), asked(f"&draft={number}"))
    assert (found.left_out, list(found.cells)) == ((("OLD", "1.1.1"),), [("HOU", "1.1.1")])


def test_on_another_basis_nothing_is_supposed(ashcombe):
    view = data.view(ashcombe)
    found = scenarios.scenario(view, asked("&try=HOU~1.1.1~c&basis=self"))
    assert not found.applies
    sides = scenarios.sides(view, TODAY, found)
    said = words(whatif.banner(asked("&basis=self"), found, *sides, may_keep=True))
    assert "choose Formal to see it" in said
    assert "would" not in said


def test_the_drawer_offers_every_band_and_says_what_the_criterion_is_then(ashcombe):
    from dashboard import cells

    view = data.view(ashcombe)
    here = asked("&try=HOU~1.1.1~c")
    for key, elements in (("1.1.1", 1), ("1", 11)):
        behind = cells.cell(view, TODAY, "formal", "HOU", key)
        made = whatif_choice.panel(here, CSE, scenarios.trial(view, here, behind), f"HOU~{key}")
        said, found = " ".join(words(made).split()), links(made)
        assert "In this scenario: Criterion 1 passes: 1 partial, 2 allowed (1.1.2)." in said
        assert "In fact: Criterion 1 is at its limit: 2 partials, 2 allowed (1.1.1, 1.1.2)." in said
        assert len(found) == 6 * elements
        assert found["1.1.1: as it is"] == f"/heatmap?as_of={DAY}&cell=HOU~{key}"
        assert "try=HOU~1.1.1~n" in found["1.1.1: try non-compliant"]
        assert "1.1.1: try partial, in force in fact" in found
    elsewhere = replace(here, page="coverage")
    assert scenarios.trial(view, elsewhere, behind) is None


def test_the_drawer_of_what_is_rolled_up_gives_no_verdict(ashcombe):
    from dashboard import cells

    view, here = data.view(ashcombe), asked("&try=HOU~1.1.1~n")
    behind = cells.cell(view, TODAY, "formal", None, "1")
    said = words(whatif_choice.panel(here, CSE, scenarios.trial(view, here, behind), "~1"))
    assert "Criterion 1 has no verdict, for some of its bands are rolled up" in said
    assert " fails" not in said


# --- the page ---------------------------------------------------------------------------------------------------------


def test_two_scenarios_stand_side_by_side_where_they_differ(ashcombe, monkeypatch):
    one, other = (
        kept(ashcombe, {("HOU", "1.1.1"): "compliant"}, "One"),
        kept(ashcombe, {("HOU", "1.1.1"): "compliant", ("FIN", "1.1.1"): "non_compliant"}, "Other"),
    )
    monkeypatch.setattr(callbacks, "current_scope", lambda: ashcombe)
    headline, empty, compared, rows, listed, options = callbacks.update_scenarios(
        f"/scenarios?as_of={DAY}&draft={one}&mode={other}"
    )
    assert headline == "2 scenarios of yours. None of them is a fact, and none changes one."
    body = json.loads(rows)
    (row,) = [row["c"] for row in body["rows"] if row["id"] == "FIN~1"]
    assert row == ["Finance", "1", ["fails", 1, 2, 1, 0, 0], 1, ["at_limit", 2, 2, 0, 0, 0], 0, [1, "was failing"]]
    assert not [row for row in body["rows"] if row["id"].startswith("HOU")], "there both try the same"
    assert "One, compared with Other" in words(compared)
    told = {row["c"][0][0]: row["c"][1] for row in json.loads(listed)["rows"]}
    assert told["One"].startswith("Housing would pass instead of being at its limit.")
    assert json.loads(options)["draft"] == [[str(other), "Other"], [str(one), "One"]]
    assert empty == ""


def test_who_only_reads_is_offered_no_change(ashcombe, monkeypatch):
    kept(ashcombe, {("HOU", "1.1.1"): "compliant"})
    leader = replace(ashcombe, role="senior_leader", actor="person 9", email="lee@example.org")
    monkeypatch.setattr(callbacks, "current_scope", lambda: leader)
    headline, *_, listed, _ = callbacks.update_scenarios(f"/scenarios?as_of={DAY}")
    assert headline == "1 scenario shared by others. It is no fact, and changes none."
    assert "/scenarios/" not in listed


def test_whoever_has_no_scenario_is_told_how_to_make_one(ashcombe, monkeypatch):
    monkeypatch.setattr(callbacks, "current_scope", lambda: ashcombe)
    headline, empty, *_ = callbacks.update_scenarios(f"/scenarios?as_of={DAY}")
    assert headline == "No scenario has been kept yet."
    assert "Keep this scenario" in words(empty)


@pytest.mark.parametrize("query", ["&draft=5", "&draft=5&mode=x", "&draft=5&mode=99999999999"])
def test_what_may_not_be_compared_is_said_plainly(ashcombe, monkeypatch, query):
    monkeypatch.setattr(callbacks, "current_scope", lambda: ashcombe)
    with pytest.raises(UsageError, match="scenario"):
        callbacks.update_scenarios(f"/scenarios?as_of={DAY}{query}")


def test_a_side_without_a_verdict_is_neither_better_nor_worse():
    tried = {("G", code): "compliant" for code in CSE.codes}
    rows = difference(headroom(KNOWN, TODAY), headroom(then(tried), TODAY))
    body = json.loads(page.difference_table(rows, "One", "The facts", NAMES))
    for row in body["rows"]:
        if row["id"].startswith("G~"):
            assert row["c"][-1][1] == "no verdict on one side"


# --- the forms --------------------------------------------------------------------------------------------------------


@pytest.fixture
def demo(own_people):
    """The first tenant with a small programme, and a champion of HOU."""
    scope = scope_of("demo")
    departments = b"Department code,Department name,Parent code\nHOU,Housing,\nHOU-1,Repairs,HOU\nFIN,Finance,\n"
    loaded(scope, departments=departments, results=HEAD + ROWS)
    once = people.add_user(CHAMPION, "champion", "demo", ["HOU"])
    sessions.change_password(sessions.sign_in(CHAMPION, once), once, PASSWORD)
    return scope


@pytest.fixture
def one(app, demo):
    """A client signed in as the lead."""
    return signed_in(app, LEAD)


@pytest.fixture
def champion(app, demo):
    """A client signed in as the champion of HOU."""
    return signed_in(app, CHAMPION)


FORM = {"name": "Mended", "try": "HOU~1.1.1~c", "draft": "", "edition": "", "how": "", "next": "/headroom?basis=formal"}


def number_in(answer) -> int:
    assert answer.status_code == 303, said(answer)
    return int(parse_qs(urlsplit(answer.location).query)["draft"][0])


def said(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_keeping_leads_back_to_where_it_was_tried(one):
    answer = one.post("/scenarios/keep", data=FORM)
    assert answer.location == f"/headroom?basis=formal&draft={number_in(answer)}"
    strange = one.post("/scenarios/keep", data=FORM | {"name": "Again", "next": "https://evil.example/heatmap"})
    assert strange.location.startswith("/heatmap?draft=")


def test_what_was_kept_is_changed_in_its_place_or_kept_as_another(one):
    number = number_in(one.post("/scenarios/keep", data=FORM))
    form = one.get("/scenarios/keep", query_string={"try": "HOU~1.1.2~c", "draft": number, "next": "/heatmap"})
    assert "Housing (HOU)" in said(form) or "Housing, 1.1.2: compliant" in said(form)
    more = FORM | {"draft": str(number), "try": "HOU~1.1.2~c"}
    assert number_in(one.post("/scenarios/keep", data=more | {"edition": "1"})) == number
    late = one.post("/scenarios/keep", data=more | {"edition": "1"})
    assert late.status_code == 400
    assert "changed since you opened it" in said(late)
    same = one.post("/scenarios/keep", data=more | {"how": "another"})
    assert "You have one called Mended already" in said(same)
    assert number_in(one.post("/scenarios/keep", data=more | {"how": "another", "name": "Second"})) != number


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"try": ""}, {"try": "x"}, {"try": "NOBODY~1.1.1~c"}, {"try": "HOU~9.9.9~c"}]
)
def test_what_cannot_be_kept_is_said_and_nothing_is_kept(one, demo, wrong):
    answer = one.post("/scenarios/keep", data=FORM | wrong)
    assert answer.status_code == 400
    with open_session(demo) as session:
        assert drafts.drafts(session, "scenario", None) == []


def test_a_scenario_is_renamed_shared_and_removed_by_its_maker_alone(one, champion):
    number = number_in(one.post("/scenarios/keep", data=FORM))
    path = f"/scenarios/{number}"
    assert champion.get(path).status_code == 404
    for act, form in (("rename", {"name": "x", "edition": "1"}), ("share", {"shared": "yes"}), ("remove", {})):
        assert champion.post(f"{path}/{act}", data=form).status_code == 404, act
    assert one.post(f"{path}/rename", data={"name": "Better name", "edition": "1"}).status_code == 303
    assert "Better name" in said(one.get(path))
    assert one.post(f"{path}/share", data={"shared": "yes"}).status_code == 303
    assert "Take back the sharing" in said(one.get(path))
    assert champion.get(path).status_code == 404, "shared is to be seen, not to be changed"
    assert one.post(f"{path}/remove").status_code == 303
    assert one.get(path).status_code == 404


def test_a_champion_tries_only_departments_of_their_own(champion, one):
    assert champion.post("/scenarios/keep", data=FORM).status_code == 303
    for try_ in ("FIN~1.1.1~c", "HOU~1.1.1~c;FIN~1.1.1~c", "~1.1.1~c"):
        answer = champion.post("/scenarios/keep", data=FORM | {"try": try_, "name": "Theirs"})
        assert answer.status_code == 400, try_
        assert "what is not there for you" in said(answer)
        assert "Finance" not in said(answer), "whoever asks is not told the name"


def test_no_fact_is_changed_by_any_of_it(one, demo):
    before = data.headrooms(data.view(demo), TODAY)
    number = number_in(one.post("/scenarios/keep", data=FORM))
    one.post(f"/scenarios/{number}/share", data={"shared": "yes"})
    after = data.view(demo)
    assert data.headrooms(after, TODAY).equals(before)
    assert data.loads(after)["load"].n_unique() == 1

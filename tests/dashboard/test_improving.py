"""Way to safety and Elements: what they say, link to and tell of others, and what the drawer says of getting better."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from dashboard import cells, data, improving, view
from dashboard.callbacks.drawer import _better
from dashboard.callbacks.element import _known
from dashboard.filters import filters
from dashboard.pages import details, element, element_one
from dashboard.pages import safety as page
from db.roles import PERMISSIONS
from db.session import Scope, open_session
from db.tenants import add_tenant, choose, scope_of
from scheme.errors import UsageError
from scheme.safety import LIMITS
from tests.dashboard.test_details import words
from tests.db.made import a_load, put, results

DAY = date(2025, 12, 1)
NO_LIMITS = pl.DataFrame(schema=LIMITS)


@pytest.fixture
def scope(warehouse, monkeypatch) -> Scope:
    """A is partial in three elements, B does one of them well, C has one compliant one."""
    view.kept_bytes.clear()
    add_tenant("ASH", "Ashcombe County Council")
    scope = scope_of("ASH")
    partial = [("A", code, "partial") for code in ("1.1.1", "1.1.2", "1.1.3")]
    plus = [("B", "1.1.2", "compliance_plus"), ("B", "1.1.1", "compliant"), ("C", "1.1.1", "compliant")]
    names = {"A": "Archives", "B": "Burials", "C": "Crossings"}
    departments = pl.DataFrame({"department_code": list(names), "department_name": list(names.values())})
    put(scope, a_load({"departments": departments, "results": results(*partial, *plus)}))
    return scope


def champion(scope: Scope, *departments: str) -> Scope:
    return replace(scope, departments=departments, role="champion", permissions=frozenset(PERMISSIONS))


def chosen(scope: Scope, value: str) -> None:
    with open_session(scope, write=True) as session:
        choose(session, "champions_see_exemplars", value)


def safety(scope: Scope, query: str = "") -> tuple[str, dict]:
    asked = filters(f"/safety{query}", "safety")
    shown = data.view(scope)
    rows = improving.fixes(shown, DAY, page.left(asked))
    about = page.About(data.names(shown), {}, data.programme(shown).standard, asked, True)
    return page.headline(rows, NO_LIMITS, asked), json.loads(page.fixes("Fixes", rows, about))


# --- the way to safety ------------------------------------------------------------------------------------------------


def test_the_headline_says_how_few_elements_bring_everybody_to_safe(scope):
    own = champion(scope, "A", "B", "C")
    assert safety(own)[0] == (
        "2 elements in 1 department bring everybody who was judged to safe, with room for 1 more partial in every "
        "criterion."
    )
    assert safety(own, "?mode=0")[0] == "1 element in 1 department brings everybody who was judged to safe."
    assert safety(own, "?mode=2")[0].startswith("3 elements in 1 department")
    assert safety(champion(scope, "B"))[0].startswith("Nothing has to be mended")


def test_the_headline_promises_no_room_that_a_criterion_does_not_allow(scope):
    shown, asked = data.view(champion(scope, "A")), filters("/safety?mode=3", "safety")
    told = improving.out_of_reach(shown, DAY, 3)
    said = page.headline(improving.fixes(shown, DAY, 3), told, asked)
    assert "with room for 3 more partials in every criterion that allows so many." in said
    assert said.endswith(" 1 department cannot pass before more is assessed.")


def test_room_that_is_not_in_the_list_is_refused():
    with pytest.raises(UsageError, match="no room 9 to leave"):
        page.left(filters("/safety?mode=9", "safety"))


def test_each_row_says_why_and_leads_to_the_element_and_to_the_form_for_an_action(scope):
    _, drawn = safety(champion(scope, "A", "B"))
    first = drawn["rows"][0]
    assert first["id"] == "A~1.1.2"  # who does it well is near
    department, place, title, band, why, action = first["c"]
    assert (department[0], place, band[0]) == ("Archives", 1, "2")
    assert title[2] == "/element?element=1.1.2&department=A"
    assert why == "Partial since 7 March 2025; no action is open; Burials holds compliance plus."
    assert action[1] == "/enter/action?department_code=A&element=1.1.2"


def test_rolled_up_bands_are_counted_apart_from_what_is_to_be_mended(scope):
    said, drawn = safety(scope, "?mode=0")
    assert "1 element in 1 department" in said
    assert " rolled up and mended by those below." in safety(scope, "?mode=2")[0]
    assert [row["id"] for row in drawn["rows"] if row["id"].startswith("A~")] == ["A~1.1.2"]


# --- elements ---------------------------------------------------------------------------------------------------------


def known(scope: Scope, query: str, code: str | None = None) -> element.Known:
    shown, asked = data.view(scope), filters(f"/element{query}", "element")
    of = data.programme(shown).standard.element[code] if code else None
    return _known(shown, replace(asked, as_of=DAY), of)


def test_the_list_of_elements_counts_departments_by_band_and_never_averages(scope):
    told = known(scope, "")
    asked = filters("/element", "element")
    assert element.headline(told) == (
        "In 3 of 57 elements somebody is partial or worse; in 1 of these somebody else holds compliance plus."
    )
    drawn = json.loads(element.elements_table(told, asked))
    assert len(drawn["rows"]) == 57
    by_code = {row["id"]: row["c"] for row in drawn["rows"]}
    assert by_code["1.1.1"][1][:6] == [0, 2, 1, 0, 0, 0]
    assert by_code["1.1.2"][1][:6] == [1, 0, 1, 0, 0, 1]
    assert len(json.loads(element.elements_table(told, filters("/element?criterion=1", "element")))["rows"]) == 11


def of(scope: Scope, code: str, department: str = "", **more) -> element.Of:
    shown = data.view(scope)
    return element.Of(
        data.programme(shown).standard.element[code],
        improving.looked_at(shown, DAY, code),
        data.rows_of(shown, "evidence").filter(element=code),
        more.get("elsewhere", []),
        None,
        department,
        None,
        True,
    )


def test_an_element_says_what_it_asks_how_it_stands_and_who_can_be_learnt_from(scope):
    told, asked = known(scope, "", "1.1.2"), filters("/element?element=1.1.2&department=A", "element")
    assert element_one.headline(told, of(scope, "1.1.2")) == (
        "1 of 2 departments is partial or worse, 1 holds compliance plus; no actions are open."
    )
    said = " ".join(words(element_one.page(told, of(scope, "1.1.2", "A"), asked)).split())
    assert "Archives" in said
    assert "Partial since 7 March 2025; last looked at 7 March 2025." in said
    assert "Burials beside it in the tree, as many sites; since 7 March 2025" in said
    assert "No evidence is kept for this element." in said
    assert "No action is open for this element." in said


def test_an_element_that_nobody_was_assessed_in_says_so(scope):
    told, asked = known(scope, "", "5.3.3"), filters("/element?element=5.3.3", "element")
    assert element_one.headline(told, of(scope, "5.3.3")).endswith("nobody was assessed in it up to this day.")
    assert "Nobody was assessed here" in words(element_one.page(told, of(scope, "5.3.3"), asked))
    with pytest.raises(UsageError, match=r"no element 9\.9\.9"):
        element.chosen(filters("/element?element=9.9.9", "element"), told.standard)


# --- the drawer -------------------------------------------------------------------------------------------------------


def drawer(scope: Scope, key: str, department: str | None = "A") -> str:
    shown, asked = data.view(scope), replace(filters("/heatmap", "heatmap"), as_of=DAY)
    behind = cells.cell(shown, DAY, "formal", department, key)
    return words(details.body(behind, asked, True, _better(shown, asked, behind)))


def test_a_red_cell_says_what_would_make_it_green_who_does_it_well_and_what_to_do_next(scope):
    said = drawer(scope, "1")
    assert (
        "What would make it green 2 elements to bring to compliant, and criterion 1 can bear one more partial." in said
    )
    assert "Add an action for 1.1.2" in said
    said = drawer(scope, "1.1.2")
    assert "Who does it well Burials beside it in the tree" in said
    assert "Add an action" in said
    assert "Who does it well Nobody whom you may see holds compliance plus." in drawer(scope, "1.1.3")


def test_a_green_cell_asks_for_nothing(scope):
    said = drawer(scope, "1.1.2", "B")
    assert "What would make it green" not in said
    assert "Who does it well" not in said


# --- what champions are told of others --------------------------------------------------------------------------------


def test_champions_are_told_of_exemplars_elsewhere_only_where_the_organisation_chose_so(scope):
    own = champion(scope, "A")
    assert improving.told_exemplars(data.view(own)) == {}
    assert "Burials" not in drawer(own, "1.1.2")
    chosen(scope, "yes")
    assert improving.told_exemplars(data.view(own)) == {"1.1.2": [("Burials", date(2025, 3, 7))]}
    assert "Who does it well Burials, since 7 March 2025" in drawer(own, "1.1.2")
    assert "Burials" not in drawer(own, "1.1.1")
    chosen(scope, "no")
    assert improving.told_exemplars(data.view(own)) == {}


def test_nobody_is_told_of_elements_in_which_their_own_departments_stand_well(scope):
    chosen(scope, "yes")
    assert improving.told_exemplars(data.view(champion(scope, "C"))) == {}
    put(scope, a_load({"results": results(("C", "1.1.2", "non_compliant"))}))
    assert set(improving.told_exemplars(data.view(champion(scope, "C")))) == {"1.1.2"}


def test_exemplars_elsewhere_are_told_as_of_now_and_never_to_an_assessor(scope):
    chosen(scope, "yes")
    own = champion(scope, "A")
    assert improving.told_exemplars(data.view(own, datetime(2025, 6, 1, tzinfo=UTC))) == {}
    assert improving.told_exemplars(data.view(replace(own, certificates=("C1",)))) == {}
    assert improving.told_exemplars(data.view(scope)) == {}


def test_what_a_champion_is_shown_otherwise_does_not_depend_on_the_setting_nor_on_others(scope):
    own = champion(scope, "A")
    before = (safety(own), improving.lessons_of(data.view(own), DAY, "1.1.3").rows(), element.headline(known(own, "")))
    chosen(scope, "yes")
    put(scope, a_load({"results": results(("B", "1.1.3", "compliance_plus"), ("C", "1.1.3", "non_compliant"))}))
    after = (safety(own), improving.lessons_of(data.view(own), DAY, "1.1.3").rows(), element.headline(known(own, "")))
    assert before == after

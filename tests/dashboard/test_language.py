"""Welsh: the catalogue is whole and up to date, a browser speaks what it chose, and what is kept never does."""

import json
import re
from dataclasses import replace
from datetime import date
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from dashboard import components, language, table, words
from dashboard.language import counted_said, day_said, said, speaking, standard_said
from dashboard.pages import actions, arrivals, coverage, headroom, heatmap, others, overview
from dashboard.pages.verdicts import stand, verdicts
from dashboard.view import View
from db.session import Scope
from scheme.headroom import headroom as headroom_of
from scheme.standard import shipped
from tests.by_hand import programme
from tests.dashboard import catalogue, test_overview
from tests.dashboard.conftest import at_the_door
from tests.dashboard.made import tree

CY = catalogue.LANGUAGES / "cy.po"
# The ratchet: a file comes in and never goes out again. All sentences of these go through the catalogue; in braces is
# what is no sentence in them: commands, names, classes.
WHOLE = {
    "dashboard/components.py": {"assay"},
    "dashboard/table.py": set(),
    "dashboard/callbacks/shell.py": set(),
    "dashboard/callbacks/coverage.py": set(),
    "dashboard/callbacks/overview.py": set(),
    "dashboard/callbacks/heatmap.py": set(),
    "dashboard/callbacks/headroom.py": set(),
    "dashboard/pages/actions.py": {"of an action"},
    "dashboard/pages/arrivals.py": set(),
    "dashboard/pages/certificates.py": set(),
    "dashboard/pages/coverage.py": set(),
    "dashboard/pages/headroom.py": set(),
    "dashboard/pages/heatmap.py": {"diff", "the heatmap has no mode", "has no criterion", "there is no department"},
    "dashboard/pages/heatmap_grid.py": set(),
    "dashboard/pages/heatmap_headline.py": set(),
    "dashboard/pages/others.py": set(),
    "dashboard/pages/overview.py": set(),
    "dashboard/pages/overview_facts.py": set(),
    "dashboard/pages/verdicts.py": {"assay"},
}


@pytest.fixture(scope="module")
def found() -> catalogue.Found:
    return catalogue.found()


@pytest.fixture(scope="module")
def welsh():
    with CY.open("rb") as file:
        return read_po(file, locale="cy")


# --- the catalogue ----------------------------------------------------------------------------------------------------


def test_the_catalogue_is_what_make_catalogue_writes():
    again = "run `make catalogue` and commit what it writes"
    assert catalogue.POT.read_text("utf-8") == catalogue.written(catalogue.pot()), again
    assert CY.read_text("utf-8") == catalogue.written(catalogue.brought_up_to_date("cy")), again
    assert catalogue.UNTOLD.read_text("utf-8") == catalogue.untold() + catalogue.waiting(), again


def test_a_text_of_the_scheme_is_there_in_welsh(welsh):
    wanted = ("scheme/standards/cse.toml", "dashboard/words.py")
    missing = [
        each.id
        for each in welsh
        if each.id and not any(each.string) and {place for place, _ in each.locations} & {*wanted}
    ]
    assert missing == []


@pytest.mark.parametrize("where", WHOLE)
def test_a_file_that_is_whole_has_no_sentence_beside_the_catalogue(where, found):
    beside = [text for text in found.untold.get(where, []) if not any(known in text for known in WHOLE[where])]
    assert beside == []


def parts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_a_translation_names_no_part_that_its_english_has_not(welsh):
    for each in welsh:
        of_english, told = each.id or "", each.string
        pairs = [(of_english, told)] if isinstance(of_english, str) else [(of_english[1], one) for one in told]
        for english, one in pairs:
            if one:
                assert parts(one) <= parts(english) | ({"count"} if isinstance(of_english, tuple) else set()), one
                if isinstance(of_english, str):
                    assert parts(one) == parts(english), one


def test_what_is_welsh_says_of_itself_that_it_awaits_review():
    assert "AWAITS REVIEW" in CY.read_text("utf-8")[:400]
    with speaking("cy"):
        assert said("This translation awaits review; what is not translated yet is in English.").startswith("Mae'r")


# --- saying -----------------------------------------------------------------------------------------------------------


def test_a_number_of_things_takes_the_form_that_welsh_has_for_it():
    with speaking("cy"):
        told = [words.count_said(number, "certificate") for number in (0, 1, 2, 3, 6, 1200)]
    assert told == [
        "dim tystysgrifau",
        "1 dystysgrif",
        "2 dystysgrif",
        "3 tystysgrif",
        "6 thystysgrif",
        "1,200 tystysgrif",
    ]
    assert [words.count_said(number, "certificate") for number in (0, 1, 2)] == [
        words.count(number, "certificate") for number in (0, 1, 2)
    ]


def test_a_day_is_told_in_the_language_spoken():
    assert day_said(date(2025, 3, 7)) == "7 March 2025"
    with speaking("cy"):
        assert day_said(date(2025, 3, 7)) == "7 Mawrth 2025"


def test_what_has_no_translation_stays_english_and_another_language_is_none():
    with speaking("cy"):
        assert said("No such text, {name}", name="A") == "No such text, A"
        assert counted_said("{count} oddity", "{count} oddities", 2) == "2 oddities"
    with speaking("xx"):
        assert language.is_english()
    assert language.words_for_scripts() == ""


def test_one_english_word_may_have_two_of_welsh():
    with speaking("cy"):
        assert (said("Open"), said("Open [[of an action]]")) == ("Agor", "Ar agor")
    assert said("Open [[of an action]]") == "Open"


def test_braces_in_what_is_filled_in_are_left_alone():
    with speaking("cy"):
        assert said("{name} fails.", name="{count} {0.__class__}") == "Mae {count} {0.__class__} yn methu."


def test_the_standard_is_told_in_welsh_with_its_codes_and_structure_as_they_are():
    english = shipped("cse")
    with speaking("cy"):
        told = standard_said(english)
    assert standard_said(english) is english
    assert told.codes == english.codes
    assert [band.code for band in told.bands] == [band.code for band in english.bands]
    assert told.band["partial"].label == "Rhannol"
    for theirs, ours in ((told.elements, english.elements), (told.criteria, english.criteria)):
        assert all(one.title != other.title for one, other in zip(theirs, ours, strict=True))


def test_a_tenants_own_words_of_a_standard_are_not_touched():
    english = shipped("cse")
    own = replace(english, elements=(replace(english.elements[0], title="Our own title"), *english.elements[1:]))
    with speaking("cy"):
        assert standard_said(own).elements[0].title == "Our own title"


def test_what_is_kept_is_english_whoever_asked_first():
    scope = Scope(77, "WEL", None, "corporate_lead", "lead@example.org")
    with speaking("cy"):
        kept = View(scope, 1).kept("language of what is kept", lambda: said("Overview"))
        assert said("Overview") == "Trosolwg"
    assert kept == "Overview"


# --- pages ------------------------------------------------------------------------------------------------------------

HALF = re.compile(r"\b(?:the|is|are|of|and|has|have|with|by|no|none|department|departments|day)\b")


def test_a_page_that_is_whole_has_no_english_left_in_its_sentences():
    with speaking("cy"):
        made = test_overview.facts(*test_overview.FAILING, *test_overview.AT_LIMIT, *test_overview.PASSING)
        told = [overview.headline(made), *stand(made.departments)]
        rows = json.loads(overview.departments_table(made, test_overview.asked()))
        layouts = [page.layout() for page in (overview, heatmap, headroom, coverage, actions, arrivals)]
    told += [column["l"] for column in rows["columns"]]
    told += [str(cell).replace("Department C", "") for row in rows["rows"] for cell in row["c"][1:4]]
    assert [text for text in told if HALF.search(text.replace("Department", ""))] == []
    assert [getattr(layout, "lang", None) for layout in layouts] == [None] * len(layouts)


def test_a_page_that_is_not_whole_counts_as_english_but_for_its_heading():
    with speaking("cy"):
        shown = components.page("Sites", "Something")
    assert shown.lang == "en-GB"
    heading = shown.children[0].children[0]
    assert (heading.lang, heading.children) == ("cy", "Safleoedd")


def test_a_table_says_its_own_words_in_welsh_and_its_data_as_it_is():
    columns = [table.Column("a", "Department"), table.Column("b", "Status", "status")]
    with speaking("cy"):
        told = json.loads(table.table_json("Departments", columns, [table.Row("1", ["Overview", "fails"])]))
    assert told["caption"] == "Adrannau"
    assert [column["l"] for column in told["columns"]] == ["Adran", "Statws"]
    assert told["rows"][0]["c"] == ["Overview", "fails"]


def test_why_a_criterion_stands_as_it_does_is_told_from_the_same_counts():
    known = programme(*test_overview.FAILING, *test_overview.AT_LIMIT)
    rows = verdicts(tree(known), headroom_of(known, test_overview.TODAY))
    by = {row["department_code"]: row for row in rows.iter_rows(named=True)}
    with speaking("cy"):
        failing, tight = (overview.verdicts.reason(by[code]) for code in ("C", "B"))
    assert (failing[:25], tight[:30]) == ("Mae maen prawf 3 yn methu", "Mae maen prawf 1 ar ei derfyn:")
    assert "2 elfen rannol" in tight
    assert others.TITLE == "How all departments stand"


# --- the choice -------------------------------------------------------------------------------------------------------


def test_a_browser_keeps_the_language_it_chose_and_goes_back_to_where_it_was(stranger):
    answer = stranger.get("/language/cy", headers={"Referer": "http://localhost/sign-in?next=/heatmap"})
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=/heatmap")
    kept = answer.headers["Set-Cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=Lax" in kept
    shown = stranger.get("/sign-in").text
    assert '<html lang="cy">' in shown
    assert "<h1>Mewngofnodi</h1>" in shown
    assert "yn aros am ei adolygu" in shown
    stranger.get("/language/en")
    shown = stranger.get("/sign-in").text
    assert '<html lang="en-GB">' in shown
    assert 'href="/language/cy" lang="cy" hreflang="cy">Cymraeg</a>' in shown


@pytest.mark.parametrize("referrer", ["https://evil.example/x", "http://localhost//evil.example", "/\\evil", ""])
def test_the_choice_of_a_language_leads_nowhere_but_to_a_page_of_ours(stranger, referrer):
    location = stranger.get("/language/cy", headers={"Referer": referrer}).location
    assert location == "/"


def test_there_is_no_language_that_there_is_not_and_a_forged_cookie_speaks_english(app, own_people):
    client = at_the_door(app)
    assert client.get("/language/xx").status_code == 404
    client.set_cookie("assay-language", "../../etc")
    assert '<html lang="en-GB">' in client.get("/sign-in").text


def test_the_frame_of_every_page_is_in_welsh_for_one_browser_and_english_for_the_next(lead, app, own_people):
    lead.get("/language/cy")
    page = lead.get("/").text
    assert '<html lang="cy">' in page
    assert "Trefnu" in page or "trefnu" in page  # words for the scripts
    assert "Map gwres" in json.dumps(lead.get("/_dash-layout").json, ensure_ascii=False)
    assert "Pobl" in lead.get("/account").text or "Eich cyfrif" in lead.get("/account").text
    stranger = at_the_door(app)
    assert '<html lang="en-GB">' in stranger.get("/sign-in").text

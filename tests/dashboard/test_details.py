"""What stands behind a cell, from the warehouse to the drawer (measures.md sections 1 to 3; reliability.md D3, D9)."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from dashboard import cells, data, view
from dashboard.filters import filters
from dashboard.pages import details
from dashboard.pages.details_element import is_web
from db.session import Scope
from db.tenants import add_tenant, scope_of
from scheme.errors import UsageError
from scheme.standard import shipped
from tests.db.made import a_load, put

CSE = shipped("cse")
DAY = date(2025, 6, 30)
ASKED = filters("/heatmap?as_of=2025-06-30", "heatmap")


@pytest.fixture
def scope(warehouse, monkeypatch) -> Scope:
    """A tenant of a new warehouse, before a cache that knows nothing of others."""
    view.kept_bytes.clear()
    add_tenant("ASH", "Ashcombe County Council")
    scope = scope_of("ASH")
    put(scope, a_load({"departments": DEPARTMENTS, "sites": SITES}, file="register.csv"))
    return scope


DEPARTMENTS = pl.DataFrame(
    {
        "department_code": ["HOU", "REP", "LET", "LIB"],
        "department_name": ["Housing", "Repairs", "Lettings", "Libraries"],
        "parent_code": [None, "HOU", "HOU", None],
    }
)
SITES = pl.DataFrame(
    {
        "site_code": ["S1", "S2"],
        "site_name": ["Town Hall", "Depot"],
        "department_code": [["REP", "LET"], ["REP"]],
    }
)


def results(*rows: dict, element: str = "1.1.1") -> pl.DataFrame:
    """Staged results of one element, each row with what differs."""
    usual = {"department_code": None, "site_code": None, "assessment_type": "annual_review", "element": element}
    told = {"band": "compliant", "comment": None, "assessor": None, "reason": None, "restated": None}
    frame = pl.DataFrame([{**usual, **told, **row} for row in rows], infer_schema_length=None)
    return frame.with_columns(
        pl.col("assessed_on").str.to_date(),
        *(pl.col(name).cast(pl.String) for name in ("department_code", "site_code", "comment", "assessor", "reason")),
        pl.col("restated").cast(pl.Boolean),
    )


def load(scope: Scope, file: str = "a.csv", **tables: pl.DataFrame) -> None:
    put(scope, a_load(tables, file=file))


def behind(scope: Scope, department: str | None, key: str, basis: str = "formal"):
    return cells.cell(data.view(scope), DAY, basis, department, key)


def words(component) -> str:
    """All the text of components, JSON of tables included."""
    if isinstance(component, str):
        return component
    if isinstance(component, (list, tuple)):
        return " ".join(words(part) for part in component)
    children = getattr(component, "children", None)
    drawn = getattr(component, "data-table", "")
    return f"{'' if children is None else words(children)} {drawn}".strip()


def drawer(scope: Scope, department: str | None, key: str, basis: str = "formal") -> str:
    return " ".join(words(details.body(behind(scope, department, key, basis), ASKED)).split())


# --- an element -------------------------------------------------------------------------------------------------------


def test_the_drawer_says_what_changed_since_last_time_and_what_was_said(scope):
    load(
        scope,
        results=results(
            {"department_code": "LIB", "assessed_on": "2023-05-02", "band": "partial", "comment": "Few surveys."},
            {"department_code": "LIB", "assessed_on": "2024-05-07", "comment": "Surveys each spring."},
        ),
    )
    said = drawer(scope, "LIB", "1.1.1")
    assert "Compliant since 7 May 2024 (annual review)." in said
    assert "Since last time: better: partial on 2 May 2023, compliant on 7 May 2024." in said
    assert said.index("Surveys each spring.") < said.index("Few surveys.")
    assert details.title(behind(scope, "LIB", "1.1.1")) == f"1.1.1 {CSE.element['1.1.1'].title}"


def test_a_band_is_in_force_since_the_first_of_the_unbroken_row_of_results(scope):
    rows = [
        ("2021-05-04", "compliant"),
        ("2022-05-03", "partial"),
        ("2023-05-02", "partial"),
        ("2024-05-07", "partial"),
    ]
    load(scope, results=results(*({"department_code": "LIB", "assessed_on": day, "band": band} for day, band in rows)))
    assert behind(scope, "LIB", "1.1.1").since == date(2022, 5, 3)
    assert "Partial since 3 May 2022; last looked at 7 May 2024 (annual review)." in drawer(scope, "LIB", "1.1.1")


def test_a_restated_result_is_shown_as_such_and_changes_nothing(scope):
    load(
        scope,
        results=results(
            {"department_code": "LIB", "assessed_on": "2023-05-02", "band": "partial"},
            {"department_code": "LIB", "assessed_on": "2024-05-07", "band": "compliant", "restated": True},
        ),
    )
    found = behind(scope, "LIB", "1.1.1")
    assert (found.standing["band"], found.since) == ("partial", date(2023, 5, 2))
    said = words(details.body(found, ASKED))
    assert "restated: repeats an earlier band" in said
    assert "Since last time" not in said


def test_what_the_department_says_of_itself_stands_beside_what_its_assessors_say(scope):
    load(
        scope,
        results=results(
            {"department_code": "LIB", "assessed_on": "2024-05-07", "band": "partial"},
            {"department_code": "LIB", "assessed_on": "2024-04-01", "assessment_type": "self_assessment"},
        ),
    )
    assert "Own assessment: compliant on 1 April 2024, higher than assessed." in drawer(scope, "LIB", "1.1.1")
    assert "Own assessment:" not in drawer(scope, "LIB", "1.1.1", "self")


def test_an_element_nobody_assessed_says_so(scope):
    assert "Not assessed : no formal result up to 30 June 2025" in drawer(scope, "LIB", "1.1.1")


def test_a_result_after_the_day_does_not_exist(scope):
    load(scope, results=results({"department_code": "LIB", "assessed_on": "2025-07-01"}))
    assert behind(scope, "LIB", "1.1.1").results.is_empty()


def test_a_rolled_up_band_shows_its_mix_and_what_it_is_made_of(scope):
    load(
        scope,
        results=results(
            {
                "department_code": "REP",
                "assessed_on": "2024-05-07",
                "band": "partial",
                "comment": "Two channels missing.",
            },
            {"department_code": "LET", "assessed_on": "2024-06-04"},
        ),
    )
    said = drawer(scope, "HOU", "1.1.1")
    assert "rolled up from 1 compliant and 1 partial directly below: an indication" in said
    assert said.index("Repairs") < said.index("Lettings"), "the worst comes first"
    assert "Two channels missing." in said


def test_a_site_result_naming_no_department_belongs_to_each_department_of_its_site(scope):
    row = {"site_code": "S1", "assessed_on": "2024-05-07", "band": "partial", "comment": "Seen at the counter."}
    load(scope, results=results(row))
    for code in ("REP", "LET"):
        assert behind(scope, code, "1.1.1").below.select("kind", "code", "comment").rows() == [
            ("site", "S1", "Seen at the counter.")
        ]
    assert behind(scope, None, "1.1.1").below["kind"].to_list() == ["department"]


def test_of_two_site_results_of_a_day_the_comment_of_the_one_that_counts_is_shown(scope):
    row = {"site_code": "S1", "assessed_on": "2024-05-07"}
    named = {**row, "department_code": "REP", "band": "partial", "comment": "Of Repairs alone."}
    load(scope, results=results({**row, "comment": "Of all."}, named))
    assert behind(scope, "REP", "1.1.1").below.select("band", "comment").row(0) == ("partial", "Of Repairs alone.")
    assert behind(scope, "LET", "1.1.1").below.select("band", "comment").row(0) == ("compliant", "Of all.")


def test_something_found_worse_below_since_is_said(scope):
    load(
        scope,
        results=results(
            {"department_code": "HOU", "assessed_on": "2024-05-07"},
            {"department_code": "REP", "assessed_on": "2024-09-03", "band": "non_compliant"},
        ),
    )
    assert "Something below has been found worse since." in drawer(scope, "HOU", "1.1.1")


def test_details_tell_file_row_load_and_what_was_superseded(scope):
    row = {"department_code": "LIB", "assessed_on": "2024-05-07"}
    load(scope, "first.csv", results=results({**row, "band": "non_compliant"}))
    load(scope, "second.csv", results=results(row))
    found = behind(scope, "LIB", "1.1.1")
    assert found.superseded.select("band", "file", "row", "load").rows() == [("non_compliant", "first.csv", 2, 2)]
    assert found.superseded["superseded_at"].null_count() == 0
    said = drawer(scope, "LIB", "1.1.1")
    assert "first.csv" in said
    assert "second.csv" in said
    assert found.standing["band"] == "compliant"


def test_a_band_older_than_one_cycle_is_said_to_be(scope):
    load(scope, results=results({"department_code": "LIB", "assessed_on": "2022-06-30"}))
    assert "That is older than one cycle of 3 years." in drawer(scope, "LIB", "1.1.1")


def test_open_actions_are_told_with_their_day_and_closed_ones_are_not(scope):
    actions = pl.DataFrame(
        {
            "action_key": ["1", "2", "3"],
            "action_code": ["1", "2", "3"],
            "department_code": ["LIB"] * 3,
            "element": ["1.1.1"] * 3,
            "action": ["Ask customers", "Publish the answers", "Print leaflets"],
            "owner": ["P. Hale", None, None],
            "due_on": [date(2025, 5, 1), date(2025, 9, 1), date(2025, 1, 1)],
            "status": ["open", None, "Done"],
            "closed_on": [None, date(2025, 7, 31), None],
        }
    )
    load(scope, actions=actions)
    said = drawer(scope, "LIB", "1.1.1")
    assert "Ask customers overdue since 1 May 2025, owner P. Hale" in said
    assert "Publish the answers due 1 September 2025" in said
    assert "leaflets" not in said


@pytest.mark.parametrize(
    ("link", "may_be_followed"),
    [
        ("https://intranet.example/a", True),
        ("HTTP://intranet.example", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("file:///S:/evidence", False),
        ("https://", False),
        ("http://[", False),
        ("folder 12", False),
        (None, False),
    ],
)
def test_evidence_is_linked_by_http_alone(link, may_be_followed):
    assert is_web(link) is may_be_followed


def test_a_link_that_may_not_be_followed_is_shown_as_text(scope):
    evidence = pl.DataFrame(
        {
            "department_code": ["LIB"],
            "element": ["1.1.1"],
            "evidence_code": ["E1"],
            "evidence": ["Survey"],
            "link": ["javascript:alert(1)"],
        }
    )
    load(scope, evidence=evidence)
    body = details.body(behind(scope, "LIB", "1.1.1"), ASKED)
    assert "Survey javascript:alert(1)" in " ".join(words(body).split())
    assert '"href": "javascript' not in str([part.to_plotly_json() for part in body])


# --- a criterion ------------------------------------------------------------------------------------------------------


def whole(code: str, day: str = "2024-05-07", **bands: str) -> list[pl.DataFrame]:
    named = {element.removeprefix("e").replace("_", "."): band for element, band in bands.items()}
    return [
        results({"department_code": code, "assessed_on": day, "band": named.get(element, "compliant")}, element=element)
        for element in CSE.codes
    ]


def test_a_criterion_tells_why_and_what_counts_against_it_the_worst_first(scope):
    load(scope, results=pl.concat(whole("LIB", e1_1_2="partial", e1_2_3="non_compliant")))
    said = drawer(scope, "LIB", "1")
    assert "Fails Criterion 1 fails: 1.2.3 is non-compliant." in said
    against = said[said.index("What counts against it") :]
    assert against.index("1.2.3") < against.index("1.1.2")
    assert "Partial, since 7 May 2024, no open action" in against


def test_a_criterion_of_rolled_up_bands_gives_no_verdict_but_counts_those_below(scope):
    load(scope, results=pl.concat([*whole("REP", e1_1_1="partial", e1_1_2="partial"), *whole("LET")]))
    said = drawer(scope, "HOU", "1")
    assert "11 of 11 bands are rolled up from below, so there is no verdict" in said
    assert "1 of 2 passes, 1 at limit" in said
    assert "Criterion 1" not in said, "the sentence why is a verdict"


def test_a_criterion_nobody_assessed_is_neither_passed_nor_failed(scope):
    assert drawer(scope, "LIB", "1").startswith("Libraries LIB · Not assessed up to 30 June 2025.")


# --- who may see what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("department", ["LIB", "NOWHERE", None])
def test_what_one_may_not_see_looks_like_what_is_not_there(scope, department):
    load(scope, results=results({"department_code": "LIB", "assessed_on": "2024-05-07"}))
    mine = replace(scope, departments=("HOU",))
    with pytest.raises(UsageError, match="on this day that you may see"):
        cells.cell(data.view(mine), DAY, "formal", department, "1.1.1")
    assert behind(mine, "REP", "1.1.1").place.name == "Repairs"


def test_a_key_that_the_standard_does_not_have_is_refused(scope):
    with pytest.raises(UsageError, match="no element or criterion 9"):
        behind(scope, "LIB", "9.9")


def test_the_difference_shows_the_formal_side_with_the_own_beside_it(scope):
    load(scope, results=results({"department_code": "LIB", "assessed_on": "2024-05-07"}))
    assert behind(scope, "LIB", "1.1.1", "difference").basis == "formal"

import itertools
import json
from datetime import UTC, date, datetime, timedelta
from importlib import resources

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from db import reads
from db.frames import as_kept, as_told, kept_schema
from db.loading import staged_schema
from db.models import ProfileText, StandardText
from db.session import open_platform, open_session
from db.tenants import add_standard, add_tenant, scope_of, standard_of_code, standards, tenants
from scheme import frames
from scheme.errors import ProfileInvalid, StandardInvalid, UsageError
from scheme.standard import NOT_APPLICABLE
from scheme.tables import TABLES
from tests.db.made import a_load, asked, put, results

numbers = itertools.count(1)
# Each example is a tenant of its own; shrinking one that fails would take minutes.
SLOW = settings(suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])

# What PostgreSQL, CSV and SQLite could each misread.
AWKWARD = st.one_of(
    st.sampled_from(
        ["\\N", '"', "a,b", "a\nb", "a\r\nb", "\\.", "''", "NULL", "0012", "1e5", "£ é ☃", " x ", "2025-03-07"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
)
CODE = st.sampled_from(["D1", "D02", "d1", "Ä", "x;"[:1]])
DAY = st.dates(date(1, 1, 1), date(9999, 12, 31))
KINDS = {
    "text": AWKWARD,
    "code": CODE,
    "codes": st.lists(CODE, max_size=3, unique=True).map(sorted),
    "elements": st.lists(st.sampled_from(["1.1.1", "1.1.2", "5.3.3"]), min_size=1, max_size=3, unique=True),
    "day": DAY,
    "flag": st.booleans(),
    "count": st.integers(0, 2**31 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False).map(lambda n: n + 0.0),  # SQLite: -0.0 is 0.0
    "element": st.sampled_from(["1.1.1", "1.1.2", "5.3.3"]),
    "band": st.sampled_from(["compliant", "partial", NOT_APPLICABLE]),
    "assessment_type": st.sampled_from(["initial", "renewal"]),
    "mode": st.sampled_from(["on_site", "remote"]),
}


@st.composite
def staged(draw, name):
    """Staged rows of a canonical table, no two of one key; what may be empty sometimes is."""
    table = TABLES[name]
    kinds = {**dict.fromkeys(table.key, "code"), **{column.name: column.kind for column in table.columns}}
    row = st.fixed_dictionaries(
        {
            column: KINDS[kind] if kind == "day" and column in table.key else st.none() | KINDS[kind]
            for column, kind in kinds.items()
        }
    )

    def key(values):
        said = [values[column] or "" for column in table.key]
        return tuple(
            "on_site" if column == "mode" and not cell else cell for column, cell in zip(table.key, said, strict=True)
        )

    rows = draw(st.lists(row, min_size=1, max_size=6, unique_by=key))
    schema = {column: dtype for column, dtype in staged_schema(name).items() if column in kinds}
    return pl.DataFrame(rows, schema)


@pytest.mark.parametrize("name", TABLES)
@settings(SLOW, max_examples=max(5, settings().max_examples // 5))
@given(data=st.data())
def test_every_table_comes_back_as_it_was_told(warehouse, name, data):
    told = data.draw(staged(name))
    code = f"T{next(numbers)}"
    add_tenant(code, "A tenant")
    scope = scope_of(code)
    put(scope, a_load({name: told}))
    came = asked(scope, reads.table, name)
    if "is_confirmed" in came.columns:
        came = came.filter("is_confirmed")
    assert came["load_number"].unique().to_list() == [1]
    expected = as_told(name, as_kept(name, told))
    plain = came.select(expected.columns)
    assert sorted(map(str, plain.rows())) == sorted(map(str, expected.rows()))
    if name != "visits":  # there, no mode means on site
        lists = [column for column, dtype in told.schema.items() if dtype == pl.List(pl.String)]
        empty = [pl.when(pl.col(column).list.len() > 0).then(column) for column in lists]
        assert sorted(map(str, plain.with_columns(empty).select(told.columns).rows())) == sorted(
            map(str, told.with_columns(empty).rows())
        )


BANDS = st.sampled_from(["compliant", "partial", None])
SAID = st.dictionaries(
    st.tuples(st.sampled_from(["D1", "D2", None]), st.sampled_from(["1.1.1", "1.1.2"])),
    st.tuples(BANDS, st.sampled_from(["why", "because", None])),
    max_size=4,
)
LOADS = st.lists(st.tuples(SAID, st.sampled_from(["a.csv", "b.csv"]), st.booleans()), min_size=1, max_size=6)


@settings(SLOW, max_examples=max(10, settings().max_examples // 2))
@given(loads=LOADS)
def test_the_warehouse_knows_what_an_obvious_reader_of_the_loads_would(warehouse, loads):
    code = f"T{next(numbers)}"
    add_tenant(code, "A tenant")
    scope, known, knowledge = scope_of(code), {}, []
    for said, file, withdraw in loads:
        frame = results(*((*key, band) for key, (band, _) in said.items()))
        comments = pl.Series("comment", [comment for _, comment in said.values()], pl.String)
        put(scope, a_load({"results": frame.with_columns(comments)}, file=file, withdraw=withdraw))
        # The twin: a dictionary of what was said last, and by which file.
        for key, (band, comment) in said.items():
            (old_band, old_comment), origin = known.get(key, ((None, None), None))
            new = (band or old_band, comment or old_comment)
            known[key] = (new, file if key not in known or new != (old_band, old_comment) else origin)
        if withdraw:
            known = {key: value for key, value in known.items() if value[1] != file or key in said}
        knowledge.append((asked(scope, reads.latest_load)[1], {key: value[0] for key, value in known.items()}))
    for moment, expected in knowledge:
        for known_at in (moment, moment + timedelta(microseconds=1)) if moment != knowledge[-1][0] else (moment, None):
            came = asked(scope, reads.table, "results", known_at).select(
                "department_code", "element", "band", "comment"
            )
            assert {row[:2]: row[2:] for row in came.rows()} == expected
            departments = asked(scope, reads.programme, known_at).departments["department_code"]
            assert {key[0] for key in expected} - {None} <= set(departments)


def test_a_programme_has_the_schemas_that_rules_ask_for(scope):
    register = pl.DataFrame({"site_code": ["S1"], "department_code": [["D2", "D1"]], "must_visit": [None]})
    visits = pl.DataFrame({"site_code": ["S1"], "visited_on": [date(2025, 3, 7)]})
    put(scope, a_load({"sites": register, "visits": visits, "results": results((None, "1.1.1", "partial"))}))
    programme = asked(scope, reads.programme)
    for name in ("departments", "sites", "certificates", "assessments", "visits", "results"):
        assert dict(getattr(programme, name).schema) == getattr(frames, name.upper())
    assert programme.sites.select("department_codes", "must_visit").rows() == [(["D2", "D1"], False)]
    assert programme.visits.select("mode", "planned").rows() == [("on_site", False)]
    assert programme.results.select("department_code", "site_code", "restated").rows() == [(None, None, False)]
    assert programme.standard == standard_of_code("cse")
    assert programme.profile(date(2025, 1, 1)).allowances["4"] == 3


def test_results_say_where_they_come_from(scope):
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), (None, "1.1.1", "partial"), comment="why")}))
    put(scope, a_load({"results": results(("D1", "1.1.1", "compliant"))}, file="b.csv"))
    rows = asked(scope, reads.result_rows, ["D1"], ["1.1.1"])
    assert rows.select("band", "comment", "file", "sheet", "row", "load").rows() == [
        ("compliant", "why", "b.csv", None, 2, 2)
    ]
    assert asked(scope, reads.result_rows, [None], ["1.1.1"])["row"].to_list() == [3]
    assert asked(scope, reads.result_rows, [None], ["1.1.2"]).rows() == []
    told = asked(scope, reads.history)
    assert told.columns[-6:] == ["file", "sheet", "row", "load", "loaded_at", "superseded_at"]
    assert told.select("department_code", "load").rows() == [(None, 1), ("D1", 1), ("D1", 2)]


# --- tenants, profiles, standards -------------------------------------------------------------------------------------

OURS = {"name": "Ours, 2026", "base": "cse", "in_force_from": date(2026, 1, 1), "annual_elements": ["1.1.1"]}


def test_a_profile_holds_from_its_day_and_the_first_since_ever(scope):
    add_tenant("ASH", "Ashcombe County Council", "cse", [("ours.toml", {"name": "First", "base": "cse"})])
    add_tenant("ASH", "Ashcombe County Council", "cse", [("ours.toml", OURS)])
    programme = asked(scope, reads.programme)
    assert programme.profile(date(2025, 12, 31)).name == "First"
    assert programme.profile(date(2026, 1, 1)).annual_elements == ("1.1.1",)
    assert programme.profile(date(2026, 1, 1), "CSE").annual_elements is None


def test_a_profile_again_changes_nothing_and_a_mended_one_was_not_known_before(scope):
    before = asked(scope, reads.version)
    add_tenant("ASH", "Ashcombe County Council", "cse", [("ours.toml", OURS)])
    assert asked(scope, reads.version) == before + 1
    said = add_tenant("ASH", "Ashcombe County Council", "cse", [("ours.toml", OURS)])
    assert said == "tenant ASH is there already, with all of this"
    assert asked(scope, reads.version) == before + 1
    between = datetime.now(UTC)
    add_tenant("ASH", "Ashcombe County Council", "cse", [("ours.toml", {**OURS, "cycle_years": 4})])
    day = date(2026, 1, 1)
    assert asked(scope, reads.programme).profile(day).cycle_years == 4
    assert asked(scope, reads.programme, between).profile(day).cycle_years == 3
    # Before anything was known, the first version is as good as any.
    assert asked(scope, reads.programme, datetime(2000, 1, 1, tzinfo=UTC)).profile(day).annual_elements == ("1.1.1",)
    with open_session(scope) as session:
        assert all("2026-01-01" in body for body in session.scalars(select(ProfileText.body)))


@pytest.mark.parametrize(
    ("code", "standard", "bodies", "error", "said"),
    [
        ("no good", "cse", [], UsageError, "no code"),
        ("NEW", "made-up", [], UsageError, "no standard 'made-up'"),
        ("NEW", "cse", [("p.toml", {"name": "x", "base": "iso"})], ProfileInvalid, "no profile 'iso'"),
        ("NEW", "cse", [("p.toml", {"name": "x", "colour": 1})], ProfileInvalid, "p.toml: unknown key"),
    ],
)
def test_a_tenant_that_cannot_be_is_not_made(warehouse, code, standard, bodies, error, said):
    with pytest.raises(error, match=said):
        add_tenant(code, "A tenant", standard, bodies)
    assert tenants().rows() == []


def made_up(*elements: str, profile: str = "[profile]\nallowances = {A = 1}") -> str:
    """The file of a standard of one criterion."""
    bands = [
        {"code": band.code, "label": band.label, "sign": band.sign, "spellings": []}
        for band in standard_of_code("cse").bands
    ]
    rows = "\n".join(
        f"[[bands]]\n{''.join(f'{k} = {json.dumps(v)}' + chr(10) for k, v in band.items())}" for band in bands
    )
    below = "\n".join(f'[[criteria.elements]]\ncode = "{code}"\ntitle = "{code}"' for code in elements)
    return f'code = "mine"\ntitle = "Mine"\n{profile}\n{rows}\n[[criteria]]\ncode = "A"\ntitle = "A"\n{below}\n'


def test_a_standard_is_added_and_mended_without_code(warehouse):
    assert add_standard(made_up("A1")) == "standard mine added (1 elements)"
    assert [standard.code for standard in standards()] == ["cse", "mine"]
    add_tenant("NEW", "A tenant", "mine")
    scope, between = scope_of("NEW"), datetime.now(UTC)
    version = asked(scope, reads.version)
    assert "word for word" in add_standard(made_up("A1"))
    assert asked(scope, reads.version) == version
    assert "newer text" in add_standard(made_up("A1", "A2"))
    assert asked(scope, reads.version) == version + 1
    assert asked(scope, reads.programme).standard.codes == ("A1", "A2")
    assert asked(scope, reads.programme, between).standard.codes == ("A1",)
    with pytest.raises(StandardInvalid, match="A2 of mine is missing"):
        add_standard(made_up("A1"))
    with pytest.raises(StandardInvalid, match="taken by a shipped standard"):
        add_standard(made_up("A1").replace('"mine"', '"cse"'))
    with pytest.raises(UsageError, match="held to mine"):
        add_tenant("NEW", "A tenant", "cse")
    with open_platform() as session:
        assert session.scalars(select(StandardText.edition)).all() == [1, 2]


def test_a_standard_without_a_profile_needs_one_from_its_tenant(warehouse):
    add_standard(made_up("A1", profile=""))
    with pytest.raises(UsageError, match=r"brings no \[profile\]"):
        add_tenant("NEW", "A tenant", "mine")
    add_tenant("NEW", "A tenant", "mine", [("p.toml", {"name": "Mine", "allowances": {"A": 2}})])
    assert asked(scope_of("NEW"), reads.programme).profile(date(2025, 1, 1)).allowances == {"A": 2}


def test_no_column_of_a_table_is_lost_on_its_way():
    for name, table in TABLES.items():
        assert set(kept_schema(name)) == {*table.key, *table.names}


def test_a_tenant_may_move_to_a_licensed_text_of_its_standard_but_to_none_that_lacks_an_element(scope):
    licensed = resources.files("scheme").joinpath("standards/cse.toml").read_text("utf-8")
    profile = '\n[profile]\nname = "As licensed"\n[profile.allowances]\n1 = 2\n2 = 2\n3 = 2\n4 = 3\n5 = 2\n'
    reworded = licensed.replace('code = "cse"', 'code = "cse-licensed"').replace("Customer insight", "As it is printed")
    add_standard(reworded + profile)
    add_standard(made_up("A1"))
    with pytest.raises(UsageError, match=r"lacks 1\.1\.1"):
        add_tenant("ASH", "Ashcombe County Council", "mine")
    assert "held to" in add_tenant("ASH", "Ashcombe County Council", "cse-licensed")
    assert asked(scope, reads.programme).standard.criteria[0].title == "As it is printed"
    assert "already" in add_tenant("ASH", "Ashcombe County Council")

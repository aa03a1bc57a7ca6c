"""The demo in its warehouse: what its files became."""

import shutil
from datetime import date, timedelta

import polars as pl
import pytest

from db import reads, sessions
from db.engine import engine
from db.session import open_session
from db.tenants import scope_of
from etl import demo
from etl.demo.batches import BATCHES
from etl.demo.cast import TENANTS
from etl.demo.story import story
from measures import measure
from tests.etl.test_demo_story import AT_LIMIT, FAILING, programme, verdicts


@pytest.fixture(autouse=True)
def built(demo_warehouse, monkeypatch):
    url, passwords = demo_warehouse
    monkeypatch.setenv("ASSAY_DATABASE_URL", url)
    monkeypatch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
    yield passwords
    engine(url).dispose()


def loads(tenant: str) -> pl.DataFrame:
    with open_session(scope_of(tenant)) as session:
        return reads.loads(session)


def reasons(tenant: str) -> dict[str, list[str]]:
    with open_session(scope_of(tenant)) as session:
        frames = [reads.rejected(session, number) for number in sorted(set(loads(tenant)["load"]))]
    given: dict[str, list[str]] = {}
    for row in pl.concat(frames).to_dicts():
        given.setdefault(row["file"], []).append(row["why"])
    return given


def today() -> date:
    """The day for which the demo was built."""
    return loads("ASHCOMBE")["started_at"].max().astimezone().date()


def test_every_batch_is_a_load_and_every_row_is_accounted_for():
    for tenant in TENANTS:
        frame = loads(tenant)
        assert frame["load"].n_unique() == len(BATCHES[tenant])
        parts = ("loaded", "unchanged", "duplicate", "no_result", "set_aside")
        assert frame.filter(pl.col("read") != pl.sum_horizontal(parts)).is_empty()
    assert loads("ASHCOMBE")["read"].sum() > 20_000


def test_two_files_of_the_council_are_refused_and_all_others_are_read():
    refused = loads("ASHCOMBE").filter(pl.col("outcome") == "refused")
    assert set(refused["file"]) == {"highways-evidence.xlsx", "wellbeing-desk-review.csv"}
    assert all(refused["reason"])
    assert loads("MILLBROOK").filter(pl.col("outcome") == "refused").is_empty()


def test_only_the_flaws_made_on_purpose_are_set_aside():
    council = reasons("ASHCOMBE")
    assert {file: len(why) for file, why in council.items()} == {
        "adults-06.csv": 4,
        "children-06.ndjson": 3,
        "communities-06.xlsx": 4,
        "place-06.ods": 1,
        "resources-06.csv": 2,
    }
    assert "4.3.4" in council["communities-06.xlsx"][0]
    assert any("date" in why for why in council["communities-06.xlsx"])
    assert any("day" in why for why in council["adults-06.csv"])
    assert {file: len(why) for file, why in reasons("MILLBROOK").items()} == {"lettings-desk-review.csv": 2}
    totals = loads("ASHCOMBE").select("duplicate", "no_result").sum().row(0)
    assert totals == (2, 1)


@pytest.mark.parametrize("tenant", TENANTS)
def test_what_was_loaded_is_what_the_story_told(tenant):
    day = today()
    told = programme(story(tenant, demo.SEED, day))
    with open_session(scope_of(tenant)) as session:
        kept = reads.programme(session)
    assert verdicts(kept, day) == verdicts(told, day)
    for name in ("departments", "certificates", "assessments"):
        assert getattr(kept, name).height == getattr(told, name).height, name
    formal = pl.col("assessment_type").is_in(["initial", "annual_review", "renewal", "reassessment"])
    key = ["department_code", "site_code", "assessment_type", "assessed_on", "element", "band"]
    for frame in (kept.results.filter(formal), told.results.filter(formal)):
        assert frame.select(key).is_duplicated().sum() == 0
    assert (
        kept.results.filter(formal).join(told.results.filter(formal), on=key, how="anti", nulls_equal=True).is_empty()
    )
    assert kept.results.filter(formal).height == told.results.filter(formal).height


def test_a_newcomer_finds_who_is_one_partial_from_failing():
    frame = measure(scope_of("ASHCOMBE"), "headroom", today()).filter(~pl.col("indicative"))
    assert set(frame.filter(pl.col("status") == "at_limit")["department_code"]) == AT_LIMIT
    assert set(frame.filter(pl.col("status") == "fails")["department_code"]) == FAILING


def test_before_the_correction_a_department_was_known_as_failing():
    at = loads("ASHCOMBE").filter(pl.col("load") == 4)["finished_at"].max()
    day = today() - timedelta(80)
    status = {}
    for known_at in (at, None):
        frame = measure(scope_of("ASHCOMBE"), "headroom", day, known_at, ("OTS",))
        status[known_at] = set(frame["status"])
    assert "fails" in status[at]
    assert status[None] == {"passes"}


def test_published_results_stand_as_published():
    for tenant, plus, compliant in (("WYCHAVON", 4, 53), ("SALFORD", 4, 53), ("NORTHAMPTON", 7, 50)):
        bands = measure(scope_of(tenant), "standing", today()).filter(pl.col("department_code").is_not_null())["band"]
        assert dict(bands.value_counts().iter_rows()) == {"compliance_plus": plus, "compliant": compliant}
    courts = measure(scope_of("SCTS"), "visits", date(2017, 6, 30)).to_dicts()
    assert [row["visited"] for row in courts] == [12]


def test_everybody_named_signs_in_with_the_password_that_was_printed(built):
    assert set(built) == set(demo.PEOPLE)
    for who, password in built.items():
        token = sessions.sign_in(f"{who}@demo.assay.invalid", password)
        assert token is not None
        granted = sessions.session_of(token).grants
        for_good = {grant.tenant_code for grant in granted if grant.visit_ends_at is None}
        assert for_good == set(demo.PEOPLE[who][1])  # an operator may be visiting since another test
        sessions.sign_out(token)


def test_building_again_loads_nothing_twice_and_gives_new_passwords(demo_warehouse, tmp_path, monkeypatch):
    url, passwords = demo_warehouse
    copy = shutil.copy(url.removeprefix("sqlite:///"), tmp_path / "again.db")
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{copy}")
    before = {tenant: loads(tenant) for tenant in TENANTS}
    again = demo.build(today=today())
    assert all(loads(tenant).equals(before[tenant]) for tenant in TENANTS)
    assert {person.email.split("@")[0] for person in again} == set(passwords)
    assert not {person.password for person in again} & set(passwords.values())
    engine(f"sqlite:///{copy}").dispose()

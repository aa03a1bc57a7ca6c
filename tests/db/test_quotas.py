"""How much a tenant may keep and send: what goes beyond a quota is refused whole, and others notice nothing (T15)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import assay
from db import originals, quotas
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl import run
from scheme.errors import UsageError

HEAD = "department_code,assessment_type,assessed_on,element,band\n"


@pytest.fixture
def two(warehouse) -> str:
    for code in ("ASH", "BECK"):
        add_tenant(code, f"{code} Council")
    return warehouse


def sent(folder: Path, *departments: str, day: str = "2026-03-07", tenant: str = "ASH", size: int = 0) -> None:
    """One result for each of these departments, loaded; the file is padded to so many bytes."""
    file = folder / f"{len(list(folder.iterdir()))}.csv"
    text = HEAD + "".join(f"{code},annual_review,{day},1.1.1,compliant\n" for code in departments)
    file.write_text(text + "\n" * max(0, size - len(text)), "utf-8")
    run.load(scope_of(tenant), [file], sent_by="lead@example.org")


def limited(quota: str, said: str) -> str:
    with open_session(scope_of("ASH"), write=True) as session:
        return quotas.limit(session, quota, said)


def has(tenant: str = "ASH") -> dict[str, int]:
    with open_session(scope_of(tenant)) as session:
        return {one.name: one.has for one in quotas.used(session)}


def test_results_beyond_the_quota_are_refused_whole_and_said_anew_ones_are_not(two, tmp_path):
    sent(tmp_path, "D1", "D2")
    assert limited("results", "3") == "results is 3 now"
    with pytest.raises(
        UsageError, match=r"may keep 3 results and has 2; this would make them 4.*ask whoever runs Assay"
    ):
        sent(tmp_path, "D3", "D4")
    assert has() == {"results": 2, "originals_mb": 1, "loads_an_hour": 1}
    sent(tmp_path, "D3", "D4", tenant="BECK")
    sent(tmp_path, "D3")
    limited("results", "1")  # below what it has: nothing more, and nothing is taken away
    with pytest.raises(UsageError):
        sent(tmp_path, "D4")
    limited("results", "unlimited")
    sent(tmp_path, "D4")
    assert (has()["results"], has("BECK")["results"]) == (4, 2)


def test_files_beyond_the_quota_are_refused_before_any_of_them_is_kept_and_known_ones_are_not(two, tmp_path):
    sent(tmp_path, "D1", size=600_000)
    limited("originals_mb", "1")
    kept = sorted(Path(originals.place()).rglob("*"))
    with pytest.raises(UsageError, match=r"may keep 1 MB of files as they were sent and has 0\.6; these are 0\.6 more"):
        sent(tmp_path, "D2", size=600_000)
    assert sorted(Path(originals.place()).rglob("*")) == kept
    sent(tmp_path, "D1", size=600_000)
    assert has()["loads_an_hour"] == 2


def test_loads_beyond_the_quota_of_an_hour_are_told_when_they_may_come(two, tmp_path):
    limited("loads_an_hour", "2")
    for code in ("D1", "D2"):
        sent(tmp_path, code)
    with pytest.raises(
        UsageError, match=r"2 loads within an hour and has sent 2\. Nothing was taken; send it in 60 min"
    ):
        sent(tmp_path, "D3")
    sent(tmp_path, "D3", tenant="BECK")
    assert has()["results"] == 2


def test_operators_set_quotas_see_them_and_are_told_before_they_are_reached(two, tmp_path):
    def said(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(assay.app, [*words])
        assert done.exit_code == code, done.output
        return done.output

    for code in ("D1", "D2", "D3", "D4"):
        sent(tmp_path, code)
    assert "results is 6 now" in said("tenant", "quota", "ASH", "results=6")
    rows = json.loads(said("tenant", "quota", "ASH", "--format", "json"))
    assert [(row["quota"], row["most"], row["has"]) for row in rows] == [
        ("results", 6, 4),
        ("originals_mb", None, 1),
        ("loads_an_hour", None, 4),
    ]
    assert "warning" not in said("status", "--about", "tenants", "--tenant", "ASH")
    said("tenant", "quota", "ASH", "results=5")
    assert "tenant ASH: 4 of 5 results that hold" in said("status", "--about", "tenants", "--tenant", "ASH", code=1)
    for wrong in ("results=many", "colour=3", "results"):
        with pytest.raises(UsageError):
            limited(*wrong.split("=")) if "=" in wrong else limited(wrong, "")

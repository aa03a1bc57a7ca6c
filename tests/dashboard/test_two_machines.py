"""Any number of machines behind one address: what is done at one is there at the other at once (docs/scaling.md)."""

import os
import re

import pytest
import requests

from db import people, sessions
from tests.dashboard.conftest import LEAD, PASSWORD
from tests.dashboard.small_programme import GOOD, made, programme
from tests.served import serving

pytestmark = pytest.mark.postgres


@pytest.fixture
def machines(warehouse, tmp_path, monkeypatch):
    """Two servers that share one warehouse and the folder of originals, and no other folder."""
    scope = programme("ASH")
    once = people.add_user(LEAD, "corporate_lead", "ASH")
    sessions.change_password(sessions.sign_in(LEAD, once), once, PASSWORD)
    token = made(scope)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with monkeypatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path / "one"))
        with serving(os.environ["ASSAY_DATABASE_URL"]) as one:
            patch.setenv("TMPDIR", str(tmp_path / "two"))
            with serving(os.environ["ASSAY_DATABASE_URL"]) as two:
                yield one, two, token


@pytest.mark.parametrize("warehouse", ["postgresql"], indirect=True)
def test_what_is_done_at_one_machine_holds_at_the_other(machines):
    one, two, token = machines

    def standing(machine: str) -> list[dict]:
        answer = requests.get(f"{machine}/api/v1/measures/standing", headers=bearer, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    bearer = {"Authorization": f"Bearer {token}"}
    before = standing(two)
    sent = requests.post(f"{one}/api/v1/loads", headers=bearer, files={"file": ("more.csv", GOOD)}, timeout=60)
    assert sent.status_code in (200, 201), sent.text
    assert standing(two) == standing(one) != before

    browser = requests.Session()
    token_of_page = re.search(r'name="(?:assay-)?page" (?:content|value)="(\w+)"', browser.get(f"{one}/sign-in").text)
    form = {"email": LEAD, "password": PASSWORD, "page": token_of_page[1]}
    browser.post(f"{one}/sign-in", data=form, headers={"X-Assay-Page": token_of_page[1]}, timeout=30)
    inside = browser.get(f"{two}/heatmap", timeout=30)
    assert inside.url.startswith(f"{two}/heatmap"), inside.url
    page = re.search(r'name="assay-page" content="(\w+)"', inside.text)[1]
    browser.post(f"{two}/sign-out", data={"page": page}, headers={"X-Assay-Page": page}, timeout=30)
    assert "/sign-in" in browser.get(f"{one}/heatmap", timeout=30).url

"""The form that says where a source's files come from, asked in this process."""

import tomllib
from html import unescape

import pytest

from db import kept_sources
from db.session import open_session
from db.tenants import scope_of
from etl.origin_text import with_origin
from etl.sync import sync
from scheme.errors import UsageError
from tests.dashboard.conftest import signed_in
from tests.dashboard.test_administration import ADMIN, with_password
from tests.dashboard.test_administration_of_registers import PLACE, post

BODY = '# ours\nname = "Housing"\n\n[columns]\n"Team" = "department_code"  # theirs\n'
FORM = {"kind": "folder", "place": "/srv/in/housing", "every": "1 day", "at": "06:00", "time_zone": "UTC"}


@pytest.fixture
def admin(app, own_people):
    """A client signed in as the administrator of the first tenant."""
    with_password(ADMIN, "administrator", "demo")
    return signed_in(app, ADMIN)


def page(client, below):
    """What a page below administration shows."""
    shown = client.get(f"{PLACE}{below}")
    assert shown.status_code == 200
    return unescape(shown.text)


def keep(body, code="housing"):
    with open_session(scope_of("demo"), write=True) as session:
        kept_sources.add(session, code, body)


def body(code="housing"):
    with open_session(scope_of("demo")) as session:
        return kept_sources.newest(session, code).body


def test_the_form_adds_to_the_text_and_leaves_the_rest_of_it_as_it_was(admin):
    keep(BODY)
    assert post(admin, "/sources/from", code="housing", **FORM, strict="yes").status_code == 303
    assert body().startswith(BODY)
    assert tomllib.loads(body())["from"] == {
        "folder": "/srv/in/housing", "every": "1 day", "at": "06:00", "time_zone": "UTC", "strict": True,
    }  # fmt: skip
    shown = page(admin, "/sources/from?code=housing")
    assert 'value="/srv/in/housing"' in shown
    assert "does not let sources read in this folder" in shown
    assert post(admin, "/sources/from", code="housing", kind="", place="").status_code == 303
    assert body() == BODY


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"place": "in"}, "place"),
        ({"kind": "url", "place": "file:///etc/passwd"}, "place"),
        ({"every": "often"}, "every"),
        ({"at": "6"}, "at"),
        ({"kind": "url", "place": "https://a.example/", "token_env": "eyJ-the-token-itself"}, "token_env"),
        ({"kind": "database_env", "place": "postgresql://me:pw@h/d", "table": "t"}, "place"),
        ({"kind": "store", "place": "s3://bucket/in"}, ""),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(admin, told, field):
    keep(BODY)
    answer = post(admin, "/sources/from", code="housing", **{**FORM, **told})
    assert answer.status_code == 400
    assert f'id="{field}-wrong"' in answer.text if field else "needs account_env" in answer.text
    assert body() == BODY


def test_the_list_and_the_form_say_how_the_last_run_went_and_when_the_next_is(admin, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    monkeypatch.setenv("ASSAY_FOLDERS", f"demo={tmp_path}")
    keep(f'{BODY}[from]\nfolder = "{tmp_path}/in"\n')
    assert "as soon as the timer comes" in page(admin, "/sources")
    sync([scope_of("demo")])
    for path in ("/sources", "/sources/change?code=housing", "/sources/from?code=housing"):
        assert "Nothing new" in page(admin, path), path
    assert "nothing has changed since the last run" in page(admin, "/sources/from?code=housing")


def test_a_source_that_is_nobody_s_and_one_of_another_are_not_found(admin):
    with open_session(scope_of("canary"), write=True) as session:
        kept_sources.add(session, "CANARY-S", BODY)
    for code in ("CANARY-S", "nowhere"):
        assert admin.get(f"{PLACE}/sources/from?code={code}").status_code == 404
        assert post(admin, "/sources/from", code=code, **FORM).status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "",
        BODY,
        '[from]\nfolder = "/a"\n',
        '[from] # here\nfolder = "/a"\n[columns]\nA = "band"\n',
        '[columns]\nA = "band"\n  [ from ]\nfolder = "/a"\n[bands]\nG = "compliant"\n',
    ],
)
def test_a_text_is_changed_in_its_table_from_alone(text):
    said = {"glob": '/srv/ü "x"\\*', "strict": True}
    changed = with_origin(text, said, "source")
    before, after = tomllib.loads(text), tomllib.loads(changed)
    assert after.pop("from") == said
    before.pop("from", None)
    assert after == before
    assert tomllib.loads(with_origin(changed, {}, "source")) == before


@pytest.mark.parametrize("text", ['from = {folder = "/a"}\n', 'from.folder = "/a"\n', 'name = """\n[from]\n"""\n'])
def test_a_text_that_the_form_cannot_change_is_left_alone(text):
    with pytest.raises(UsageError, match="change the text"):
        with_origin(text, {"folder": "/b"}, "source")

"""The operator's file of providers, and the origin to which these send people back."""

import re
from pathlib import Path

import pytest

from dashboard.providers import configured_origin, providers
from scheme.errors import UsageError

GOOD = {
    "title": '"Staff"',
    "issuer": '"https://id.example"',
    "client_id": '"assay"',
    "client_secret_env": '"COUNCIL_SECRET"',
    "tenants": '["demo"]',
}
WRONG = {
    "no title": {"title": None},
    "no tenants": {"tenants": "[]"},
    "tenants in words": {"tenants": '"demo"'},
    "plain HTTP": {"issuer": '"http://id.example"'},
    "a query in the issuer": {"issuer": '"https://id.example?x=1"'},
    "alg none": {"algorithms": '["none"]'},
    "HS256": {"algorithms": '["RS256", "HS256"]'},
    "no openid": {"scopes": '["email"]'},
    "the secret itself": {"client_secret": '"hunter2"'},
    "no secret": {"client_secret_env": None},
    "two secrets": {"client_secret_file": '"/etc/hostname"'},
    "an unset variable": {"client_secret_env": '"NOT_SET_ANYWHERE"'},
    "a secret's file that is not there": {"client_secret_env": None, "client_secret_file": '"/nowhere/at/all"'},
    "an unknown setting": {"tenant": '"demo"'},
}


def written(path, settings: dict[str, str | None], name: str = "staff") -> str:
    lines = [f"{key} = {value}" for key, value in settings.items() if value is not None]
    path.write_text("\n".join([f"[providers.{name}]", *lines]), "utf-8")
    return str(path)


def test_the_operators_file_is_read_with_its_usual_values(monkeypatch, tmp_path):
    monkeypatch.setenv("COUNCIL_SECRET", "hunter2")
    monkeypatch.setenv("ASSAY_SIGN_ON", written(tmp_path / "a.toml", GOOD))
    known = providers()["staff"]
    assert (known.algorithms, known.groups_claim, known.scopes) == (("RS256",), "groups", ("openid", "email"))
    assert known.client_secret == "hunter2"
    assert "hunter2" not in repr(known)


def test_the_file_that_the_operators_are_shown_is_right(monkeypatch, tmp_path):
    shown = re.search(
        r"```toml\n(\[providers\..*?)```",
        (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8"),
        re.DOTALL,
    )[1]
    for text in (shown, shown.replace("\n# ", "\n")):
        file = tmp_path / f"{len(text)}.toml"
        file.write_text(text, "utf-8")
        monkeypatch.setenv("ASSAY_SIGN_ON", str(file))
        monkeypatch.setenv("ASHCOMBE_CLIENT_SECRET", "hunter2")
        assert providers()["council"].tenants == ("ASHCOMBE",)


def test_a_secret_may_be_in_a_file_of_its_own(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("hunter2\n", "utf-8")
    own = {**GOOD, "client_secret_env": None, "client_secret_file": f'"{tmp_path / "secret"}"'}
    monkeypatch.setenv("ASSAY_SIGN_ON", written(tmp_path / "a.toml", own))
    assert providers()["staff"].client_secret == "hunter2"


@pytest.mark.parametrize("fault", WRONG)
def test_a_file_that_makes_no_sense_is_refused_with_its_place(monkeypatch, tmp_path, fault):
    monkeypatch.setenv("COUNCIL_SECRET", "hunter2")
    monkeypatch.setenv("ASSAY_SIGN_ON", written(tmp_path / "a.toml", {**GOOD, **WRONG[fault]}))
    with pytest.raises(UsageError, match=r"\[providers\.staff\]") as told:
        providers()
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    "text", [None, "[", "", "[providers]", "x = 1", "[providers.Staff]\nissuer = 1", "providers = 1"]
)
def test_a_file_that_is_none_is_refused(monkeypatch, tmp_path, text):
    if text is not None:
        (tmp_path / "a.toml").write_text(text, "utf-8")
    monkeypatch.setenv("ASSAY_SIGN_ON", str(tmp_path / "a.toml"))
    with pytest.raises(UsageError):
        providers()


def test_two_providers_of_one_issuer_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("COUNCIL_SECRET", "hunter2")
    first, second = (written(tmp_path / f"{name}.toml", GOOD, name) for name in ("a", "b"))
    both = tmp_path / "both.toml"
    both.write_text("\n".join(Path(path).read_text("utf-8") for path in (first, second)), "utf-8")
    monkeypatch.setenv("ASSAY_SIGN_ON", str(both))
    with pytest.raises(UsageError, match="one issuer"):
        providers()


@pytest.mark.parametrize(
    "origin",
    ["http://assay.example.org", "assay.example.org", "https://a.example/x", "https://u:p@a.example", "https://"],
)
def test_an_origin_that_is_none_is_refused(monkeypatch, origin):
    monkeypatch.setenv("ASSAY_ORIGIN", origin)
    with pytest.raises(UsageError):
        configured_origin()


def test_a_wrong_setting_keeps_the_server_from_starting(monkeypatch):
    from dashboard.app import create_app

    monkeypatch.setenv("ASSAY_SIGN_ON", "/nowhere/at/all.toml")
    with pytest.raises(UsageError):
        create_app()

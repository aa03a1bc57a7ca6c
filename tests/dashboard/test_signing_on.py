"""Signing on through a provider, and every way in which its answer may be wrong (reliability.md W4)."""

import json
import logging
import re
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from dashboard.providers import configured_origin, providers
from db import people, sessions, sign_on, tenants
from scheme.errors import UsageError
from tests.dashboard import fake_provider
from tests.dashboard.conftest import LEAD, PASSWORD
from tests.dashboard.fake_provider import CLIENT, SECRET

NOW = time.time()
SETTINGS = """
[providers.council]
title = "Northshire staff"
issuer = "{issuer}"
client_id = "{client}"
client_secret_env = "COUNCIL_SECRET"
tenants = ["demo"]

[providers.other]
title = "Elsewhere"
issuer = "{issuer}/other"
client_id = "{client}"
client_secret_env = "COUNCIL_SECRET"
tenants = ["canary"]
"""


@pytest.fixture
def provider(own_people, monkeypatch, tmp_path):
    """A provider for the tenant `demo`, whose group `leads` gives a role there; it is the operator's `council`."""
    with fake_provider.running() as running:
        file = tmp_path / "sign-on.toml"
        file.write_text(SETTINGS.format(issuer=running.url, client=CLIENT), "utf-8")
        monkeypatch.setenv("ASSAY_SIGN_ON", str(file))
        monkeypatch.setenv("COUNCIL_SECRET", SECRET)
        monkeypatch.delenv("ASSAY_ORIGIN", raising=False)
        give("demo", "council", "leads", "corporate_lead")
        yield running


@pytest.fixture
def visitor(app, provider):
    """A visitor that nobody has signed in with."""
    return app.server.test_client()


def give(tenant: str, through: str, group: str, role: str, *departments: str) -> None:
    sign_on.give_to_group(tenants.scope_of(tenant), through, group, role, departments)


def sent_out(visitor, path: str = "/sign-on/council", **headers: str) -> str:
    """Where the visitor is sent."""
    answer = visitor.get(path, headers=headers)
    assert answer.status_code == 302, answer.text
    return answer.location


def sent_back(address: str) -> str:
    """Where the provider sends the visitor, as a path of ours."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def signed_on(visitor, path: str = "/sign-on/council"):
    """What the visitor gets when it comes back."""
    return visitor.get(sent_back(sent_out(visitor, path)))


def person(visitor):
    """Who the visitor is signed in as; None for nobody."""
    cookie = visitor.get_cookie("assay")
    return sessions.session_of(cookie.value) if cookie else None


def rows(address: str) -> tuple[int, ...]:
    """How many people, grants and sessions providers have brought."""
    database = sqlite3.connect(address.removeprefix("sqlite:///"))
    counted = (
        "SELECT count(*) FROM users WHERE issuer IS NOT NULL",
        "SELECT count(*) FROM grants WHERE origin = 'sign_on'",
        "SELECT count(*) FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE u.issuer IS NOT NULL",
    )
    found = tuple(database.execute(statement).fetchone()[0] for statement in counted)
    database.close()
    return found


def refused(answer, visitor, address: str, status: int = 403) -> None:
    """Nobody is signed in, nothing is written, and the page tells a number and nothing of the fault."""
    assert answer.status_code == status, answer.text
    assert visitor.get_cookie("assay") is None
    assert rows(address) == (0, 0, 0)
    assert re.search(r"report it with the number [0-9a-f]{8}\.", answer.text)
    for word in ("claim", "token", "algorithm", "nonce", "issuer", "Error", "127.0.0.1"):
        assert word not in re.sub(r"<[^>]*>", "", answer.text)


# --- what is right ----------------------------------------------------------------------------------------------------


def test_somebody_with_a_group_that_gives_a_role_is_signed_in(visitor, provider, own_people):
    answer = signed_on(visitor)
    assert (answer.status_code, answer.location) == (302, "/")
    signed = person(visitor)
    assert signed.email == "pat@council.example"
    assert [(one.tenant_code, one.role, one.departments) for one in signed.grants] == [("demo", "corporate_lead", None)]
    assert not signed.needs_second_factor  # the provider's job
    assert visitor.get("/").status_code == 200
    assert rows(own_people) == (1, 1, 1)


def test_they_come_to_where_they_wanted_to_go_and_nowhere_else(app, provider):
    for asked, reached in (("/heatmap?as_of=2026-01-01", "/heatmap?as_of=2026-01-01"), ("https://evil.example", "/")):
        visitor = app.server.test_client()
        visitor.get("/sign-in")
        answer = visitor.get("/sign-on/council", query_string={"next": asked})
        assert visitor.get(sent_back(answer.location)).location == reached


def test_the_sign_in_page_shows_a_button_for_each_provider_above_the_form(visitor, provider):
    page = visitor.get("/sign-in?next=/heatmap").text
    assert "Sign in with Northshire staff" in page
    assert 'href="/sign-on/council?next=/heatmap"' in page
    assert page.index("Northshire staff") < page.index("Elsewhere") < page.index('name="password"')


def test_without_providers_there_is_the_form_alone(app, own_people, monkeypatch):
    monkeypatch.delenv("ASSAY_SIGN_ON", raising=False)
    stranger = app.server.test_client()
    assert "Sign in with" not in stranger.get("/sign-in").text
    assert stranger.get("/sign-on/council").status_code == 404
    assert stranger.get("/sign-on/council/back?state=x&code=y").status_code == 404


def test_what_is_asked_has_a_challenge_a_state_and_a_nonce_of_its_own_each_time(visitor, provider):
    asked = [parse_qs(urlsplit(sent_out(visitor)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        first, second = (one[name][0] for one in asked)
        assert first != second
        assert len(first) >= 43
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["response_type"] == ["code"]
    assert asked[0]["scope"] == ["openid email"]
    assert asked[0]["redirect_uri"] == ["http://localhost/sign-on/council/back"]


def test_the_audit_log_says_who_came_in_and_through_which_provider(visitor, provider, own_people):
    from db import audit

    signed_on(visitor)
    signed = person(visitor)
    newest = audit.entries(None, 1).row(0, named=True)
    assert newest["action"] == "signed in"
    assert newest["actor"] == f"person {signed.user_id}"
    assert "sign-on council" in newest["detail"]
    granted = audit.entries(tenants.scope_of("demo")).filter(action="granted").row(0, named=True)
    assert granted["actor"] == "provider council"
    assert granted["object"] == f"person {signed.user_id}"
    assert "pat@" not in str(audit.entries(None).rows())


def test_signing_on_ends_the_session_that_the_browser_had(visitor, provider):
    before = sessions.sign_in(LEAD, PASSWORD)
    visitor.set_cookie("assay", before)
    signed_on(visitor)
    assert sessions.session_of(before) is None
    assert person(visitor).email == "pat@council.example"


def test_a_new_key_of_the_provider_is_found_by_its_name(visitor, provider):
    assert signed_on(visitor).status_code == 302
    provider.key = fake_provider.key("new")
    provider.keys = [fake_provider.key("new").as_dict(private=False)]
    assert signed_on(visitor).status_code == 302
    assert provider.asked.count("/keys") == 2


def test_made_up_key_names_do_not_make_the_server_ask_again_and_again(visitor, provider):
    provider.sign = fake_provider.with_an_unknown_key
    for _ in range(4):
        assert signed_on(visitor).status_code == 403
    assert provider.asked.count("/keys") == 2
    assert provider.asked.count("/.well-known/openid-configuration") == 1


def test_several_audiences_are_taken_where_the_token_says_it_was_made_for_us(visitor, provider):
    provider.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert signed_on(visitor).status_code == 302


def test_clocks_may_differ_by_half_a_minute(visitor, provider):
    provider.claims = {"iat": int(time.time()) + 30, "exp": int(time.time()) + 330}
    assert signed_on(visitor).status_code == 302
    provider.claims = {"iat": int(time.time()) - 330, "exp": int(time.time()) - 30}
    assert signed_on(visitor).status_code == 302


def test_a_provider_may_take_the_secret_in_the_body(visitor, provider):
    provider.takes = "client_secret_post"
    assert signed_on(visitor).status_code == 302


def test_a_provider_may_leave_out_what_is_not_required_of_it(visitor, provider):
    provider.metadata = {
        "authorization_response_iss_parameter_supported": None,
        "token_endpoint_auth_methods_supported": None,
    }
    provider.answer, provider.person = {"iss": None}, {"sub": "p1", "groups": "leads"}
    assert signed_on(visitor).status_code == 302
    assert person(visitor).email == "p1"


def test_elliptic_keys_are_taken_where_the_operator_says_so(visitor, provider, monkeypatch, tmp_path):
    curve = ECKey.generate_key("P-256", {"kid": "curve"})
    provider.keys.append(curve.as_dict(private=False))
    provider.sign = lambda claims: jwt.encode({"alg": "ES256", "kid": "curve"}, claims, curve)
    assert signed_on(visitor).status_code == 403
    file = tmp_path / "elliptic.toml"
    settings = SETTINGS.format(issuer=provider.url, client=CLIENT)
    file.write_text(settings.replace('["demo"]', '["demo"]\nalgorithms = ["ES256"]'), "utf-8")
    monkeypatch.setenv("ASSAY_SIGN_ON", str(file))
    assert signed_on(visitor).status_code == 302


# --- every fault of W4 ------------------------------------------------------------------------------------------------

CLAIMS = {
    "another issuer": {"iss": "https://another.example"},
    "an issuer in a list": {"iss": ["{url}"]},
    "an issuer with a slash more": {"iss": "{url}/"},
    "another audience": {"aud": "another"},
    "no audience": {"aud": []},
    "several audiences and no word for whom": {"aud": [CLIENT, "another"]},
    "several audiences and made for another": {"aud": [CLIENT, "another"], "azp": "another"},
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "expired": {"exp": NOW - 120},
    "no end": {"exp": None},
    "an end that never comes": {"exp": float("nan")},
    "an end in words": {"exp": "tomorrow"},
    "issued tomorrow": {"iat": NOW + 86400},
    "issued yesterday": {"iat": NOW - 86400},
    "no day of issue": {"iat": None},
    "not valid yet": {"nbf": NOW + 86400},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a number for a subject": {"sub": 7},
    "an endless subject": {"sub": "x" * 1000},
    "a subject of two lines": {"sub": "p1\nsigned in"},
    "groups that are none": {"groups": {"leads": True}},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


def named(fault: dict, url: str) -> dict:
    """A fault with the provider's own address where it speaks of it."""
    spoken = {"{url}": url, "{url}/": f"{url}/"}
    return {
        name: [url] if value == ["{url}"] else spoken.get(value, value) if isinstance(value, str) else value
        for name, value in fault.items()
    }


@pytest.mark.parametrize("fault", CLAIMS)
def test_a_token_with_a_wrong_claim_signs_nobody_in(visitor, provider, own_people, fault):
    provider.claims = named(CLAIMS[fault], provider.url)
    refused(signed_on(visitor), visitor, own_people)


SIGNATURES = {
    "no signature (alg none)": fake_provider.unsigned,
    "an unknown algorithm": fake_provider.with_unknown_algorithm,
    "HS256 with the public key for a secret": fake_provider.with_public_key,
    "an algorithm that was not agreed": fake_provider.with_another_algorithm,
    "another key of the same name": fake_provider.with_another_key,
    "a key that nobody knows": fake_provider.with_an_unknown_key,
    "a key that the token brings along": fake_provider.with_its_own_key,
    "claims changed afterwards": fake_provider.altered,
    "no token at all": lambda _: None,
    "text": lambda _: "not.a.token",
    "a list": lambda _: ["x"],
    "a very long one": lambda _: f"{'a' * 200_000}.{'b' * 10}.c",
}


@pytest.mark.parametrize("fault", SIGNATURES)
def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(visitor, provider, own_people, fault):
    provider.sign = SIGNATURES[fault]
    refused(signed_on(visitor), visitor, own_people)


def test_a_secret_key_among_the_published_ones_is_not_used(visitor, provider, own_people):
    provider.keys.append({"kty": "oct", "kid": "s", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
    assert signed_on(visitor).status_code == 302


ANSWERS = {
    "another issuer": {"iss": "https://another.example"},
    "no issuer though it is promised": {"iss": None},
    "two issuers": {"iss": ["{url}", "https://another.example"]},
    "no code": {"code": None},
    "an empty code": {"code": ""},
    "another code": {"code": "guessed"},
    "two codes": {"code": ["a", "b"]},
    "another state": {"state": "x" * 43},
    "no state": {"state": None},
    "an error": {"error": "access_denied", "code": None},
    "an error and a code": {"error": "access_denied\n2026-01-01 forged line"},
}


@pytest.mark.parametrize("fault", ANSWERS)
def test_an_answer_that_is_not_right_signs_nobody_in(visitor, provider, own_people, fault):
    provider.answer = ANSWERS[fault]
    refused(signed_on(visitor), visitor, own_people)


def test_a_state_is_good_once(visitor, provider, own_people):
    provider.keeps_codes = True
    way_back = sent_back(sent_out(visitor))
    cookie = visitor.get_cookie("assay-sign-on").value
    assert visitor.get(way_back).status_code == 302
    before = rows(own_people)
    visitor.delete_cookie("assay")
    visitor.set_cookie("assay-sign-on", cookie)
    assert visitor.get(way_back).status_code == 403
    assert visitor.get_cookie("assay") is None
    assert rows(own_people) == before


def test_a_state_is_spent_by_an_answer_that_was_wrong(visitor, provider, own_people):
    provider.keeps_codes, provider.claims = True, {"aud": "another"}
    way_back = sent_back(sent_out(visitor))
    cookie = visitor.get_cookie("assay-sign-on").value
    refused(visitor.get(way_back), visitor, own_people)
    provider.claims = {}
    visitor.set_cookie("assay-sign-on", cookie)
    refused(visitor.get(way_back), visitor, own_people)


def test_a_state_of_another_browser_is_none(app, visitor, provider, own_people):
    """Else somebody could be signed in as another, and type in what is theirs."""
    way_back = sent_back(sent_out(visitor))
    victim = app.server.test_client()
    refused(victim.get(way_back), victim, own_people)
    sent_out(victim)
    refused(victim.get(way_back), victim, own_people)
    assert visitor.get(way_back).status_code == 302  # it is still its own


def test_a_state_is_too_old_after_ten_minutes(visitor, provider, own_people):
    way_back = sent_back(sent_out(visitor))
    database = sqlite3.connect(own_people.removeprefix("sqlite:///"))
    with database:
        until = database.execute("SELECT expires_at FROM sign_on_attempts").fetchone()[0]
        left = datetime.fromisoformat(until).replace(tzinfo=UTC) - datetime.now(UTC)
        assert 590 < left.total_seconds() <= 600
        database.execute("UPDATE sign_on_attempts SET expires_at = '2026-01-01 00:00:00.000000'")
    database.close()
    refused(visitor.get(way_back), visitor, own_people)


def test_a_state_of_another_provider_is_none(visitor, provider, own_people):
    way_back = sent_back(sent_out(visitor))
    refused(visitor.get(way_back.replace("/council/", "/other/")), visitor, own_people)


def test_nothing_that_could_be_used_is_kept_in_the_warehouse(visitor, provider, own_people):
    asked = parse_qs(urlsplit(sent_out(visitor)).query)
    database = sqlite3.connect(own_people.removeprefix("sqlite:///"))
    kept = str(database.execute("SELECT * FROM sign_on_attempts").fetchall())
    database.close()
    assert asked["state"][0] not in kept
    assert visitor.get_cookie("assay-sign-on").value not in kept


def test_a_code_is_good_once(app, visitor, provider, own_people):
    """The provider itself takes it once; one that would take it again gives a token for another question."""
    for keeps in (False, True):
        provider.keeps_codes = keeps
        first = parse_qs(urlsplit(sent_back(sent_out(visitor))).query)
        assert visitor.get("/sign-on/council/back", query_string=first).status_code == 302
        before = rows(own_people)
        thief = app.server.test_client()
        second = parse_qs(urlsplit(sent_back(sent_out(thief))).query)
        answer = thief.get("/sign-on/council/back", query_string={**second, "code": first["code"]})
        assert answer.status_code == 403
        assert thief.get_cookie("assay") is None
        assert rows(own_people) == before


# --- who is who -------------------------------------------------------------------------------------------------------


def test_a_changed_address_keeps_the_person(visitor, provider, own_people):
    signed_on(visitor)
    before = person(visitor)
    provider.person["email"] = "pat.smith@council.example"
    signed_on(visitor)
    after = person(visitor)
    assert (after.user_id, after.email) == (before.user_id, "pat.smith@council.example")
    assert rows(own_people)[0] == 1


def test_the_same_address_with_another_subject_is_another_person(app, visitor, provider, own_people):
    signed_on(visitor)
    first = person(visitor)
    provider.person["sub"] = "p2"
    another = app.server.test_client()
    signed_on(another)
    assert person(another).user_id != first.user_id
    assert person(another).email == first.email
    assert rows(own_people)[0] == 2


def test_a_provider_that_knows_the_address_of_a_local_account_does_not_get_it(visitor, provider, own_people):
    people.add_user(LEAD, "administrator", "canary")
    provider.person["email"] = LEAD.upper()
    signed_on(visitor)
    signed = person(visitor)
    assert [one.tenant_code for one in signed.grants] == ["demo"]
    assert not signed.is_local
    local = sessions.session_of(sessions.sign_in(LEAD, PASSWORD))
    assert local.user_id != signed.user_id
    assert local.is_local


def test_an_address_that_the_provider_did_not_check_names_nobody(visitor, provider):
    provider.person |= {"email": LEAD, "email_verified": False}
    signed_on(visitor)
    assert person(visitor).email == "p1"


def test_whoever_signs_on_has_no_password_here_and_none_can_be_made(visitor, provider):
    signed_on(visitor)
    for password in ("", PASSWORD):
        assert sessions.sign_in("pat@council.example", password) is None
    with pytest.raises(UsageError):
        people.set_password("pat@council.example")
    with pytest.raises(UsageError):
        sessions.change_password(visitor.get_cookie("assay").value, "", "another plain password")


def test_a_disabled_account_stays_shut(visitor, provider, own_people):
    signed_on(visitor)
    database = sqlite3.connect(own_people.removeprefix("sqlite:///"))
    with database:
        database.execute("UPDATE users SET disabled_at = '2026-01-01 00:00:00.000000' WHERE issuer IS NOT NULL")
    database.close()
    assert person(visitor) is None
    visitor.delete_cookie("assay")
    assert signed_on(visitor).status_code == 403
    assert visitor.get_cookie("assay") is None


# --- what groups give -------------------------------------------------------------------------------------------------


def test_somebody_whose_groups_give_nothing_leaves_no_row(visitor, provider, own_people):
    for groups in ([], ["strangers"], None, "strangers", ["LEADS"], ["leads "]):
        provider.person["groups"] = groups
        answer = signed_on(visitor)
        refused(answer, visitor, own_people)
        assert "your groups there give you nothing here" in answer.text


def test_a_group_taken_away_takes_the_role_and_every_session_with_it(app, visitor, provider, own_people):
    signed_on(visitor)
    provider.person["groups"] = []
    another = app.server.test_client()
    answer = signed_on(another)
    assert answer.status_code == 403
    assert another.get_cookie("assay") is None
    assert person(visitor) is None
    assert rows(own_people) == (1, 0, 0)


def test_a_group_changed_changes_the_role(visitor, provider):
    give("demo", "council", "readers", "senior_leader")
    signed_on(visitor)
    provider.person["groups"] = ["readers"]
    signed_on(visitor)
    assert [one.role for one in person(visitor).grants] == ["senior_leader"]


def test_what_a_group_gives_changes_with_the_next_sign_in(visitor, provider):
    give("demo", "council", "leads", "champion", "HOUSING")
    signed_on(visitor)
    assert [(one.role, one.departments) for one in person(visitor).grants] == [("champion", ("HOUSING",))]
    sign_on.take_from_group(tenants.scope_of("demo"), "council", "leads")
    visitor.delete_cookie("assay")
    assert signed_on(visitor).status_code == 403


def test_a_provider_gives_nothing_in_a_tenant_that_the_operator_did_not_name(visitor, provider, own_people):
    """Whoever administers the other tenant, or a fault there, cannot draw people of this provider in."""
    give("canary", "council", "leads", "administrator")
    signed_on(visitor)
    assert [one.tenant_code for one in person(visitor).grants] == ["demo"]


def test_a_group_of_another_provider_gives_nothing(visitor, provider, own_people):
    give("demo", "other", "strangers", "administrator")
    give("canary", "other", "strangers", "administrator")
    provider.person["groups"] = ["strangers"]
    refused(signed_on(visitor), visitor, own_people)


def test_a_tenant_taken_from_the_provider_is_taken_from_its_people(visitor, provider, monkeypatch, tmp_path):
    wide = tmp_path / "wide.toml"
    wide.write_text(SETTINGS.format(issuer=provider.url, client=CLIENT).replace('["demo"]', '["demo", "CANARY"]'))
    give("canary", "council", "leads", "administrator")
    narrow = str(tmp_path / "sign-on.toml")
    monkeypatch.setenv("ASSAY_SIGN_ON", str(wide))
    signed_on(visitor)
    assert [one.tenant_code for one in person(visitor).grants] == ["canary", "demo"]
    monkeypatch.setenv("ASSAY_SIGN_ON", narrow)
    signed_on(visitor)
    assert [one.tenant_code for one in person(visitor).grants] == ["demo"]


def test_no_group_makes_an_operator():
    with pytest.raises(UsageError):
        sign_on.give_to_group(None, "council", "leads", "operator")


# --- where things are sent --------------------------------------------------------------------------------------------


def test_the_way_back_is_at_the_configured_origin_whatever_a_request_claims(visitor, provider, monkeypatch):
    forged = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-Proto": "http"}
    for origin in (None, "https://assay.example.org"):
        if origin:
            monkeypatch.setenv("ASSAY_ORIGIN", origin)
        address = sent_out(visitor, **forged)
        asked = parse_qs(urlsplit(address).query)["redirect_uri"]
        assert asked == [f"{origin or 'http://localhost'}/sign-on/council/back"]
        assert "evil" not in address


def test_a_forged_host_gets_no_way_back_where_no_origin_is_configured(visitor, provider, own_people):
    answer = visitor.get("/sign-on/council", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert provider.asked == []


def test_the_secret_that_binds_the_browser_is_out_of_reach_of_scripts_and_of_plain_http(visitor, provider, monkeypatch):
    local = visitor.get("/sign-on/council").headers["Set-Cookie"]
    assert local.startswith("assay-sign-on=")
    monkeypatch.setenv("ASSAY_ORIGIN", "https://assay.example.org")
    far = visitor.get("/sign-on/council", base_url="https://assay.example.org").headers["Set-Cookie"]
    assert far.startswith("__Host-assay-sign-on=")
    assert "; Secure" in far
    for cookie in (local, far):
        assert "; HttpOnly" in cookie
        assert "; Path=/" in cookie
        assert "; SameSite=Lax" in cookie
        assert "; Max-Age=600" in cookie


def test_no_answer_on_the_way_is_kept_by_a_browser(visitor, provider):
    way_back = visitor.get("/sign-on/council")
    for answer in (way_back, visitor.get(sent_back(way_back.location)), visitor.get("/sign-on/council/back")):
        assert answer.headers["Cache-Control"] == "no-store, private"


def test_posting_signs_nobody_on(visitor, provider, own_people):
    way_back = sent_back(sent_out(visitor))
    assert visitor.post("/sign-on/council").status_code in (403, 405)
    assert visitor.post(way_back).status_code in (403, 405)
    assert rows(own_people) == (0, 0, 0)


DISCOVERIES = {
    "another issuer": {"issuer": "https://another.example"},
    "an issuer with a slash more": {"issuer": "{url}/"},
    "no issuer": {"issuer": None},
    "no token endpoint": {"token_endpoint": None},
    "a token endpoint in the clear": {"token_endpoint": "http://provider.example/token"},
    "keys in a file": {"jwks_uri": "file:///etc/passwd"},
    "an authorization endpoint that is a script": {"authorization_endpoint": "javascript:alert(1)"},
}


@pytest.mark.parametrize("fault", DISCOVERIES)
def test_a_provider_that_says_something_wrong_of_itself_is_not_asked(visitor, provider, own_people, fault):
    provider.metadata = named(DISCOVERIES[fault], provider.url)
    answer = visitor.get("/sign-on/council")
    refused(answer, visitor, own_people, 503)
    assert "Northshire staff does not answer as it should" in answer.text
    assert provider.asked == ["/.well-known/openid-configuration"]


ENDLESS = b"[" + b"1," * 400_000 + b"1]"
RAW = {
    "a redirect": (302, {"Location": "http://127.0.0.1:9/"}, b""),
    "an error": (500, {}, b"{}"),
    "no JSON": (200, {}, b"<html>"),
    "a list": (200, {}, b"[]"),
    "nested without end": (200, {}, b"[" * 100_000),
    "more than half a megabyte": (200, {}, ENDLESS),
    "less than it says": (200, {"Content-Length": "5000", "Connection": "close"}, b"{}"),
}


@pytest.mark.parametrize("fault", RAW)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_an_answer_of_the_provider_that_is_none_signs_nobody_in(visitor, provider, own_people, path, fault):
    provider.raw[path] = RAW[fault]
    answer = visitor.get("/sign-on/council") if "well-known" in path else signed_on(visitor)
    refused(answer, visitor, own_people, 503)


def test_no_redirect_of_the_provider_is_followed(visitor, provider, own_people):
    provider.raw["/moved"] = (200, {}, json.dumps(provider.discovery()).encode())
    provider.raw["/.well-known/openid-configuration"] = (302, {"Location": f"{provider.url}/moved"}, b"")
    refused(visitor.get("/sign-on/council"), visitor, own_people, 503)
    assert "/moved" not in provider.asked


def test_a_provider_that_does_not_answer_is_given_up_and_not_asked_again_at_once(visitor, provider, own_people):
    from dashboard import outgoing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outgoing, "READ", 0.2)
        provider.pause = 1.0
        started = time.monotonic()
        refused(visitor.get("/sign-on/council"), visitor, own_people, 503)
        refused(visitor.get("/sign-on/council"), visitor, own_people, 503)
        assert time.monotonic() - started < 0.9
    assert len(provider.asked) == 1


def test_the_log_has_the_fault_under_the_number_and_no_secret(visitor, provider, caplog):
    provider.claims = {"aud": "another\nforged line"}
    with caplog.at_level(logging.DEBUG):
        answer = signed_on(visitor)
    number = re.search(r"number ([0-9a-f]{8})", answer.text)[1]
    line, _ = [record.getMessage() for record in caplog.records if number in record.getMessage()]  # then the request's
    assert "aud" in line
    assert "\n" not in line
    everything = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("assay"))
    assert SECRET not in everything
    assert "eyJ" not in everything


# --- the operator's file ----------------------------------------------------------------------------------------------

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

"""Signing on through a provider: who comes in, what their groups give, and where they are sent (reliability.md W4)."""

import sqlite3
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from db import people, sessions, sign_on, tenants
from scheme.errors import UsageError
from tests.dashboard import fake_provider
from tests.dashboard.conftest import LEAD, PASSWORD
from tests.dashboard.fake_provider import CLIENT
from tests.dashboard.on_the_way import SETTINGS, give, person, refused, rows, sent_back, sent_out, signed_on

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

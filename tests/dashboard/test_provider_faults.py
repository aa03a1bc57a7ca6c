"""Every way in which a provider's answer may be wrong, and that nobody is signed in by it (reliability.md W4)."""

import json
import logging
import re
import sqlite3
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.dashboard import fake_provider
from tests.dashboard.fake_provider import CLIENT, SECRET
from tests.dashboard.on_the_way import refused, rows, sent_back, sent_out, signed_on

NOW = time.time()
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

"""Everything is shut to strangers, and what is open asks for little (reliability.md D1-D14, W3)."""

import json
import re
from datetime import UTC, datetime

import pytest

from dashboard import app as app_module
from dashboard import ids
from scheme.errors import UsageError
from tests.dashboard import permissions
from tests.dashboard.conftest import BOTH, LEAD, NEW, PASSWORD, at_the_door, on_a_page, signed_in

OPEN = {
    "/assets/<path:filename>",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    "/_favicon.ico",
    "/sign-in",
    "/accessibility",
    "/healthz",
    "/readyz",
    "/language/<language>",
    "/sign-on/<name>",
    "/sign-on/<name>/back",
    "/reset/<token>",
    "/reset/password",
    "/guest/<token>",
    "/feed/<token>.ics",
    "/guest/open",
    "/api/v1/",
    "/api/v1/openapi.json",
}
WHO = f"..{ids.WHO}.children...{ids.NAVIGATION}.data-may.."


def body_of(app, output: str) -> dict:
    """A well-formed body for a callback, by its key."""
    known = app.callback_map[output]
    parts = [part.rsplit(".", 1) for part in output.strip(".").split("...")]
    outputs = [{"id": owner, "property": name} for owner, name in parts]
    values = {"shell-view": "/gallery", "shell-cell": "", "_pages_location": "/gallery"}
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": [{**item, "value": values.get(item["id"])} for item in known["inputs"]],
        "state": [{**item, "value": values.get(item["id"])} for item in known["state"]],
        "changedPropIds": [],
    }


def served_callbacks(app) -> list[str]:
    return [output for output, known in app.callback_map.items() if "callback" in known]


def test_no_other_address_is_open_to_strangers(app):
    needs = {surface.partition(" ")[2]: need for surface, need in permissions.surfaces(app).items()}
    assert {address for address, need in needs.items() if need == "nothing"} == OPEN


def test_a_stranger_gets_nothing_but_the_open_list(app, stranger):
    for rule in app.server.url_map.iter_rules():
        path = str(rule).replace("<path:path>", "heatmap")
        if str(rule) in OPEN or "<" in path:
            continue
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = stranger.open(path, method=method)
            assert answer.status_code in (302, 401), f"{method} {path}"
            assert "CANARY" not in answer.text
            if answer.status_code == 302:
                assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43, "../../etc", "é" * 50])
def test_a_made_up_session_is_no_session(app, stranger, cookie):
    stranger.set_cookie("assay", cookie)
    assert stranger.get("/_dash-layout").status_code == 401


def test_a_stranger_runs_no_callback_whatever_the_body_claims(app, stranger):
    for output in served_callbacks(app):
        body = body_of(app, output)
        for forged in (body, {**body, "pathname": "/sign-in"}, {**body, "output": "sign-in"}, [], "null"):
            answer = stranger.post("/_dash-update-component", json=forged)
            assert answer.status_code == 401, output


def test_pages_lead_to_the_sign_in_page_and_back(stranger):
    answer = stranger.get("/heatmap?as_of=2025-03-07&basis=self")
    assert answer.location == "/sign-in?next=/heatmap%3Fas_of%3D2025-03-07%26basis%3Dself"
    page = stranger.get(answer.location).text
    assert 'value="/heatmap?as_of=2025-03-07&amp;basis=self"' in page
    onward = stranger.post(
        "/sign-in", data={"email": LEAD, "password": PASSWORD, "next": "/heatmap?as_of=2025-03-07&basis=self"}
    )
    assert onward.location == "/heatmap?as_of=2025-03-07&basis=self"


@pytest.mark.parametrize(
    "next_",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/a\nb", " /x"],
)
def test_signing_in_leads_nowhere_else(stranger, next_):
    answer = stranger.post("/sign-in", data={"email": LEAD, "password": PASSWORD, "next": next_})
    assert answer.location == "/"


def test_a_wrong_password_and_an_unknown_person_look_the_same(stranger):
    known = stranger.post("/sign-in", data={"email": LEAD, "password": "wrong"})
    unknown = stranger.post("/sign-in", data={"email": "who@example.org", "password": "wrong"})
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace(LEAD, "X") == unknown.text.replace("who@example.org", "X")


def test_what_was_typed_is_shown_as_text(stranger):
    answer = stranger.post("/sign-in", data={"email": '"><img src=x onerror=alert(1)>', "password": "wrong"})
    assert "<img" not in answer.text


def test_the_cookie_is_strict_but_on_the_own_machine(app, own_people):
    def cookie(url: str) -> str:
        client = app.server.test_client()
        opened = client.get("/sign-in", base_url=url)
        client.environ_base["HTTP_X_ASSAY_PAGE"] = re.search(r'name="page" value="(\w+)"', opened.text)[1]
        answer = client.post("/sign-in", base_url=url, data={"email": LEAD, "password": PASSWORD})
        return next(kept for kept in answer.headers.getlist("Set-Cookie") if "-door" not in kept)

    assert "Secure" not in cookie("http://127.0.0.1:8050")
    for url in ("https://assay.example.org", "http://assay.example.org", "http://10.0.0.7:8050", "https://127.0.0.1"):
        assert cookie(url).startswith("__Host-assay=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie(url).split("; "))


def test_signing_out_ends_the_session_in_the_warehouse(app, lead):
    token = lead.get_cookie("assay").value
    assert lead.post("/sign-out").location == "/sign-in"
    again = app.server.test_client()
    again.set_cookie("assay", token)
    assert again.get("/_dash-layout").status_code == 401


def test_signing_in_again_kills_the_session_before(app, lead):
    token = lead.get_cookie("assay").value
    other = at_the_door(app)
    other.set_cookie("assay", token)
    assert other.post("/sign-in", data={"email": LEAD, "password": PASSWORD}).status_code == 302
    assert other.get_cookie("assay").value != token
    again = app.server.test_client()
    again.set_cookie("assay", token)
    assert again.get("/_dash-layout").status_code == 401


def test_a_one_time_password_opens_nothing_but_its_own_replacement(app, own_people):
    from db import people

    client = signed_in(app, NEW, people.set_password(NEW))
    assert client.get("/").location == "/change-password"
    assert client.get("/_dash-layout").status_code == 401
    assert client.post("/_dash-update-component", json={}).status_code == 401
    assert client.get("/change-password").status_code == 200


def test_a_new_password_needs_the_old_one_twice_the_new_one_and_twelve_characters(app, own_people):
    from db import people

    once = people.set_password(NEW)
    client = signed_in(app, NEW, once)
    for old, new, again in ((once, "short", "short"), (once, PASSWORD, "x" * 20), ("wrong", PASSWORD, PASSWORD)):
        answer = client.post("/change-password", data={"old": old, "new": new, "again": again})
        assert answer.status_code == 400
        assert 'class="wrong"' in answer.text
    assert client.post("/change-password", data={"old": once, "new": PASSWORD, "again": PASSWORD}).location == "/"
    assert on_a_page(client).get("/").status_code == 200


def test_a_person_of_two_tenants_chooses_first_and_a_new_token_is_given(app, own_people):
    client = signed_in(app, BOTH)
    assert client.get("/").location == "/choose-tenant"
    assert client.get("/_dash-layout").status_code == 401
    before = client.get_cookie("assay").value
    assert client.post("/choose-tenant", data={"tenant": "demo"}).location == "/"
    assert client.get_cookie("assay").value != before
    assert client.get("/").status_code == 409  # of the page before
    assert on_a_page(client).get("/").status_code == 200


@pytest.mark.parametrize("code", ["canary", "nowhere", "", "demo' or 1=1"])
def test_a_tenant_that_is_not_granted_and_one_that_is_none_look_the_same(lead, code):
    answer = lead.post("/choose-tenant", data={"tenant": code})
    assert answer.status_code == 403
    assert "There is no such organisation among yours." in answer.text


def test_whoever_has_no_role_left_sees_no_organisation(app, own_people):
    from db import people

    once = people.add_user("past@example.org", "assessor", "demo", ends_on=datetime.now(UTC).date())
    client = signed_in(app, "past@example.org", once)
    form = {"old": once, "new": PASSWORD, "again": PASSWORD}
    assert client.post("/change-password", data=form).location == "/"
    assert on_a_page(client).get("/").location == "/choose-tenant"
    text = client.get("/choose-tenant").text
    assert "has not been given a role" in text
    assert "CANARY" not in text
    assert "Northshire" not in text


def test_what_is_the_same_for_everybody_holds_no_data(app, own_people):
    """reliability.md D2: layout, dependencies and the page itself, for one tenant and then for the other."""
    lead, other = signed_in(app, LEAD), signed_in(app, BOTH)
    other.post("/choose-tenant", data={"tenant": "canary"})
    on_a_page(other)
    for path in ("/", "/heatmap", "/_dash-layout", "/_dash-dependencies"):
        for client in (other, lead, other):
            text = client.get(path).text
            assert "CANARY" not in text
            assert "Northshire" not in text
            assert "@example.org" not in text


def test_the_address_reaches_no_layout(app):
    import dash

    for page in dash.page_registry.values():
        plain = json.dumps(page["layout"](), default=lambda part: part.to_plotly_json())
        forged = page["layout"](pid="THEIRS", role="admin", tenant="canary", layout="x", id="y")
        assert json.dumps(forged, default=lambda part: part.to_plotly_json()) == plain


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_nothing_is_written_at_the_asking_of_another_site(app, lead, stranger, headers):
    output = served_callbacks(app)[0]
    assert lead.post("/_dash-update-component", json=body_of(app, output), headers=headers).status_code == 403
    for path in ("/sign-out", "/change-password", "/choose-tenant"):
        assert lead.post(path, headers=headers).status_code == 403
    assert stranger.post("/sign-in", data={"email": LEAD, "password": PASSWORD}, headers=headers).status_code == 403


def test_our_own_pages_may_write(app, lead):
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert lead.post("/choose-tenant", data={"tenant": "demo"}, headers=headers).status_code == 302


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_callbacks_take_json_alone(app, lead, kind):
    body = json.dumps(body_of(app, served_callbacks(app)[0]))
    assert lead.post("/_dash-update-component", data=body, content_type=kind).status_code == 415


def test_a_malformed_callback_is_refused_plainly(app, lead):
    good = body_of(app, WHO)
    assert lead.post("/_dash-update-component", json=good).status_code == 200
    bad = [
        [],
        {},
        "x",
        {"output": 7},
        {"output": "no-such.children"},
        {**good, "output": "shell-view.data"},
        {**good, "inputs": []},
        {**good, "inputs": None},
        {**good, "inputs": "x"},
        {**good, "inputs": [[]]},
        {**good, "inputs": good["inputs"] * 2},
        {**good, "inputs": [{"id": "other", "property": "pathname", "value": "/"}]},
        {**good, "inputs": [{"id": "_pages_location", "property": "search", "value": "/"}]},
        {**good, "state": good["inputs"]},
        {**good, "outputs": [{"id": "shell-message", "property": "children"}]},
        {**good, "outputs": {"id": "shell-message", "property": "children"}},
        {**good, "changedPropIds": [7]},
        {**good, "changedPropIds": "x"},
    ]
    for body in bad:
        answer = lead.post("/_dash-update-component", json=body)
        assert answer.status_code == 400, body
        assert "Traceback" not in answer.text
    for text in ("{", "null", ""):
        answer = lead.post("/_dash-update-component", data=text, content_type="application/json")
        assert answer.status_code == 400


def test_an_impossible_value_in_a_callback_shows_no_detail(app, lead):
    """Every callback answers, whatever stands in its inputs, and what it says is a sentence."""
    strange = [None, 7, [], {"a": 1}, "x" * 5000, "/heatmap?cell=%00", "//", "/gallery?as_of=2025-99-99"]
    for output in served_callbacks(app):
        body = body_of(app, output)
        for value in strange:
            forged = {**body, "inputs": [{**item, "value": value} for item in body["inputs"]]}
            answer = lead.post("/_dash-update-component", json=forged)
            assert answer.status_code in (200, 204, 400), f"{output}: {value!r}"
            for secret in ("Traceback", ".py", "sqlite", "secret", "CANARY"):
                assert secret not in answer.text, f"{output}: {value!r}"


def test_failing_callbacks_say_what_to_do_or_give_a_number(app, lead):
    def message(name: str) -> str:
        (output,) = [key for key in served_callbacks(app) if app.callback_map[key]["inputs"][0]["id"] == name]
        owner, prop = output.rsplit(".", 1)
        body = {
            "output": output,
            "outputs": {"id": owner, "property": prop},
            "inputs": [{"id": name, "property": "n_clicks", "value": 1}],
            "changedPropIds": [f"{name}.n_clicks"],
        }
        return lead.post("/_dash-update-component", json=body).json["sideUpdate"]["shell-message"]["children"]

    assert message("gallery-fail-plainly") == "This is what went wrong; do something about it."
    said = message("gallery-fail-badly")
    assert "secret" not in said
    assert "Something went wrong here." in said
    assert said.rstrip(".").split()[-1].isalnum()


@pytest.mark.parametrize("path", ["/nope", "/heatmap/x.css", "/console", "/_mcp", "/__debugger__", "/admin.php"])
def test_unknown_paths_are_not_found(lead, path):
    answer = lead.get(path)
    assert answer.status_code == 404
    assert answer.text == "There is no such page.\n"


def test_too_large_a_body_is_refused_before_it_is_read(app, lead):
    body = json.dumps({**body_of(app, WHO), "x": "x" * 1_100_000})
    answer = lead.post("/_dash-update-component", data=body, content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.parametrize("switch", ["DASH_DEBUG", "DASH_MCP_ENABLED", "DASH_UI", "DASH_HOT_RELOAD"])
def test_no_dashboard_starts_with_its_doors_open(monkeypatch, switch):
    monkeypatch.setenv(switch, "true")
    with pytest.raises(UsageError, match=switch):
        app_module.create_app()


def test_every_answer_carries_its_headers(app, lead, stranger):
    paths = ["/", "/heatmap", "/nope", "/sign-in", "/healthz", "/readyz", "/assets/theme.css", "/_dash-layout"]
    paths += ["/accessibility"]
    for client in (lead, stranger):
        for path in paths:
            answer = client.get(path, base_url="https://assay.example.org")
            answer.get_data()
            policy = answer.headers["Content-Security-Policy"]
            script = next(part for part in policy.split("; ") if part.startswith("script-src"))
            assert "unsafe" not in script
            for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
                assert part in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "camera=()" in answer.headers["Permissions-Policy"]
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
            if not path.startswith("/assets"):
                assert answer.headers["Cache-Control"] == "no-store, private"
    assert "Strict-Transport-Security" not in stranger.get("/sign-in", base_url="http://127.0.0.1:8050").headers


def test_the_page_has_a_language(lead):
    assert '<html lang="en-GB">' in lead.get("/").text


def test_a_warehouse_that_is_gone_is_told_without_saying_where_it_was(app, lead, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{tmp_path}/hidden-place.db")
    for answer in (lead.get("/"), lead.post("/_dash-update-component", json=body_of(app, WHO))):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "60"
        assert answer.text.startswith("The data cannot be reached just now.")
        assert "hidden-place" not in answer.text


def test_every_permission_is_said_in_words_on_one_s_own_account():
    from dashboard.own_account import INCLUDES
    from db.roles import PERMISSIONS

    assert set(INCLUDES) == set(PERMISSIONS)

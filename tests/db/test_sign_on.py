"""Whom a provider signs on, and what their groups give, in a warehouse of either kind (reliability.md W4)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from db import audit, people, sessions, sign_on, tenants
from db.sign_on import Vouched
from scheme.errors import UsageError

ISSUER = "https://id.council.example"


@pytest.fixture
def council(warehouse):
    """Two tenants; in the first one the group `leads` gives a role, and `housing` another in a department."""
    tenants.add_tenant("demo", "Northshire", "cse", [])
    tenants.add_tenant("canary", "CANARY-B", "cse", [])
    sign_on.give_to_group(tenants.scope_of("demo"), "council", "leads", "corporate_lead")
    sign_on.give_to_group(tenants.scope_of("demo"), "council", "housing", "champion", ["HOUSING", "LETTINGS"])
    return warehouse


def vouched(
    *groups: str, subject: str = "p1", email: str = "pat@council.example", tenants_: tuple = ("demo",)
) -> Vouched:
    return Vouched("council", tenants_, ISSUER, subject, email, groups)


def granted(user_id: int) -> list[tuple]:
    identity = sessions.session_of(sessions.begin(user_id, is_proven=True))
    return [(one.tenant_code, one.role, one.departments, one.may_export) for one in identity.grants]


def test_a_browser_comes_back_once_with_what_it_took_along(council):
    state, browser = sign_on.set_out("council", "nonce", "verifier", "/heatmap")
    assert sign_on.come_back("council", state, "another browser's") is None
    assert sign_on.come_back("other", state, browser) is None
    assert sign_on.come_back("council", "another state", browser) is None
    assert sign_on.come_back("council", state, browser) == sign_on.Attempt("nonce", "verifier", "/heatmap")
    assert sign_on.come_back("council", state, browser) is None


def test_of_many_that_come_back_at_once_with_one_state_one_is_let_through(council):
    state, browser = sign_on.set_out("council", "nonce", "verifier", "/")
    with ThreadPoolExecutor(6) as pool:
        came = list(pool.map(lambda _: sign_on.come_back("council", state, browser), range(6)))
    assert sum(one is not None for one in came) == 1


def test_groups_give_roles_in_departments(council):
    assert granted(sign_on.account_of(vouched("leads"))) == [("demo", "corporate_lead", None, True)]
    assert granted(sign_on.account_of(vouched("housing"))) == [("demo", "champion", ("HOUSING", "LETTINGS"), True)]


def test_the_right_to_take_away_is_the_groups_too(council):
    sign_on.give_to_group(tenants.scope_of("demo"), "council", "leads", "corporate_lead", may_export=False)
    assert granted(sign_on.account_of(vouched("leads"))) == [("demo", "corporate_lead", None, False)]


def test_groups_are_read_anew_each_time_and_replace_what_they_gave(council):
    first = sign_on.account_of(vouched("leads", "housing"))
    assert granted(first) == [("demo", "corporate_lead", None, True)]
    assert sign_on.account_of(vouched("housing")) == first
    assert granted(first) == [("demo", "champion", ("HOUSING", "LETTINGS"), True)]
    assert sign_on.account_of(vouched()) is None
    assert granted(first) == []


def test_a_role_that_changes_ends_the_sessions_there_and_one_that_stays_does_not(council):
    token = sessions.begin(sign_on.account_of(vouched("leads")), is_proven=True)
    sign_on.account_of(vouched("leads"))
    assert sessions.session_of(token) is not None
    sign_on.account_of(vouched("housing"))
    assert sessions.session_of(token) is None


def test_whoever_is_left_with_nothing_has_no_session_left_not_even_one_turned_nowhere(council):
    sign_on.give_to_group(tenants.scope_of("canary"), "council", "leads", "administrator")
    token = sessions.begin(sign_on.account_of(vouched("leads", tenants_=("demo", "canary"))), is_proven=True)
    assert sessions.session_of(token).chosen is None
    assert sign_on.account_of(vouched(tenants_=("demo", "canary"))) is None
    assert sessions.session_of(token) is None


def test_only_the_tenants_that_the_operator_named_are_given(council):
    sign_on.give_to_group(tenants.scope_of("canary"), "council", "leads", "administrator")
    assert granted(sign_on.account_of(vouched("leads"))) == [("demo", "corporate_lead", None, True)]
    both = sign_on.account_of(vouched("leads", tenants_=("DEMO", "canary", "nowhere")))
    assert [one[:2] for one in granted(both)] == [("canary", "administrator"), ("demo", "corporate_lead")]
    assert [one[:2] for one in granted(sign_on.account_of(vouched("leads")))] == [("demo", "corporate_lead")]


def test_a_person_is_an_issuer_and_a_subject(council):
    one = sign_on.account_of(vouched("leads"))
    assert sign_on.account_of(vouched("leads", email="new@council.example")) == one
    assert sign_on.account_of(vouched("leads", subject="p2")) != one
    assert sign_on.account_of(vouched("leads", subject="P1")) != one
    elsewhere = Vouched("council", ("demo",), "https://id.other.example", "p1", "pat@council.example", ("leads",))
    assert sign_on.account_of(elsewhere) != one


def test_an_account_with_a_password_is_never_that_of_a_provider(council):
    password = people.add_user("pat@council.example", "administrator", "demo")
    signed_on = sign_on.account_of(vouched("housing"))
    assert [role for _, role, *_ in granted(signed_on)] == ["champion"]
    local = sessions.session_of(sessions.sign_in("pat@council.example", password))
    assert local.user_id != signed_on
    people.set_password("pat@council.example")
    people.disable_user("pat@council.example")
    assert [role for _, role, *_ in granted(sign_on.account_of(vouched("housing")))] == ["champion"]


def test_whoever_is_given_nothing_leaves_nothing_but_a_line_in_the_platforms_log(council):
    assert sign_on.account_of(vouched("strangers"), "192.0.2.7") is None
    newest = audit.entries(None, 1).row(0, named=True)
    assert (newest["action"], newest["actor"], newest["origin"]) == ("refused sign-in", "provider council", "192.0.2.7")
    assert "pat@" not in str(newest)
    assert sign_on.account_of(vouched("leads")) is not None


def test_two_first_sign_ins_at_once_make_one_account(council):
    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(lambda _: sign_on.account_of(vouched("leads")), range(4)))
    assert len(ids) == 1
    assert granted(ids.pop()) == [("demo", "corporate_lead", None, True)]


def test_the_tenants_log_says_what_groups_gave_and_took_and_its_chain_holds(council):
    user_id = sign_on.account_of(vouched("leads"))
    sign_on.account_of(vouched())
    scope = tenants.scope_of("demo")
    told = audit.entries(scope).reverse()
    assert told.filter(object=f"person {user_id}").rows_by_key("action").keys() >= {"granted", "revoked"}
    assert {"granted to group"} <= set(told["action"])
    assert audit.verify(scope) is None
    assert audit.verify(None) is None


def test_a_tenant_sees_its_own_groups_alone(council):
    sign_on.give_to_group(tenants.scope_of("canary"), "council", "CANARY-B-group", "administrator")
    own = sign_on.group_roles(tenants.scope_of("demo"))
    assert [(one.group, one.role, one.department) for one in own] == [
        ("housing", "champion", "HOUSING"),
        ("housing", "champion", "LETTINGS"),
        ("leads", "corporate_lead", ""),
    ]
    sign_on.take_from_group(tenants.scope_of("demo"), "council", "CANARY-B-group")
    assert len(sign_on.group_roles(tenants.scope_of("canary"))) == 1
    sign_on.take_from_group(tenants.scope_of("demo"), "council", "housing")
    assert [one.group for one in sign_on.group_roles(tenants.scope_of("demo"))] == ["leads"]


IMPOSSIBLE = (("leads", "operator"), ("leads", "emperor"), (" ", "champion"), ("leads", "administrator", ["HOUSING"]))


@pytest.mark.parametrize("given", IMPOSSIBLE)
def test_what_no_group_can_give_is_refused(council, given):
    with pytest.raises(UsageError):
        sign_on.give_to_group(tenants.scope_of("demo"), "council", *given)

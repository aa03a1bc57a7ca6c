"""Answers of callbacks that are kept as they are sent: whose they are, and what is not kept (reliability.md T4, W6)."""

import shutil
from dataclasses import replace
from inspect import unwrap
from urllib.parse import urlencode

import pytest
from flask import Flask, g, request

from dashboard import answers, ids, shell, view
from dashboard.budget import Budget
from dashboard.gate import is_kept
from dashboard.identity import current_person, current_scope
from db import audit, drafts
from db.session import Scope, open_session
from db.tenants import choose, keep_logo, scope_of
from tests.dashboard.conftest import PASSWORD, signed_in
from tests.dashboard.small_programme import HEAD, loaded, programme

DAY, CELL = "2025-06-30", "HOU~1.1.2"
EVIDENCE = b"Department code,Element,Evidence code,Evidence\nHOU,1.1.1,E1,Survey\n"
PEOPLE = {
    "lead@ash.example": ("corporate_lead", ()),
    "second@ash.example": ("corporate_lead", ()),
    "leader@ash.example": ("senior_leader", ()),
    "housing@ash.example": ("champion", ("HOU",)),
    "finance@ash.example": ("champion", ("FIN",)),
}


@pytest.fixture(scope="module")
def full_warehouse(empty_warehouse, tmp_path_factory):
    """The address of a warehouse with a small programme and people of five kinds."""
    path = shutil.copy(empty_warehouse("sqlite"), tmp_path_factory.mktemp("answers") / "assay.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        from db import people, sessions
        from db.engine import engine

        programme("ASH")
        loaded(scope_of("ASH"), evidence=EVIDENCE)
        for email, (role, departments) in PEOPLE.items():
            once = people.add_user(email, role, "ASH", departments)
            sessions.change_password(sessions.sign_in(email, once), once, PASSWORD)
        yield path
        engine().dispose()


@pytest.fixture
def ash(app, full_warehouse, monkeypatch, tmp_path):
    """That warehouse, for one test; an empty cache; and a list of the callbacks that were made for keeping."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{shutil.copy(full_warehouse, tmp_path / 'assay.db')}")
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    budget, made, alone = Budget(50e6), [], answers._alone
    monkeypatch.setattr(view, "kept_bytes", budget)
    monkeypatch.setattr(answers, "kept_bytes", budget)

    def noted(*given):
        made.append(given[-2].__name__)
        return alone(*given)

    monkeypatch.setattr(answers, "_alone", noted)
    return made


def path_of(output: str) -> str:
    """Where the page of an output lies; what belongs to no page is asked on the heatmap."""
    return next((page.path for page in shell.PAGES if output.strip(".").startswith(f"{page.name}-")), "/heatmap")


def asked(app, client, output: str, query: dict, **more) -> bytes:
    """The answer to a callback of that output at an address, as it is sent."""
    known = app.callback_map[output]
    address = f"{path_of(output)}?{urlencode({'as_of': DAY, **query})}"
    names = output[2:-2].split("...") if output.startswith("..") else [output]
    outputs = [dict(zip(("id", "property"), name.rpartition(".")[::2], strict=True)) for name in names]
    body = {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": [{**item, "value": CELL if item["id"] == ids.CELL else address} for item in known["inputs"]],
        "changedPropIds": [],
        **more,
    }
    return client.post("/_dash-update-component", json=body).get_data()


def kept_outputs(app) -> list[str]:
    return [output for output, known in app.callback_map.items() if is_kept(known.get("callback"))]


def output_of(app, name: str) -> str:
    return next(o for o in kept_outputs(app) if unwrap(app.callback_map[o]["callback"]).__name__ == name)


def test_what_is_declared_to_be_kept_is_kept_for_whoever_sees_and_may_do_the_same(app, ash):
    """Byte for byte the same, made once: else it hangs on more than was declared, and is not to be declared."""
    first, second = signed_in(app, "lead@ash.example"), signed_in(app, "second@ash.example")
    outputs = kept_outputs(app)
    for output in outputs:
        told = asked(app, first, output, {})
        assert b"sideUpdate" not in told, output
        assert asked(app, second, output, {}) == told
    assert len(outputs) > 15
    assert len(ash) == len(outputs), "made more than once"


@pytest.mark.parametrize("other", ["leader@ash.example", "housing@ash.example", "finance@ash.example"])
def test_who_sees_or_may_do_something_else_gets_an_answer_of_their_own(app, ash, other):
    output = output_of(app, "update_headroom")
    lead, them = signed_in(app, "lead@ash.example"), signed_in(app, other)
    answered = [asked(app, client, output, {}) for client in (lead, them, lead, them)]
    assert answered[:2] == answered[2:]
    assert len(ash) == 2
    assert (b"Finance" in answered[1]) == (other != "housing@ash.example")
    assert (b"Repairs" in answered[1]) == (other != "finance@ash.example")


def test_after_a_load_the_answer_is_another(app, ash):
    output, lead = output_of(app, "update_heatmap"), signed_in(app, "lead@ash.example")
    before = asked(app, lead, output, {})
    loaded(scope_of("ASH"), later=HEAD + b"HOU,annual_review,2025-06-20,1.1.1,Non-compliant\n")
    after = asked(app, lead, output, {})
    assert after != before
    assert asked(app, lead, output, {}) == after
    assert len(ash) == 2


@pytest.mark.parametrize("change", ["a setting", "the logo"])
def test_what_the_version_is_to_count_it_counts(ash, change):
    with open_session(scope_of("ASH")) as session:
        before = view.reads.version(session)
    with open_session(scope_of("ASH"), write=True) as session:
        if change == "the logo":
            keep_logo(session, b"a picture")
        else:
            choose(session, "champions_see_others", "distribution")
    with open_session(scope_of("ASH")) as session:
        assert view.reads.version(session) > before


def test_another_language_is_another_answer(app, ash):
    output, lead = output_of(app, "update_heatmap"), signed_in(app, "lead@ash.example")
    english = asked(app, lead, output, {})
    lead.set_cookie("assay-language", "cy")
    welsh = asked(app, lead, output, {})
    lead.delete_cookie("assay-language")
    assert welsh != english
    assert asked(app, lead, output, {}) == english
    assert len(ash) == 2


def test_what_reads_a_draft_is_made_anew(app, ash):
    """A draft changes without the version; it is somebody's own."""
    with open_session(replace(scope_of("ASH"), actor="person 1"), write=True) as session:
        body = {"cells": [["HOU", "1.1.1", "partial"]]}
        number = drafts.keep(session, "scenario", "If it falls", body, departments=("HOU",))
        drafts.share(session, "scenario", number, True)
    output, lead = output_of(app, "update_heatmap"), signed_in(app, "lead@ash.example")
    for _ in range(2):
        assert b"If it falls" in asked(app, lead, output, {"draft": number})
    assert len(ash) == 2


def test_that_evidence_was_read_is_written_down_every_time(app, ash):
    output, lead = output_of(app, "update_element"), signed_in(app, "lead@ash.example")
    for _ in range(2):
        asked(app, lead, output, {"element": "1.1.1"})
    assert audit.entries(scope_of("ASH"))["action"].to_list().count("read evidence") == 2


def test_a_mistake_in_the_address_is_not_kept(app, ash):
    output, lead = output_of(app, "update_heatmap"), signed_in(app, "lead@ash.example")
    for _ in range(2):
        assert b"sideUpdate" in asked(app, lead, output, {"as_of": "never"})
    assert len(ash) == 2


def test_whoever_names_no_outputs_or_writes_too_much_is_answered_and_not_kept(app, ash):
    output, lead = output_of(app, "update_heatmap"), signed_in(app, "lead@ash.example")
    asked(app, lead, output, {}, outputs=[])
    asked(app, lead, output, {"find": "x" * 9000})
    assert not [thing for thing in view.kept_bytes.things() if isinstance(thing, answers._Answer)]


def test_a_role_that_is_taken_away_opens_nothing_that_was_kept(app, ash):
    from db import people

    output, lead = output_of(app, "update_heatmap"), signed_in(app, "lead@ash.example")
    asked(app, lead, output, {})
    people.disable_user("lead@ash.example")
    assert b"Housing" not in asked(app, lead, output, {})


def test_an_answer_under_the_wrong_key_is_not_handed_out(app, ash, monkeypatch):
    """As if a part of the key were forgotten: what was kept says whose it is."""
    output = output_of(app, "update_heatmap")
    lead, them = signed_in(app, "lead@ash.example"), signed_in(app, "housing@ash.example")
    asked(app, lead, output, {})
    kept = next(thing for thing in view.kept_bytes.things() if isinstance(thing, answers._Answer))
    monkeypatch.setattr(view.kept_bytes, "found", lambda whose, key: kept)
    assert b"Housing" not in asked(app, them, output, {})


# --- what is found out about a callback while it is made --------------------------------------------------------------

SCOPE = Scope(1, "ASH", None, "corporate_lead", "lead@ash.example", actor="person 1", origin="192.0.2.1")


def is_sound(function) -> bool:
    """Whether the answer of a function would be kept, asked in a request of somebody's."""
    server = Flask("one callback")
    with server.test_request_context("/", headers={"Cookie": "assay=secret"}):
        g.scope, g.version_of = SCOPE, (1, 1)
        g.wanted_answer = answers._Wanted((), (), answers._today())
        answers.apart(function)()
        return g.wanted_answer.is_sound


def test_what_hangs_on_sight_and_role_alone_is_sound():
    assert is_sound(lambda: (current_scope().departments, current_scope().may("results"), current_scope().role))


@pytest.mark.parametrize("name", ["email", "actor", "origin"])
def test_whoever_asks_who_it_is_is_found_out(name):
    assert not is_sound(lambda: getattr(current_scope(), name))
    assert not is_sound(lambda: replace(current_scope(), role="champion"))


@pytest.mark.parametrize("ask", [lambda: request.cookies, current_person])
def test_neither_request_nor_person_is_there(ask):
    with pytest.raises(Exception, match=r"request context|signed out"):
        is_sound(ask)


def test_whoever_writes_or_reads_what_no_version_counts_is_found_out(ash):
    def reads_drafts():
        with open_session(scope_of("ASH")) as session:
            drafts.drafts(session, "scenario", None)

    def writes():
        with open_session(scope_of("ASH"), write=True) as session:
            audit.record(session, "looked")

    def reads_facts():
        with open_session(scope_of("ASH")) as session:
            view.reads.table(session, "departments")

    assert [is_sound(one) for one in (reads_facts, reads_drafts, writes)] == [True, False, False]


def test_what_was_kept_for_a_view_says_what_it_hangs_on(ash):
    """Else the second who asks would be taken for one who asked nothing."""

    def asks():
        return view.View(scope_of("ASH"), 1).kept("who", lambda: current_scope().email)

    assert not is_sound(asks)
    assert not is_sound(asks)

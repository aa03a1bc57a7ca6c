"""Nothing that somebody limited to some departments sees depends on the others (reliability.md T12).

The whole surface of the dashboard, as the proof of T1 finds it, is asked as a champion of HOU and as the assessor of
the certificate of HOU: with the other departments empty, then full, then changed. What belongs to both, as a site that
two departments share, is in all three; so are the loads that HOU's own rows came with, for their numbers are shown.
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import measures
from dashboard import data
from db import people, reads, sessions
from db.identities import User
from db.session import Scope, open_platform
from db.tenants import add_tenant, scope_of
from etl import run
from etl.template import KINDS
from scheme.errors import AssayError
from tests.noninterference import asks, callbacks, masks, routes, story
from tests.noninterference.harness import page_token

TODAY = datetime.now(UTC).date()
PASSWORD = "four plain words here"
OURS = ("HOU", "HOU-1")
PEOPLE = ("champion@ash.example", "assessor@ash.example")
CANARY = re.compile(r"HIDDEN-[\w.-]+")
Row = dict[str, Any]
Answers = dict[tuple[str, str, str], tuple[str, tuple[Any, ...]]]


def _again(table: str, column: str, department: str | None, n: int) -> str:
    return f"HIDDEN-{table}-{column}-{n}-again"


CHANGED = replace(
    story.OURS,
    text=_again,
    number=lambda n: 70 * n + 7,
    bands=("non_compliant", "compliance_plus", "not_applicable", "partial"),
    departments=(*story.TREE, ("NEW", None), ("NEW-1", "FIN")),
)


def is_ours(table: str, row: Row) -> bool:
    """Whether a row of the story speaks of HOU."""
    if table == "visits":
        return row["site_code"].removeprefix("S-") in OURS
    return row["department_code"] in OURS


def send(folder: Path, tables: dict[str, Iterable[Row]], by: str) -> None:
    """Load these rows as files."""
    folder.mkdir()
    for table, rows in tables.items():
        told = list(rows)
        if told:
            with (folder / f"{folder.name}-{table}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(dict.fromkeys(name for row in told for name in row)))
                writer.writeheader()
                writer.writerows(told)
    with open_platform() as session:
        sender = session.scalars(select(User.id).where(User.email == by)).first()
    scope = replace(scope_of("ASH"), actor=f"person {sender}" if sender else "command line: tests")
    report = run.load(scope, [folder], sent_by=by)
    assert report.load_number, report
    assert not [file for file in report.files if file.outcome == "refused"], report.files


def rows_of(voice: story.Voice, earlier: bool, wanted: Callable[[str, Row], bool]) -> dict[str, list[Row]]:
    """The rows of the story that are wanted, by table."""
    told = story.told(voice, TODAY, earlier)
    return {table: [row for row in rows if wanted(table, row)] for table, rows in told.items()}


def our_own(folder: Path) -> None:
    """What is the same in all three: HOU's rows, a site it shares with FIN, and a load of the champion's own."""
    for earlier in (True, False):
        send(folder / f"ours-{earlier}", rows_of(story.OURS, earlier, is_ours), "pat@ash.example")
    shared = {"site_code": "S-BOTH", "site_name": "OURS-shared", "department_code": "HOU;FIN", "must_visit": "yes"}
    visit = {"site_code": "S-BOTH", "visited_on": TODAY - timedelta(days=60), "planned": "no"}
    seen = {"department_code": "HOU", "element": "1.1.1", "evidence_code": "ES 77", "evidence": "OURS-seen"}
    seen |= {"kind": "observed", "site_code": "S-BOTH", "shown_by": "OURS-shower"}
    send(folder / "shared", {"sites": [shared], "visits": [visit], "evidence": [seen]}, "pat@ash.example")
    wrong = {"department_code": "HOU", "assessment_type": "annual_review", "assessed_on": TODAY, "element": "9.9.9"}
    result = wrong | {"element": "1.1.1", "band": "compliant", "comment": "OURS-sent"}
    send(folder / "sent", {"results": [wrong | {"band": "partial"}, result]}, PEOPLE[0])


def the_others(folder: Path, name: str, voice: story.Voice) -> None:
    """What the other departments and the corporate body have: files of theirs, from somebody of theirs."""
    for earlier in (True, False):
        rows = rows_of(voice, earlier, lambda table, row: not is_ours(table, row))
        if name == "changed":  # a department is closed, a certificate runs out
            rows["departments"][0]["active_to"] = TODAY - timedelta(days=1)
        send(folder / f"HIDDEN-{name}-{earlier}", rows, "HIDDEN-sender")


@dataclass
class Browser:
    """One person's, in this process."""

    client: Any
    token: str  # of its page
    scope: Scope

    def ask(self, asked: asks.Ask) -> tuple[str, tuple[Any, ...]]:
        """The body as it came, and what must be the same: status, headers and body without nonces and clocks."""
        ready = asks.with_token(asked, self.token)
        answer = self.client.open(ready.path, method=ready.method, headers=ready.headers, json=ready.json)
        data = answer.get_data()
        told = answer.status_code, tuple(masks.headers(list(answer.headers))), masks.body(data)
        return masks.unpacked(data), told


@pytest.fixture(scope="module")
def app():
    """The dashboard as it is served, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_REQUESTS_A_MINUTE", "1000000")  # all of it is asked within a minute
        from dashboard.app import create_app

        yield create_app()


@pytest.fixture
def browsers(app, warehouse, tmp_path, monkeypatch) -> dict[str, Browser]:
    """The champion's and the assessor's, on a new warehouse that has HOU's rows alone."""
    monkeypatch.setenv("ASSAY_SECRET", "a-secret-of-the-tests-of-which-nobody-else-knows-77")
    add_tenant("ASH", "Ashcombe Council")
    once = [
        people.add_user(PEOPLE[0], "champion", "ASH", ["HOU"]),
        people.add_user(PEOPLE[1], "assessor", "ASH", certificates=["C-HOU"]),
    ]
    our_own(tmp_path)
    made = {}
    for email, password in zip(PEOPLE, once, strict=True):
        token = sessions.change_password(sessions.sign_in(email, password), password, PASSWORD)
        client = app.server.test_client()
        client.set_cookie("assay", token)
        made[email] = Browser(client, page_token(client.get("/").text), sessions.session_of(token).scope())
        assert made[email].token
    return made


def everything(app, browsers: dict[str, Browser], only: str = "", thorough: bool = True) -> Answers:
    """All that can be looked at, as each of the two; every variant of it as the champion. `only`: what a name holds."""
    found = [*callbacks.callback_asks(app), *of_downloads(app)]
    wanted = [ask for ask in asks.once(found) if ask.whose != "nobodys" and only in ask.surface]
    return {
        (who, ask.surface, ask.variant): browser.ask(ask)
        for who, browser in browsers.items()
        for ask in wanted
        if not ask.thorough or (thorough and who == PEOPLE[0])
    } | {
        (who, f"measure {name}", by): (told := str(measured(browser.scope, name, *about)), (told,))
        for who, browser in browsers.items()
        for name in measures.KEYS
        for by, about in {"bare": (), "below FIN": (["FIN"],), "below NEW": (["NEW"],)}.items()
        if only in f"measure {name}"
    }


def measured(scope: Scope, name: str, departments: Sequence[str] = ()) -> list[Row] | str:
    """A measure as the command line and the API give it, or why not."""
    try:
        return measures.measure(scope, name, TODAY, departments=departments).to_dicts()
    except AssayError as error:
        return str(error)


def of_downloads(app) -> Iterable[asks.Ask]:
    """Every download for every load and certificate that there is in any of the three."""
    for rule, *_ in routes.rules(app):
        if not rule.startswith("/download/"):
            continue
        values = [PLACES[place] for place in re.findall(r"<[^>]+>", rule) if place in PLACES]
        queries = ["", *(f"?certificate=C-{code}" for code in CODES)] if rule.startswith("/download/sites") else [""]
        if rule.startswith("/download/see-on-site"):
            queries = [f"?site=S-{code}" for code in (*CODES, "BOTH")]
        queries = (
            ["", *(f"?certificate=C-{code}" for code in CODES)]
            if rule.startswith(("/download/sites", "/download/visit-plan", "/download/day-pack"))
            else [""]
        )
        for chosen, query in product(product(*values), queries):
            path = rule
            for value in chosen:
                path = re.sub(r"<[^>]+>", str(value), path, count=1)
            assert "<" not in path, f"say here what to ask of {rule}"
            yield asks.Ask(rule, path + query, "GET", path + query)


CODES = ("HOU", "FIN", "ALL", "NEW")
PLACES: dict[str, Sequence[object]] = {
    "<int:load>": range(1, 10),
    "<int:file_number>": (1, 2),
    "<kind>": ("csv", "xlsx", "ics", "svg", "docx"),
    "<int:number>": (1, 2),
    "<pack_kind>": ("xlsx",),
    "<template_kind>": KINDS,
    "<path:department>": CODES,
    "<page_name>": ("heatmap", "trend"),
    "<place>": ("heatmap-table", "trend-moves"),
}


def differences(one: Answers, other: Answers) -> list[str]:
    """Where two answers differ, and from which words on; where one holds what is hidden."""
    told = [f"{key}: {found[0]}" for key, (raw, _) in other.items() if (found := CANARY.search(raw))]
    for key, (_, seen) in one.items():
        if other[key][1] != seen:
            before, after = str(seen), str(other[key][1])
            at = next((n for n, (x, y) in enumerate(zip(before, after, strict=False)) if x != y), 0)
            told.append(f"{key}: ...{before[max(0, at - 150) : at + 100]} <> {after[max(0, at - 60) : at + 100]}")
    return told


def test_what_people_with_departments_see_is_the_same_whatever_the_others_have(app, browsers, tmp_path, warehouse):
    thorough = warehouse == "sqlite"
    empty = everything(app, browsers, thorough=thorough)
    assert sum("OURS-" in raw for raw, _ in empty.values()) > 20, "the surface shows what it should"
    statuses = {seen[0] for (_, surface, _), (_, seen) in empty.items() if "measure" not in surface}
    assert statuses <= {200, 204, 302, 400, 403, 404, 405, 409}, statuses
    the_others(tmp_path, "full", story.OURS)
    if thorough:
        assert differences(empty, everything(app, browsers)) == []
    the_others(tmp_path, "changed", CHANGED)
    assert differences(empty, everything(app, browsers, thorough=thorough)) == []


def measured_whole(monkeypatch) -> None:
    """Measure everybody for everybody."""
    monkeypatch.setattr(measures, "in_sight", lambda programme, *_: programme)


def asked_whole(monkeypatch) -> None:
    """Measure everybody and give every row to everybody: either cut alone would still hide the others' rows."""
    measured_whole(monkeypatch)
    chosen = measures.selected
    monkeypatch.setattr(measures, "selected", lambda departments, codes, _: chosen(departments, codes))


def any_load_shown(monkeypatch) -> None:
    """Show every load and its rows set aside."""
    monkeypatch.setattr(data, "loads", lambda view: data.asked(view, "loads", reads.loads))


def newest_of_all(monkeypatch) -> None:
    """Say how fresh the tenant's data is."""
    monkeypatch.setattr(data, "latest_load", lambda view: data.asked(view, "newest load", reads.latest_load))


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fault", "only"),
    [
        (measured_whole, "headroom"),
        (asked_whole, "measure visits"),
        (any_load_shown, "rejected"),
        (newest_of_all, "freshness"),
    ],
)
def test_a_fault_in_any_of_this_is_found(app, browsers, tmp_path, monkeypatch, fault, only):
    empty = everything(app, browsers, only, thorough=False)
    the_others(tmp_path, "full", story.OURS)
    assert differences(empty, everything(app, browsers, only, thorough=False)) == []
    fault(monkeypatch)
    the_others(tmp_path, "changed", CHANGED)
    assert differences(empty, everything(app, browsers, only, thorough=False)) != []


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_an_assessor_of_a_certificate_sees_it_alone(app, browsers, tmp_path):
    """HOU-1 below HOU has a certificate of its own, which is in the champion's sight and not in the assessor's."""
    the_others(tmp_path, "full", story.OURS)
    for only in ("coverage-headline", "sites-headline"):
        answers = everything(app, browsers, only, thorough=False)
        champion, assessor = (" ".join(raw for key, (raw, _) in answers.items() if key[0] == who) for who in PEOPLE)
        assert "C-HOU" in assessor
        assert "C-HOU-1" in champion
        assert "C-HOU-1" not in assessor

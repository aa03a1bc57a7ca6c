"""How the command behaves: it helps, starts lightly, keeps its streams apart and hands out nothing that runs."""

import csv
import io
import re
import subprocess
import sys
import zipfile

from tests.journeys.command_line import RESULT, at_once

COMMANDS = [
    ["demo"],
    ["upgrade"],
    ["tenant", "add"],
    ["tenant", "set"],
    ["tenant", "settings"],
    *(["group", word] for word in ("add", "list", "remove")),
    *(
        ["department", word]
        for word in ("list", "history", "open", "close", "reopen", "rename", "move", "merge", "recode", "forget")
    ),
    *(["site", word] for word in ("list", "history", "add", "change", "close", "reopen")),
    *(["certificate", word] for word in ("list", "history", "add", "change", "end")),
    *(["audit", word] for word in ("list", "verify", "head", "visits")),
    ["standard", "list"],
    ["standard", "show"],
    ["standard", "check"],
    ["standard", "add"],
    *(
        ["user", word]
        for word in (
            *("add", "invite", "list", "grant", "revoke", "disable", "enable"),
            *("reset-password", "reset-second-factor"),
        )
    ),
    ["user", "sessions", "end"],
    *(["token", word] for word in ("add", "list", "revoke")),
    *(["source", word] for word in ("add", "list", "show")),
    *(["profile", word] for word in ("add", "list")),
    ["check"],
    ["load"],
    ["loads"],
    ["rejected"],
    ["withdraw"],
    ["original"],
    ["measure"],
    ["serve"],
]
OPTIONS = {
    "demo": ["--port", "--no-serve", "--source"],
    "tenant add": ["--name", "--standard", "--profile"],
    "user add": ["--role", "--tenant", "--department", "--certificate", "--until", "--no-export"],
    "audit verify": ["--tenant", "--platform", "--anchor"],
    "token add": ["--scope", "--tenant", "--department", "--days"],
    "check": ["--tenant", "--format"],
    "load": ["--tenant", "--source", "--strict", "--withdraw-missing"],
    "loads": ["--tenant", "--format"],
    "rejected": ["--tenant", "--format"],
    "withdraw": ["--tenant", "--why", "--ask"],
    "original": ["--tenant", "--out"],
    "measure": ["--tenant", "--as-of", "--known-at", "--department", "--basis", "--format"],
    "serve": ["--host", "--port"],
}


def test_every_command_of_the_page_helps_with_an_example(warehouse):
    said = at_once(*(lambda words=words: warehouse.say(*words, "--help") for words in COMMANDS))
    for words, answer in zip(COMMANDS, said, strict=True):
        text = answer.out.decode()
        assert "xample" in text, words
        for option in OPTIONS.get(" ".join(words), ()):
            assert option in text, (words, option)


def test_a_command_imports_nothing_that_it_does_not_need(warehouse):
    def imported(*words):
        command = [sys.executable, "-X", "importtime", "-m", "assay", *words]
        done = subprocess.run(command, cwd=warehouse.folder, env=warehouse.environment, capture_output=True, text=True)
        return set(re.findall(r"\|\s+(\w+)", done.stderr))

    helped, measured = at_once(lambda: imported("--help"), lambda: imported("measure", "standing", "--tenant", "T"))
    assert not helped & {"polars", "sqlalchemy", "dash", "rich"}
    assert "polars" in measured
    assert not measured & {"dash", "flask", "plotly", "alembic", "python_calamine", "xlsxwriter"}


def test_a_person_is_given_a_role_and_a_one_time_password(warehouse):
    added = warehouse.say("user", "add", "jo@example.org", "--role", "champion", "--tenant", "T")
    again, role, tenant, nobody = at_once(
        lambda: warehouse.say("user", "add", "jo@example.org", "--role", "assessor", "--tenant", "OTHER"),
        lambda: warehouse.say("user", "add", "al@example.org", "--role", "king", "--tenant", "T", code=2),
        lambda: warehouse.say("user", "add", "al@example.org", "--role", "champion", "--tenant", "NOBODY", code=2),
        lambda: warehouse.say("user", "add", "al@example.org", "--role", "champion", code=2),
    )
    assert len(added.out.split()) == 1
    assert len(added.out.strip()) >= 12
    assert again.out == b""  # the password is told once
    assert b"" == role.out == tenant.out == nobody.out
    assert "NOBODY" in tenant.err


def test_what_is_handed_out_runs_no_formula(warehouse):
    codes = ["=1+1", "+44", "-5", "@now", "\N{FULLWIDTH EQUALS SIGN}A1"]
    warehouse.csv("results.csv", RESULT, *((code, "initial", "2025-03-07", "1.1.1", "N") for code in codes))
    warehouse.csv(
        "bad.csv", (*RESULT, "=Comment"), *((code, "initial", "2025-03-07", "1.1.1", "=2+2", "@x") for code in codes)
    )
    loaded = warehouse.load("results.csv", "bad.csv", code=3)
    measured, book, rejected, rejected_book, plain = at_once(
        lambda: warehouse.say("measure", "standing", "--tenant", "T", "--format", "csv"),
        lambda: warehouse.say("measure", "standing", "--tenant", "T", "--format", "xlsx"),
        lambda: warehouse.say("rejected", loaded.number, "--tenant", "T", "--format", "csv"),
        lambda: warehouse.say("rejected", loaded.number, "--tenant", "T", "--format", "xlsx"),
        lambda: warehouse.measure("headroom", "--as-of", "2025-06-01"),
    )
    for said in (measured, rejected):
        rows = list(csv.reader(io.StringIO(said.out.decode(), newline="")))
        assert len(rows) > len(codes)
        assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r\N{FULLWIDTH EQUALS SIGN}")]
    for said in (book, rejected_book):
        with zipfile.ZipFile(io.BytesIO(said.out)) as parts:
            sheets = [parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name]
            assert sheets
            assert not [sheet for sheet in sheets if b"<f>" in sheet]
            assert not [name for name in parts.namelist() if "external" in name.lower()]
    assert {row["department_code"] for row in plain} == {None, *codes[:4], "=A1"}  # JSON says it as it is

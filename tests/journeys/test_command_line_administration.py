"""What pages of administration do can be done by commands: registers, settings, groups, people, and the audit log."""

import json
import re
import sqlite3

from tests.journeys.command_line import RESULT, at_once, tuples

T = ("--tenant", "T")
DEPARTMENT = ("Department code", "Department name", "Parent code")


def test_departments_open_move_merge_and_take_another_code_and_results_follow(either):
    either.csv("departments.csv", DEPARTMENT, "HR,People,", "PAY,Payroll,HR", "IT,Computers,")
    either.csv("results.csv", RESULT, "HR,initial,2025-03-07,1.1.1,C", "PAY,initial,2025-03-07,1.1.1,P")
    either.load("departments.csv", "results.csv")
    either.say("department", "open", "FIN", "--name", "Finance", "--from", "2025-01-01", "--why", "new", *T)
    either.say("department", "move", "PAY", "--below", "FIN", *T)
    either.say("department", "merge", "IT", "--into", "FIN", "--on", "2026-04-01", *T)
    recoded = either.say("department", "recode", "HR", "--to", "PEOPLE", *T)
    assert "read as PEOPLE" in recoded.err
    assert recoded.out == b""  # what is done is told on standard error
    listed, standing = at_once(
        lambda: either.records("department", "list", *T), lambda: either.measure("standing", "--as-of", "2025-06-01")
    )
    assert tuples(listed, "department_code parent_code active_from active_to former_codes confirmed") == [
        ("FIN", None, "2025-01-01", None, [], True),
        ("IT", None, None, "2026-04-01", [], True),
        ("PAY", "FIN", None, None, [], True),
        ("PEOPLE", None, None, None, ["HR"], True),
    ]
    bands = {(row["department_code"], row["element"]): row["band"] for row in standing}
    assert (bands["PEOPLE", "1.1.1"], bands["FIN", "1.1.1"]) == ("compliant", "partial")
    assert "HR" not in {code for code, _ in bands}
    said = either.records("department", "history", "IT", *T)
    assert tuples(said, "load active_to superseded_by") == [(4, "2026-04-01", None), (1, None, 4)]
    assert "GONE" in either.say("department", "history", "GONE", *T, code=2).err


def test_what_makes_no_sense_of_a_department_is_refused_and_changes_nothing(warehouse):
    warehouse.say("department", "open", "HR", "--name", "People", *T)
    before = warehouse.records("loads", *T)
    said = at_once(
        lambda: warehouse.say("department", "open", "HR", "--name", "People", *T, code=2),
        lambda: warehouse.say("department", "move", "HR", "--below", "HR", *T, code=2),
        lambda: warehouse.say("department", "move", "HR", *T, code=2),
        lambda: warehouse.say("department", "close", "GONE", *T, code=2),
        lambda: warehouse.say("department", "close", "HR", "--on", "1 April", *T, code=2),
        lambda: warehouse.say("department", "close", "HR", "--tenant", "OTHER", code=2),
    )
    assert "write it as 2026-03-31" in said[4].err
    assert warehouse.records("loads", *T) == before


def test_sites_and_certificates_are_added_and_changed_and_the_rest_of_them_stays(warehouse):
    def kept():
        site, certificate = at_once(
            lambda: warehouse.records("site", "list", *T), lambda: warehouse.records("certificate", "list", *T)
        )
        return site[0], certificate[0]

    warehouse.say("department", "open", "LIB", "--name", "Libraries", *T)
    site = ("S1", "--name", "Main library", "--department", "LIB", "--must-visit", "--address", "1 High Street")
    warehouse.say("site", "add", *site, *T)
    award = ("C1", "--awarded-on", "2026-03-07", "--expires-on", "2029-03-07", "--sites-required", "9")
    warehouse.say("certificate", "add", *award, *T)
    again, north, unknown = at_once(
        lambda: warehouse.say("site", "add", *site, *T, code=2),
        lambda: warehouse.say("site", "change", "S1", "--latitude", "151", *T, code=2),
        lambda: warehouse.say("certificate", "end", "C9", *T, code=2),
    )
    assert "assay site change" in again.err
    assert "latitude" in north.err
    assert "C9" in unknown.err
    warehouse.say("site", "change", "S1", "--no-must-visit", "--latitude", "51.5", "--longitude", "-1.25", *T)
    warehouse.say("site", "close", "S1", "--on", "2026-05-01", *T)
    warehouse.say("certificate", "change", "C1", "--expires-on", "2029-04-01", *T)
    warehouse.say("certificate", "end", "C1", "--on", "2027-01-01", *T)
    place, certificate = kept()
    facts = "site_name department_code in_scope_to must_visit address latitude longitude"
    assert tuples([place], facts) == [
        ("Main library", ["LIB"], "2026-05-01", False, "1 High Street", 51.5, -1.25),
    ]
    assert tuples([certificate], "awarded_on expires_on ended_on sites_required department_code") == [
        ("2026-03-07", "2029-04-01", "2027-01-01", 9, None),
    ]
    warehouse.say("site", "reopen", "S1", *T)
    warehouse.say("certificate", "end", "C1", "--not", *T)
    place, certificate = kept()
    assert place["in_scope_to"] is certificate["ended_on"] is None


def test_a_tenant_chooses_what_champions_see_of_others_and_no_other_tenant_does(warehouse):
    warehouse.say("tenant", "set", "T", "champions_see_others=distribution")
    mine, theirs, wrong, unknown = at_once(
        lambda: warehouse.records("tenant", "settings", "T"),
        lambda: warehouse.records("tenant", "settings", "OTHER"),
        lambda: warehouse.say("tenant", "set", "T", "champions_see_others=everything", code=2),
        lambda: warehouse.say("tenant", "set", "T", "colour", code=2),
    )
    assert tuples(mine + theirs, "name value") == [
        ("champions_see_others", "distribution"),
        ("champions_see_exemplars", "no"),
        ("risk_estimates", "off"),
        ("champions_see_others", "nothing"),
        ("champions_see_exemplars", "no"),
        ("risk_estimates", "off"),
    ]
    assert "nothing|distribution" in wrong.err
    assert "champions_see_others" in unknown.err


def test_groups_of_a_provider_give_roles_in_one_tenant(warehouse):
    leads = ("leads", "--provider", "entra")
    warehouse.say("group", "add", *leads, "--role", "senior_leader", *T)
    warehouse.say("group", "add", *leads, "--role", "corporate_lead", "--no-export", *T)
    warehouse.say(
        "group",
        "add",
        "libs",
        "--provider",
        "entra",
        "--role",
        "champion",
        "--department",
        "L",
        "--department",
        "M",
        *T,
    )
    mine, theirs, operator = at_once(
        lambda: warehouse.records("group", "list", *T),
        lambda: warehouse.records("group", "list", "--tenant", "OTHER"),
        lambda: warehouse.say("group", "add", *leads, "--role", "operator", *T, code=2),
    )
    assert tuples(mine, "provider group role department_code export") == [
        ("entra", "leads", "corporate_lead", None, False),
        ("entra", "libs", "champion", "L", True),
        ("entra", "libs", "champion", "M", True),
    ]
    assert theirs == []
    assert "operator" in operator.err
    warehouse.say("group", "remove", *leads, *T)
    warehouse.say("group", "remove", *leads, *T, code=2)
    assert tuples(warehouse.records("group", "list", *T), "group") == [("libs",), ("libs",)]


def test_the_audit_log_says_who_did_what_and_holds_together(either):
    either.say("department", "open", "HR", "--name", "People", *T)
    head = either.say("audit", "head", *T).out.decode().strip()
    either.say("tenant", "set", "T", "champions_see_others=distribution")
    mine, newest, theirs, platform = at_once(
        lambda: either.records("audit", "list", *T),
        lambda: either.records("audit", "list", "--newest", "1", *T),
        lambda: either.records("audit", "list", "--tenant", "OTHER"),
        lambda: either.say("audit", "list", "--platform"),
    )
    assert {row["actor"] for row in mine} == {"command line: pat"}
    assert [row["entry"] for row in mine] == list(range(len(mine), 0, -1))
    assert "opened department" in {row["action"] for row in mine}
    assert newest == mine[:1]
    assert tuples(newest, "action object detail") == [
        ("chose", "champions_see_others", {"before": "nothing", "now": "distribution"})
    ]
    assert "opened department" not in {row["action"] for row in theirs}
    assert isinstance(platform.json, list)
    verified, anchored, wrong, nonsense, both = at_once(
        lambda: either.say("audit", "verify"),
        lambda: either.say("audit", "verify", *T, "--anchor", head),
        lambda: either.say("audit", "verify", *T, "--anchor", f"{head[:-1]}{'0' if head[-1] != '0' else '1'}", code=1),
        lambda: either.say("audit", "verify", *T, "--anchor", "yesterday", code=2),
        lambda: either.say("audit", "head", *T, "--platform", code=2),
    )
    assert [line.split(":")[1].strip() for line in verified.err.splitlines()] == [
        "tenant OTHER",
        "tenant T",
        "the platform",
    ]
    assert "each as it was written" in anchored.err
    assert f"entry {head.split(':')[0]} is not" in wrong.err
    assert "NUMBER:SHA256" in nonsense.err
    assert "--platform" in both.err


def test_an_entry_that_was_changed_or_cut_off_behind_the_programs_back_is_found(warehouse):
    for value in ("distribution", "nothing", "distribution"):
        warehouse.say("tenant", "set", "T", f"champions_see_others={value}")
    head = warehouse.say("audit", "head", *T).out.decode().strip()
    number = int(head.split(":")[0])

    def behind_its_back(*statements):
        with sqlite3.connect(warehouse.folder / "assay.db") as connection:
            triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement, (number - 1,))
            for _, sql in triggers:
                connection.execute(sql)

    behind_its_back("UPDATE audit_entries SET actor = 'somebody else' WHERE entry_number = ?")
    changed = warehouse.say("audit", "verify", *T, code=1)
    assert f"tenant T: entry {number - 1} was changed" in changed.err
    everything = warehouse.say("audit", "verify", code=1)
    assert "tenant OTHER" in everything.err  # the others are looked at all the same
    behind_its_back("DELETE FROM audit_entries WHERE entry_number >= ?")
    cut, anchored = at_once(
        lambda: warehouse.say("audit", "verify", *T),
        lambda: warehouse.say("audit", "verify", *T, "--anchor", head, code=1),
    )
    assert "each as it was written" in cut.err  # nothing inside can tell: hence the anchor
    assert "cut short" in anchored.err


def test_people_are_let_in_changed_and_sent_away(either):
    either.say("department", "open", "HR", "--name", "People", *T)
    operator = either.say("user", "add", "op@platform.uk", "--role", "operator")
    lead = ("jo@ashcombe.uk", "--role", "administrator")
    either.say("user", "add", *lead, *T)
    own = ("al@ashcombe.uk", "--role", "champion", "--department", "HR")
    invited = either.say("user", "invite", *own, *T)
    assert [len(said.out.split()) for said in (operator, invited)] == [1, 1]  # the password, and nothing else
    again, nobody, past, elsewhere = at_once(
        lambda: either.say("user", "invite", *own, *T, code=2),
        lambda: either.say("user", "grant", "who@ashcombe.uk", "--role", "champion", *T, code=2),
        lambda: either.say("user", "grant", *own, "--until", "2020-01-01", *T, code=2),
        lambda: either.say("user", "revoke", "al@ashcombe.uk", "--tenant", "OTHER", code=2),
    )
    assert b"" == again.out == nobody.out == past.out == elsewhere.out
    assert "assay user list --tenant T" in nobody.err
    either.say("user", "grant", *own, "--until", "2999-01-01", "--no-export", *T)
    listed, everybody = at_once(lambda: either.records("user", "list", *T), lambda: either.records("user", "list"))
    assert tuples(listed, "email kept_by role departments until export disabled") == [
        ("al@ashcombe.uk", "tenant", "champion", ["HR"], "2999-01-01", False, False),
        ("jo@ashcombe.uk", "platform", "administrator", [], None, False, False),
    ]
    assert tuples(everybody, "email kept_by operator tenants") == [
        ("al@ashcombe.uk", "T", False, ["T"]),
        ("jo@ashcombe.uk", "platform", False, ["T"]),
        ("op@platform.uk", "platform", True, []),
    ]
    last = either.say("user", "revoke", "jo@ashcombe.uk", *T, code=2)
    assert "only administrator" in last.err
    either.say("user", "revoke", str(listed[0]["person"]), *T)
    assert either.records("user", "list", *T)[0]["role"] is None


def test_ways_in_are_reset_and_closed_and_every_step_is_in_the_log(warehouse):
    warehouse.say("user", "invite", "al@ashcombe.uk", "--role", "senior_leader", *T)
    link = warehouse.say("user", "reset-password", "al@ashcombe.uk", *T)
    assert re.fullmatch(r"/reset/[\w-]{40,}", link.out.decode().strip())
    warehouse.settings["ASSAY_ORIGIN"] = "https://assay.example"
    whole = warehouse.say("user", "reset-password", "al@ashcombe.uk")
    assert whole.out.startswith(b"https://assay.example/reset/")
    password = warehouse.say("user", "reset-password", "al@ashcombe.uk", "--password", *T)
    for words in (("reset-second-factor",), ("sessions", "end"), ("disable",), ("enable",)):
        assert warehouse.say("user", *words, "al@ashcombe.uk", *T).out == b""
        assert warehouse.say("user", *words, "al@ashcombe.uk").out == b""
    mine, platform = at_once(
        lambda: warehouse.records("audit", "list", *T), lambda: warehouse.records("audit", "list", "--platform")
    )
    done = {"made a reset link", "reset password", "reset second factor", "ended sessions", "disabled", "enabled"}
    assert done <= {row["action"] for row in mine}
    assert done <= {row["action"] for row in platform}
    for row in (*mine, *platform):
        assert "@" not in json.dumps(row["detail"])
        for secret in (link, whole, password):
            assert secret.out.decode().strip().split("/")[-1] not in json.dumps(row)


def test_an_address_with_two_accounts_is_told_apart_by_number(warehouse):
    warehouse.say("user", "invite", "al@ashcombe.uk", "--role", "senior_leader", *T)
    warehouse.say("user", "add", "al@ashcombe.uk", "--role", "senior_leader", "--tenant", "OTHER")
    said = warehouse.say("user", "disable", "al@ashcombe.uk", code=2)
    numbers = {row["kept_by"]: row["person"] for row in warehouse.records("user", "list")}
    assert f"{numbers['T']} (kept by T)" in said.err
    warehouse.say("user", "disable", str(numbers["platform"]))
    assert tuples(warehouse.records("user", "list"), "kept_by disabled") == [("T", False), ("platform", True)]


def test_a_token_is_shown_once_listed_without_itself_and_revoked(warehouse):
    warehouse.say("department", "open", "HR", "--name", "People", *T)
    token = warehouse.say("token", "add", "Nightly export", "--scope", "read", "--department", "HR", "--days", "30", *T)
    secret = token.out.decode().strip()
    assert secret.startswith("assay_")
    unknown, endless, unnamed = at_once(
        lambda: warehouse.say("token", "add", "Nightly", "--scope", "read", "--department", "GONE", *T, code=2),
        lambda: warehouse.say("token", "add", "Nightly", "--scope", "read", "--days", "4000", *T, code=2),
        lambda: warehouse.say("token", "add", "Nightly", "--scope", "everything", *T, code=2),
    )
    assert b"" == unknown.out == endless.out == unnamed.out
    listed, theirs = at_once(
        lambda: warehouse.say("token", "list", *T), lambda: warehouse.records("token", "list", "--tenant", "OTHER")
    )
    assert tuples(listed.json, "token name scopes departments over") == [(1, "Nightly export", ["read"], ["HR"], False)]
    assert secret not in listed.out.decode()
    assert theirs == []
    warehouse.say("token", "revoke", "1", "--tenant", "OTHER", code=2)
    warehouse.say("token", "revoke", "1", *T)
    assert tuples(warehouse.records("token", "list", *T), "token over") == [(1, True)]


def test_profiles_and_sources_are_kept_with_every_edition_and_a_load_uses_them(warehouse):
    ours = 'name = "Ours"\nbase = "cse"\nin_force_from = 2026-01-01\nannual_elements = ["1.1.1"]\n'
    warehouse.write("ours.toml", ours)
    warehouse.write("wrong.toml", 'name = "Ours"\nbase = "cse"\nannual_elements = ["9.9.9"]\n')
    warehouse.say("profile", "add", "ours.toml", *T)
    assert "there already" in warehouse.say("profile", "add", "ours.toml", *T).err
    warehouse.write("ours.toml", ours.replace("1.1.1", "1.1.2"))
    warehouse.say("profile", "add", "ours.toml", *T)
    warehouse.say("profile", "add", "wrong.toml", *T, code=(1, 2))
    versions = warehouse.records("profile", "list", *T)
    assert tuples(versions, "profile name in_force_from edition holds") == [
        (None, "Ours", "2026-01-01", 2, True),
        (None, "Ours", "2026-01-01", 1, False),
    ]
    assert [version["body"]["annual_elements"] for version in versions] == [["1.1.2"], ["1.1.1"]]
    source = '[columns]\n"Std ref" = "element"\n'
    warehouse.write("theirs.toml", source)
    warehouse.write("nonsense.toml", "colour = 1\n")
    warehouse.say("source", "add", "theirs.toml", "--code", "housing", *T)
    warehouse.say("source", "add", "nonsense.toml", *T, code=2)
    assert tuples(warehouse.records("source", "list", *T), "source edition added_by") == [
        ("housing", 1, "command line: pat")
    ]
    assert warehouse.say("source", "show", "housing", *T).out.decode() == source
    heading = ("Department code", "Assessment type", "Assessed on", "Std ref", "Band")
    warehouse.csv("theirs.csv", heading, "HR,initial,2025-03-07,1.1.1,C")
    loaded = warehouse.load("theirs.csv", "--source", "housing")
    assert loaded.files[0]["loaded"] == 1
    unknown = warehouse.say("load", "theirs.csv", "--source", "gone", *T, code=2)
    assert "housing" in unknown.err

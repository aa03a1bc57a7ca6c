"""Standards and profiles are files: another one needs no code and no restart (commands.md)."""

import io

import openpyxl

from tests.journeys.command_line import RESULT, at_once, only, tuples

STANDARD = """
code = "homes"
title = "Good Homes Mark"
edition = "2025"
source = "Made up for a test"

[[bands]]
code = "compliance_plus"
label = "Outstanding"
sign = "O"
meaning = "Better than asked"
spellings = ["Top"]

[[bands]]
code = "compliant"
label = "Good"
sign = "G"
meaning = "As asked"
spellings = ["OK"]

[[bands]]
code = "partial"
label = "Requires improvement"
sign = "R"
meaning = "Almost"
spellings = ["RI"]

[[bands]]
code = "non_compliant"
label = "Inadequate"
sign = "I"
meaning = "No"
spellings = ["Poor"]

[[bands]]
code = "not_applicable"
label = "Not relevant"
sign = "x"
meaning = "Not asked here"
spellings = ["NR"]

[[criteria]]
code = "A"
title = "Warm"
{elements_a}

[[criteria]]
code = "2"
title = "Dry"
{elements_2}

[profile]
cycle_years = 2
annual_elements = []
[profile.allowances]
A = 0
2 = 1
"""


def elements(*codes):
    return "\n".join(
        f'[[criteria.elements]]\ncode = "{code}"\ntitle = "Asks {code}"\nguidance = "Shows {code}"' for code in codes
    )


HOMES = STANDARD.format(elements_a=elements("A1", "A2", "A10"), elements_2=elements("2.1", "2.2", "2.10"))


def test_the_shipped_standard_is_listed_and_shown(warehouse):
    listed, shown, unknown = at_once(
        lambda: warehouse.records("standard", "list"),
        lambda: warehouse.records("standard", "show", "cse"),
        lambda: warehouse.say("standard", "show", "nothing", code=2),
    )
    assert "cse" in {row["code"] for row in listed}
    assert len(shown) == 57
    assert "1.1.1" in str(shown[0])
    assert "nothing" in unknown.err


def test_a_standard_of_another_shape_works_like_the_shipped_one(warehouse):
    warehouse.write("homes.toml", HOMES)
    warehouse.say("standard", "check", "homes.toml")
    assert "homes" not in {row["code"] for row in warehouse.records("standard", "list")}  # check writes nothing
    warehouse.say("standard", "add", "homes.toml")
    warehouse.say("tenant", "add", "HOMES", "--name", "Homes", "--standard", "homes")
    assert [row["element"] for row in warehouse.records("standard", "show", "homes")] == [
        "A1",
        "A2",
        "A10",
        "2.1",
        "2.2",
        "2.10",
    ]
    warehouse.csv("results.csv", RESULT,
        "H,initial,2025-03-07,A1,Outstanding",
        "H,initial,2025-03-07,A2,ok",
        "H,initial,2025-03-07,A10,Requires-Improvement",
        "H,initial,2025-03-07,2.1,RI (soon better)",
        "H,initial,2025-03-07,2.2,NOT RELEVANT",
        "H,initial,2025-03-07,2.10,Good",
        "H,initial,2025-03-07,1.1.1,Good",
        "H,initial,2025-03-07,A3,Good",
        "K,initial,2025-03-07,A1,Compliant",
    )  # fmt: skip
    warehouse.csv("wide.csv", "Department code,Assessment type,Assessed on,A1,2.10", "W,initial,2025-03-07,Top,Poor")
    warehouse.csv(
        "certificates.csv", "Certificate code,Department code,Awarded on,Expires on", "C,H,2025-01-01,2027-01-01"
    )
    book = openpyxl.Workbook()
    book.active.append(list(RESULT))
    book.active.append(["X", "initial", "2025-03-07", 2.1, "Good"])  # 2.1, or 2.10 that lost its nought?
    book.active.append(["X", "initial", "2025-03-07", "2.10", "Good"])
    out = io.BytesIO()
    book.save(out)
    warehouse.write("numbers.xlsx", out.getvalue())
    loaded = warehouse.load("results.csv", "wide.csv", "certificates.csv", "numbers.xlsx", tenant="HOMES", code=3)
    # "Compliant" is a word of another standard: whether it is taken is not for the page to say, that it is not lost is.
    assert set(loaded.why("results.csv")) - {10} == {8, 9}
    assert set(loaded.why("numbers.xlsx")) == {2}
    assert loaded.file("wide.csv")["loaded"] == 2
    standing, headroom, coverage = at_once(
        lambda: warehouse.measure("standing", "--as-of", "2025-06-01", "--department", "H", tenant="HOMES"),
        lambda: warehouse.measure("headroom", "--as-of", "2025-06-01", "--department", "H", tenant="HOMES"),
        lambda: warehouse.measure("coverage", "--as-of", "2026-06-01", tenant="HOMES"),
    )
    assert tuples(standing, "element band") == [
        ("2.1", "partial"),
        ("2.2", "not_applicable"),
        ("2.10", "compliant"),
        ("A1", "compliance_plus"),
        ("A2", "compliant"),
        ("A10", "partial"),
    ]
    keys = "criterion elements compliance_plus compliant partial not_applicable allowance headroom status"
    assert tuples(headroom, keys) == [("2", 3, 0, 1, 1, 1, 1, 0, "at_limit"), ("A", 3, 1, 1, 1, 0, 0, -1, "fails")]
    assert {len(row["years"]) for row in coverage} == {2}
    assert [row["covered"] for row in coverage] == [False] * 6  # the assessment opened the cycle


def test_a_standard_that_contradicts_itself_is_refused_with_the_place(warehouse):
    files = {
        "twice.toml": (HOMES.replace('"A2"', '"A1"'), "A1"),
        "broken.toml": ("code = ", "broken.toml"),
        "no-title.toml": (HOMES.replace('title = "Good Homes Mark"\n', ""), "title"),
        "clash.toml": (HOMES.replace('["OK"]', '["Top"]'), "Top"),
        "allowance.toml": (HOMES.replace("A = 0", "B = 0"), "B"),
    }
    for name, (text, _) in files.items():
        warehouse.write(name, text)
    said = at_once(
        *(lambda name=name: warehouse.say("standard", "check", name, code=2) for name in files),
        lambda: warehouse.say("standard", "add", "twice.toml", code=2),
        lambda: warehouse.say("standard", "check", "nowhere.toml", code=2),
    )
    for (name, (_, word)), answer in zip(files.items(), said, strict=False):
        assert word in answer.err, name
        assert name in answer.err
        assert "Traceback" not in answer.err
    assert "homes" not in {row["code"] for row in warehouse.records("standard", "list")}


def test_a_profile_that_contradicts_its_standard_is_refused_and_leaves_no_tenant(warehouse):
    files = {
        "key.toml": ('name = "X"\nbase = "cse"\nalowances = 2\n', "alowances"),
        "element.toml": ('name = "X"\nbase = "cse"\nannual_elements = ["1.1.10"]\n', "1.1.10"),
        "name.toml": ('base = "cse"\n', "name"),
        "no-base.toml": ('name = "X"\n', "base"),
        "base.toml": ('name = "X"\nbase = "nothing"\n', "nothing"),
        "type.toml": ('name = "X"\nbase = "cse"\ncycle_years = "three"\n', "cycle_years"),
        "word.toml": ('name = "X"\nbase = "cse"\nunknown_departments = "perhaps"\n', "unknown_departments"),
    }
    for name, (text, _) in files.items():
        warehouse.write(name, text)
    said = at_once(
        *(
            lambda name=name: warehouse.say("tenant", "add", "P", "--name", "P", "--profile", name, code=2)
            for name in files
        )
    )
    for (name, (_, word)), answer in zip(files.items(), said, strict=True):
        assert word in answer.err, name
    warehouse.say("loads", "--tenant", "P", code=2)


def test_a_measure_uses_the_version_of_the_profile_in_force_on_the_day(warehouse):
    warehouse.write("old.toml", 'name = "Body"\nbase = "cse"\nin_force_from = 2020-01-01\n[allowances]\n4 = 0\n')
    warehouse.write("new.toml",
        'name = "Body, 2026"\nbase = "cse"\nin_force_from = 2026-01-01\nannual_elements = ["1.1.1"]\n'
        "[allowances]\n1 = 5\n")  # fmt: skip
    warehouse.say("tenant", "add", "P", "--name", "P", "--profile", "old.toml", "--profile", "new.toml")
    warehouse.csv("results.csv", RESULT, "A,annual_review,2019-03-07,1.1.1,P")
    warehouse.csv(
        "certificates.csv", "Certificate code,Department code,Awarded on,Expires on", "C,A,2019-01-01,2028-01-01"
    )
    warehouse.load("results.csv", "certificates.csv", tenant="P")
    ever, before, after, coverage, earlier = at_once(
        *(lambda day=day: warehouse.measure("headroom", "--as-of", day, "--department", "A", tenant="P")
          for day in ("2019-06-01", "2025-12-31", "2026-01-01")),
        *(lambda day=day: warehouse.measure("coverage", "--as-of", day, tenant="P")
          for day in ("2026-01-01", "2025-12-31")),
    )  # fmt: skip
    assert [row["allowance"] for row in ever] == [2, 2, 2, 0, 2]  # the first version is in force since ever
    assert [row["allowance"] for row in before] == [2, 2, 2, 0, 2]
    assert [row["allowance"] for row in after] == [5, 2, 2, 3, 2]
    assert [row["headroom"] for row in after] == [4, 2, 2, 3, 2]
    assert [row["element"] for row in coverage if row["kind"] == "annual"] == ["1.1.1"]
    assert {row["kind"] for row in earlier} == {"rolling"}


def test_a_certificates_own_profile_overrides_the_tenants_for_its_coverage_and_visits(warehouse):
    warehouse.write("ours.toml", 'name = "Ours"\nbase = "cse"\n')
    warehouse.write("theirs.toml",
        'name = "Their body"\ncode = "theirs"\nbase = "cse"\n'
        "remote_visits_count = true\nopening_assessment_counts = true\n"
        'annual_elements = ["5.3.3"]\ncycle_years = 2\n')  # fmt: skip
    warehouse.say("tenant", "add", "P", "--name", "P", "--profile", "ours.toml", "--profile", "theirs.toml")
    heading = "Certificate code,Department code,Awarded on,Expires on,Profile"
    warehouse.csv("certificates.csv", heading, "C-1,A,2025-01-01,2028-01-01,", "C-2,B,2025-01-01,2027-01-01,Their body")
    warehouse.csv("results.csv", RESULT, "A,initial,2025-01-07,1.1.1,C", "B,initial,2025-01-07,1.1.1,C")
    warehouse.csv("sites.csv", "Site code,Site name,Department code", "S-A,A's,A", "S-B,B's,B")
    warehouse.csv("visits.csv", "Site code,Visited on,Mode", "S-A,2025-02-01,remote", "S-B,2025-02-01,remote")
    warehouse.load("certificates.csv", "results.csv", "sites.csv", "visits.csv", tenant="P")
    coverage, visits = at_once(
        lambda: warehouse.measure("coverage", "--as-of", "2025-06-01", tenant="P"),
        lambda: warehouse.measure("visits", "--as-of", "2025-06-01", tenant="P"),
    )
    assert tuples(visits, "certificate_code visited") == [("C-1", 0), ("C-2", 1)]
    first = {row["certificate_code"]: row for row in coverage if row["element"] == "1.1.1"}
    assert (first["C-1"]["covered"], first["C-2"]["covered"]) == (False, True)
    assert (len(first["C-1"]["years"]), len(first["C-2"]["years"])) == (3, 2)
    assert [(row["certificate_code"], row["element"]) for row in coverage if row["kind"] == "annual"] == [
        ("C-2", "5.3.3")
    ]
    # A profile that nobody knows is not guessed.
    warehouse.csv("certificates.csv", heading, "C-3,A,2026-01-01,2028-01-01,Nobody's")
    loaded = warehouse.load("certificates.csv", tenant="P", code=3)
    assert only(loaded.files, "certificates.csv")["set_aside"] == 1
    assert "Nobody's" in loaded.why("certificates.csv")[2]


def test_a_tenants_code_is_taken_once_and_its_standard_must_exist(warehouse):
    unknown = warehouse.say("tenant", "add", "NEW", "--name", "New", "--standard", "nothing", code=2)
    assert "nothing" in unknown.err
    warehouse.say("tenant", "add", "NEW", "--name", "New")
    warehouse.say("tenant", "add", "", "--name", "Nobody", code=2)


def test_a_source_file_maps_a_senders_headings_and_words(warehouse):
    warehouse.write("sender.toml", """
name = "Housing"
day_first = false
[columns]
"Team" = "department_code"
"Ref no" = "element"
"Grade" = "band"
"When" = "assessed_on"
[fixed]
assessment_type = "annual_review"
[bands]
"Green" = "compliant"
"Amber" = "partial"
""")  # fmt: skip
    warehouse.csv("housing.csv", "Team,Ref no,Grade,When", "H,1.1.1,GREEN,03/07/2025", "H,1.1.2,Amber,2025-03-07",
                  "H,1.1.3,Red,2025-03-07")  # fmt: skip
    warehouse.write("wrong.toml", 'name = "X"\n[columns]\n"Team" = "departmentcode"\n')
    loaded, wrong = (
        warehouse.load("housing.csv", "--source", "sender.toml", code=3),
        warehouse.say("load", "housing.csv", "--tenant", "T", "--source", "wrong.toml", code=2),
    )
    assert "departmentcode" in wrong.err
    assert loaded.why("housing.csv").keys() == {4}
    assert tuples(warehouse.measure("standing", "--department", "H"), "element band assessed_on") == [
        ("1.1.1", "compliant", "2025-03-07"),
        ("1.1.2", "partial", "2025-03-07"),
    ]

"""Where files come from, and what a sender's source file says."""

import pytest

from etl.sources import found, source
from scheme.errors import UsageError
from tests.etl.made import csv, said, whys, write


def names(*paths, own=()):
    files, notes = found(paths, own)
    return [file.name for file in files], notes


def test_a_folder_a_file_and_a_pattern_are_files_with_names_of_their_own(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    write(tmp_path / "in", a_csv="a", b_csv="b")
    write(tmp_path / "in" / "deep", c_csv="c")
    assert names(tmp_path / "in") == (["a.csv", "b.csv", "deep/c.csv"], [])
    assert names(tmp_path / "in" / "a.csv") == (["a.csv"], [])
    assert names(f"{tmp_path}/in/*.csv") == (["a.csv", "b.csv"], [])
    assert names(f"{tmp_path}/in/**/*.csv") == (["a.csv", "b.csv", "deep/c.csv"], [])


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    write(tmp_path, a_csv="a")
    assert names(tmp_path, tmp_path / "a.csv", f"{tmp_path}/*.csv")[0] == ["a.csv"]


def test_two_files_of_one_name_are_told_apart(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, a_csv="a")
    both, _ = names(tmp_path / "one", tmp_path / "two")
    assert both == [f"{tmp_path}/one/a.csv", f"{tmp_path}/two/a.csv"]


def test_hidden_and_temporary_files_and_the_warehouse_are_skipped_and_named(tmp_path):
    write(tmp_path, a_csv="a", assay_db="x")
    for name in ("~$a.xlsx", ".~lock.a.ods#", ".hidden.csv"):
        (tmp_path / name).write_text("x")
    files, notes = names(tmp_path, own={(tmp_path / "assay.db").resolve()})
    assert files == ["a.csv"]
    assert len(notes) == 4
    assert names(tmp_path / ".hidden.csv")[0] == [".hidden.csv"]  # named by its sender, it is meant


@pytest.mark.parametrize("path", ["nowhere.csv", "*.ods", "folder"])
def test_a_path_that_names_nothing_is_wrong_usage(tmp_path, path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=path.replace("*", r"\*")):
        found([f"{tmp_path}/{path}"])


WHOLE = """
name = "Northside"
table = "results"
day_first = false
date_1904 = true
[columns]
"Dept." = "department_code"
Ref = "element"
Rating = "band"
When = "assessed_on"
[bands]
"Nearly there" = "partial"
Pending = "not_assessed"
[assessment_types]
"Year 2" = "annual_review"
[fixed]
assessment_type = "Year 2"
"""


def test_a_source_file_says_what_headings_and_words_mean(tmp_path):
    rows = ("HR,1.1.1,Nearly There,04/03/2025", "HR,1.1.2,pending,04/03/2025", "HR,1.1.3,C,13/04/2025")
    write(tmp_path, a_csv=csv("DEPT.,ref,Rating,when", *rows))
    (tmp_path / "source.toml").write_text(WHOLE)
    read = source(tmp_path / "source.toml")
    assert (read.name, read.table, read.day_first, read.date_1904) == ("Northside", "results", False, True)
    (tmp_path / "source.toml").unlink()
    report = said(tmp_path, source=read)
    assert (report.files[0].loaded, report.files[0].no_result) == (1, 1)
    assert "day_first" in whys(report)["a.csv", 4]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("colums = {}", "`colums` (did you mean columns?)"),
        ("table = 'result'", "`table`"),
        ("day_first = 'no'", "`day_first`"),
        ("[columns]\nDept = 'departmnt_code'", "did you mean department_code?"),
        ("[columns]\n'' = 'department_code'", "empty word"),
        ("[bands]\nAmber = 'amber'", "[bands] maps 'Amber' to 'amber'"),
        ("[assessment_types]\nX = 'annual'", "[assessment_types]"),
        ("[fixed]\nsite = 'S'", "[fixed] names `site`"),
        ("[fixed]\nsite_code = ['S']", "[fixed] `site_code`"),
        ("bands = 'x'", "write [bands]"),
        ("name = ", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_source_file_is_named_by_its_key(tmp_path, body, named):
    path = tmp_path / "source.toml"
    path.write_text(body)
    with pytest.raises(UsageError) as wrong:
        source(path)
    assert named in str(wrong.value)
    assert "source.toml" in str(wrong.value)


def test_a_source_file_that_is_not_there_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="source file"):
        source(tmp_path / "nowhere.toml")

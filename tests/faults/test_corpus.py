"""Every damaged or hostile file ends in a message that says where and what to do, and the good file behind it loads."""

import re
from pathlib import Path

import pytest

from etl.run import LoadReport, check
from tests.etl.made import TODAY, accounted
from tests.faults.corpus import FAULTS, paper, write_all

PAPER = Path(__file__).parents[2] / "docs" / "faults.md"
REMEDY = re.compile(
    r"\b(send|save|type|write|unmerge|mend|export|delete|fill in|shorten|keep one|correct|complete|split|unpack|open"
    r"|leave|put|check|add|use|unprotect)\b",
    re.I,
)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> LoadReport:
    """What is said of the whole corpus, each file with a good one behind it."""
    folder = tmp_path_factory.mktemp("corpus")
    write_all(folder)
    return check([folder], today=TODAY)


def test_every_row_of_the_corpus_is_accounted_for_and_every_file_behind_a_fault_loads(report):
    accounted(report)
    good = [file for file in report.files if file.file.endswith("~~good.csv")]
    assert len(good) == len(FAULTS)
    assert [(file.read, file.loaded, file.outcome) for file in good] == [(3, 3, "loaded")] * len(good)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_in_a_message_that_says_where_and_what_to_do(report, name):
    fault, place = FAULTS[name], list(FAULTS).index(name)
    (file,) = (file for file in report.files if file.file == f"{place:02}/{name}".replace("\n", "\\n"))
    number = report.files.index(file) + 1
    assert file.sheet == fault.sheet
    assert (file.outcome, file.loaded) == ("refused" if fault.refused else "loaded", fault.loads), file
    if fault.refused:
        assert all(word in file.reason for word in fault.refused), file.reason
        assert REMEDY.search(file.reason), file.reason
    for word in fault.noted:
        assert any(word in note for note in file.notes), file.notes
    aside = {row.row: row for row in report.rejected if row.file_number == number}
    assert set(aside) == set(fault.aside)
    for row, words in fault.aside.items():
        assert all(word in aside[row].why for word in words), aside[row].why
        assert REMEDY.search(aside[row].why), aside[row].why
        assert any(aside[row].cells.values())


def test_the_paper_on_faults_lists_the_corpus():
    assert paper() in PAPER.read_text("utf-8")

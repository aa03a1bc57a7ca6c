"""Words and numbers that really occur (inputs.md section 3), sent through files and asked back from the history."""

import pytest

from tests.journeys.command_line import RESULT, at_once

BANDS = {
    "compliance_plus": (
        "Compliance Plus|Compliance-Plus|Compliance +|Compliant Plus|Complaint Plus|CP|C+|Best Practice|"
        "compliance_plus|COMPLIANCE PLUS|  compliance   plus |c +|cp|Compliance plus (best practice)|"
        "Com\N{SOFT HYPHEN}pliance Plus"
    ),
    "compliant": (
        "Compliant|Compliance|Fully Compliant|Full Compliance|Fully Met|Met|C|COMPLIANT|fully-met|c|met (see note)|"
        "Compliant\N{NO-BREAK SPACE}"
    ),
    "partial": (
        "Partial Compliance|Partial Compliant|Partially Compliant|Partial|Partially Met|PC|P|p|PARTIAL-COMPLIANCE|"
        "partial (not everywhere)"
    ),
    "non_compliant": (
        "Non-compliant|Non Compliance|Major non-compliance|Not Met|NC|N|noncompliant|non_compliant|NON COMPLIANT|"
        "Non\N{NON-BREAKING HYPHEN}compliant"
    ),
    "not_applicable": "N/A|NA|Not applicable|n/a|not_applicable|NOT APPLICABLE (no charges)",
}
TAKEN = [(word, band) for band, words in BANDS.items() for word in words.split("|")]
NO_RESULT = ["", "-", "TBC", "Not assessed", "Not reviewed", "tbc", " ", "NOT ASSESSED", "not-reviewed"]
NO_BAND = ["Amber", "Compliantish", "Plus", "1", "CPP", "C/P", "?", "#N/A", "TRUE"]

ELEMENTS = [
    ("1.1.1", "1.1.1"),
    ("I.1.1", "1.1.1"),
    ("III.2.4", "3.2.4"),
    ("IV.3.6", "4.3.6"),
    ("V.3.3", "5.3.3"),
    ("ii.2.5", "2.2.5"),
    ("\N{ROMAN NUMERAL ONE}.1.2", "1.1.2"),
    ("\N{ROMAN NUMERAL FOUR}.1.1", "4.1.1"),
    ("1.1.1.", "1.1.1"),
    ("I.1.1.", "1.1.1"),
    (" 1.1.1 ", "1.1.1"),
    ("1. 1. 1", "1.1.1"),
    ("1.1.1\N{NO-BREAK SPACE}", "1.1.1"),
    ("1.\N{NO-BREAK SPACE}1.1", "1.1.1"),
    ("\N{FULLWIDTH DIGIT ONE}.\N{FULLWIDTH DIGIT ONE}.\N{FULLWIDTH DIGIT TWO}", "1.1.2"),
    ("1\N{FULLWIDTH FULL STOP}1\N{FULLWIDTH FULL STOP}3", "1.1.3"),
    ("1-1-1", "1.1.1"),
    ("4-3-2", "4.3.2"),
    ("Element 1.1.1", "1.1.1"),
    ("ELEMENT 5.2.5", "5.2.5"),
    ("element I.1.1.", "1.1.1"),
    ("1.1.\N{ZERO WIDTH SPACE}1", "1.1.1"),
    ("1.3.5", "1.3.5"),
]
NO_ELEMENT = [
    # what is written, and what the reason must name
    ("1.1.10", "1.1."),  # the nearest existing codes
    ("4.5.4", "4."),
    ("1.1", "sub-criterion"),
    ("4.3", "sub-criterion"),
    ("1", ""),
    ("", ""),
    ("01/01/2001", "date"),
    ("2001-01-01", "date"),
    ("2001-01-01 00:00:00", "date"),
    ("01-Jan-01", "date"),
    ("\N{CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I}.1.1", "0406"),  # code points are named
    ("\N{ARABIC-INDIC DIGIT ONE}.1.1", "0661"),
    ("\N{RIGHT-TO-LEFT OVERRIDE}1.1.2\N{CYRILLIC SMALL LETTER A}", "0430"),
    ("1_1_1x", ""),
    ("1.1.1.1", ""),
    ("9.9.9", ""),
    ("VI.1.1", ""),
    ("l.1.1", ""),  # a small L
    ("#REF!", ""),
    ("abc", ""),
]
DAYS = [
    ("2025-03-07", "2025-03-07"),
    ("07/03/2025", "2025-03-07"),
    ("7/3/2025", "2025-03-07"),
    ("13/04/2025", "2025-04-13"),
    ("7th Mar 2025", "2025-03-07"),
    ("7 March 2025", "2025-03-07"),
    ("1st January 2025", "2025-01-01"),
    ("22nd Feb 2025", "2025-02-22"),
    ("3rd AUGUST 2025", "2025-08-03"),
    (" 07/03/2025 ", "2025-03-07"),
    ("7\N{NO-BREAK SPACE}March 2025", "2025-03-07"),
    ("29/02/2024", "2024-02-29"),
    ("45723", "2025-03-07"),
]
NO_DAY = [
    ("March 2025", "day"),
    ("Mar 2025", "day"),
    ("2025", "day"),
    ("2025-03", "day"),
    ("03/2025", "day"),
    ("30/02/2025", ""),
    ("29/02/2025", ""),
    ("2025-02-29", ""),
    ("04/13/2025", ""),  # day first: there is no 13th month
    ("2025-13-01", ""),
    ("", ""),
    ("soon", ""),
    ("TBC", ""),
    ("#VALUE!", ""),
    ("2999-01-01", ""),
    ("01/01/2999", ""),
]
YES = ["yes", "YES", "y", "Y", "true", "TRUE", "1", "x", "X", " yes "]
NO = ["no", "NO", "n", "N", "false", "False", "0", ""]
NO_FLAG = ["maybe", "2", "ja"]
CODES = [
    "007",
    "1.10",
    "1.1",
    "1E5",
    "3-4",
    "TRUE",
    "2025-01",
    "NA",
    "null",
    "nan",
    "D&T / 2",
    "Café",
    "1,5",
    '"Q"',
    "=A1",
]
TYPES = [
    ("self_assessment", "self_assessment"),
    ("gap_analysis", "gap_analysis"),
    ("desk_review", "desk_review"),
    ("initial", "initial"),
    ("annual_review", "annual_review"),
    ("renewal", "renewal"),
    ("reassessment", "reassessment"),
    ("Annual Review", "annual_review"),
    ("SELF-ASSESSMENT", "self_assessment"),
    ("Gap  analysis", "gap_analysis"),
]
NO_TYPE = ["", "visit", "Amber"]


@pytest.fixture(scope="module")
def sent(shared):
    """One load of a file for each kind of word, every row about a department of its own; history and rows set aside."""

    def rows(written, row):
        return [row(f"{n}", word) for n, word in enumerate(written, start=2)]

    first = [word for word, _ in TAKEN]
    shared.csv("words/bands.csv", RESULT, *rows([*first, *NO_RESULT, *NO_BAND], lambda n, word:
        (f"BAND-{n}", "annual_review", "2025-03-07", "1.1.1", word)))  # fmt: skip
    first = [word for word, _ in ELEMENTS]
    shared.csv("words/elements.csv", RESULT, *rows([*first, *(word for word, _ in NO_ELEMENT)], lambda n, word:
        (f"ELEMENT-{n}", "annual_review", "2025-03-07", word, "Compliant")))  # fmt: skip
    first = [word for word, _ in DAYS]
    shared.csv("words/days.csv", RESULT, *rows([*first, *(word for word, _ in NO_DAY)], lambda n, word:
        (f"DAY-{n}", "annual_review", word, "1.1.1", "Compliant")))  # fmt: skip
    shared.csv("words/flags.csv", (*RESULT, "Restated"), *rows([*YES, *NO, *NO_FLAG], lambda n, word:
        (f"FLAG-{n}", "annual_review", "2025-03-07", "1.1.1", "Compliant", word)))  # fmt: skip
    shared.csv("words/codes.csv", RESULT, *rows(CODES, lambda n, word:
        (word, "annual_review", "2025-03-07", "1.1.1", "Compliant")))  # fmt: skip
    shared.csv("words/types.csv", RESULT, *rows([*(word for word, _ in TYPES), *NO_TYPE], lambda n, word:
        (f"TYPE-{n}", word, "2025-03-07", "1.1.1", "Compliant")))  # fmt: skip
    loaded = shared.load("words", code=3)
    history, rejected = at_once(lambda: shared.measure("history"), lambda: loaded.rejected)

    def by_place(records):
        return {(record["file"].rsplit("/", 1)[-1], record["row"]): record for record in records}

    return loaded, by_place(history), by_place(rejected)


def cases(file, words):
    """A parameter for each word of a file, with its row: the header is row 1."""
    return [pytest.param(file, n, *case, id=f"{file} row {n}: {case[0]!r}") for n, case in words]


def numbered(words, after=()):
    return list(enumerate(words, start=2 + len(after)))


@pytest.mark.parametrize(("file", "row", "word", "expected"), [
    *cases("bands.csv", numbered(TAKEN)),
    *cases("elements.csv", numbered(ELEMENTS)),
    *cases("days.csv", numbered(DAYS)),
    *cases("flags.csv", numbered([(word, True) for word in YES])),
    *cases("flags.csv", numbered([(word, False) for word in NO], YES)),
    *cases("codes.csv", numbered([(word, word) for word in CODES])),
    *cases("types.csv", numbered(TYPES)),
])  # fmt: skip
def test_a_spelling_of_the_page_is_understood(sent, file, row, word, expected):
    _, history, rejected = sent
    column = {
        "bands.csv": "band",
        "elements.csv": "element",
        "days.csv": "assessed_on",
        "flags.csv": "restated",
        "codes.csv": "department_code",
        "types.csv": "assessment_type",
    }[file]
    assert (file, row) not in rejected, rejected[file, row]["why"]
    assert history[file, row][column] == expected


@pytest.mark.parametrize(("file", "row", "word", "named"), [
    *cases("bands.csv", numbered([(word, word) for word in NO_BAND], [*TAKEN, *NO_RESULT])),
    *cases("elements.csv", numbered(NO_ELEMENT, ELEMENTS)),
    *cases("days.csv", numbered(NO_DAY, DAYS)),
    *cases("flags.csv", numbered([(word, word) for word in NO_FLAG], [*YES, *NO])),
    *cases("types.csv", numbered([(word, word) for word in NO_TYPE], TYPES)),
])  # fmt: skip
def test_what_is_not_understood_is_set_aside_with_the_reason_and_the_cells_as_sent(sent, file, row, word, named):
    _, history, rejected = sent
    assert (file, row) not in history
    aside = rejected[file, row]
    assert named in aside["why"]
    assert word in aside["cells"].values()


def test_a_band_that_says_nothing_is_no_result(sent):
    loaded, history, rejected = sent
    assert loaded.file("bands.csv")["no_result"] == len(NO_RESULT)
    for row, _ in numbered(NO_RESULT, TAKEN):
        assert ("bands.csv", row) not in history
        assert ("bands.csv", row) not in rejected


def test_every_row_of_every_file_is_accounted_for(sent):
    loaded, *_ = sent
    counts = {
        r["file"].rsplit("/", 1)[-1]: (r["read"], r["loaded"], r["no_result"], r["set_aside"]) for r in loaded.files
    }
    assert counts == {
        "bands.csv": (len(TAKEN) + len(NO_RESULT) + len(NO_BAND), len(TAKEN), len(NO_RESULT), len(NO_BAND)),
        "elements.csv": (len(ELEMENTS) + len(NO_ELEMENT), len(ELEMENTS), 0, len(NO_ELEMENT)),
        "days.csv": (len(DAYS) + len(NO_DAY), len(DAYS), 0, len(NO_DAY)),
        "flags.csv": (len(YES) + len(NO) + len(NO_FLAG), len(YES) + len(NO), 0, len(NO_FLAG)),
        "codes.csv": (len(CODES), len(CODES), 0, 0),
        "types.csv": (len(TYPES) + len(NO_TYPE), len(TYPES), 0, len(NO_TYPE)),
    }


def test_the_nearest_existing_codes_are_named(sent):
    _, _, rejected = sent
    row = 2 + len(ELEMENTS)
    assert "1.1.1" in rejected["elements.csv", row]["why"].replace("1.1.10", "")
    assert "4.3.4" in rejected["elements.csv", row + 1]["why"] or "4.2.4" in rejected["elements.csv", row + 1]["why"]

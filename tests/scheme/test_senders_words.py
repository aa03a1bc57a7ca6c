"""inputs.md section 3: words, codes, days and numbers as senders write them, or a reason that says what to do."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheme.letters import likeness
from scheme.standard import Element, shipped
from scheme.tables import TABLES
from scheme.words import Words

WORDS = Words(shipped("cse"))
KINDS = sorted({column.kind for table in TABLES.values() for column in table.columns})


def value(kind, text, stored="text"):
    read, why = WORDS.parsed(kind, text, stored)
    assert why is None, why
    return read


def why(kind, text, stored="text"):
    read, reason = WORDS.parsed(kind, text, stored)
    assert (read, bool(reason)) == (None, True)
    return reason


@pytest.mark.parametrize(
    ("band", "spellings"),
    {
        "compliance_plus": "Compliance Plus|Compliance-Plus|Compliance +|Compliant Plus|Complaint Plus|CP|C+"
        "|Best Practice|ＣＰ",
        "compliant": "Compliant|Compliance|Fully Compliant|Full Compliance|Fully Met|Met|C|met [see note]",
        "partial": "Partial Compliance|Partial Compliant|Partially Compliant|Partial|Partially Met|PC|P|P (in part)",
        "non_compliant": "Non-compliant|Non Compliance|Major non-compliance|Not Met|NC|N|non\u2011compliant",
        "not_applicable": "N/A|NA|Not applicable|n/a (no charges)",
    }.items(),
)
def test_every_published_spelling_of_a_band_is_known(band, spellings):
    for spelling in spellings.split("|"):
        for written in (spelling, spelling.upper(), f"  {spelling} ", spelling.replace(" ", "\u00a0")):
            assert value("band", written) == band


@pytest.mark.parametrize("written", ["", " ", "-", "–", "--", "TBC", "Not assessed", "not-reviewed"])
def test_no_result_is_no_band(written):
    assert value("band", written) is None


@pytest.mark.parametrize("written", ["Amber", "Green", "CPP", "(Partial)", "1", "TRUE"])
def test_another_word_is_never_the_nearest_band(written):
    assert "write one of" in why("band", written)


def test_a_look_alike_in_a_band_is_named_with_its_code_point():
    assert "U+0421" in why("band", "С")  # Cyrillic


@pytest.mark.parametrize(
    "written",
    [
        "1.1.1",
        "I.1.1",
        "i.1.1.",
        "1.1.1.",
        " 1 . 1 . 1 ",
        "1.\u00a01.1",
        "１.１.１",
        "1-1-1",
        "Element 1.1.1",
        "1.1.\u200b1",
    ],
)
def test_every_spelling_of_an_element_is_known(written):
    assert value("element", written) == "1.1.1"


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("1.1.10", "1.1.1"),
        ("4.5.4", "4.3.4"),
        ("1.1", "sub-criterion"),
        ("4", "criterion"),
        ("01/01/2001", "date"),
        ("2001-01-01", "date"),
        ("1-Jan-01", "date"),
        ("36892", "date"),
        ("\u0406.1.1", "U+0406"),
        ("\u0661.1.1", "U+0661"),
        ("1–1–1", "U+2013"),
        ("customer insight", "1.1.1"),
    ],
)
def test_what_is_no_element_is_refused_with_what_was_seen(written, named):
    assert named in why("element", written)


def test_a_number_that_could_be_several_codes_is_ambiguous():
    assert "1.1 or 1.10" in why("element", "1.1", "number")
    standard = shipped("cse")
    flat = [Element(code, code, "", "1", None) for code in ("1.1", "1.10", "1.2")]
    other = Words(replace(standard, criteria=standard.criteria[:0], elements=tuple(flat)))
    assert "1.1 or 1.10" in (other.element("1.1", "number")[1] or "")
    assert other.element("1.2", "number") == ("1.2", None)
    assert other.element("1.10") == ("1.10", None)


def test_elements_come_in_the_standards_order_without_doubles():
    assert value("elements", "5.3.3; I.1.2;1.1.1;1.1.2") == "1.1.1;1.1.2;5.3.3"
    assert "9.9.9" in why("elements", "1.1.1;9.9.9")


@pytest.mark.parametrize(
    "written",
    [
        *("2025-03-07", "07/03/2025", "7/3/2025", "07.03.2025", "7th Mar 2025", "7 March 2025", "Friday 7 March 2025"),
        *("7-Mar-2025", "March 7, 2025", "20250307", "45723", "45723.0", "2025-03-07T00:00:00", "2025-03-07 00:00:00"),
    ],
)
def test_every_way_to_write_a_day_is_read(written):
    assert value("day", written) == date(2025, 3, 7)


def test_a_serial_counts_from_the_day_of_its_date_system():
    assert value("day", "44261", "number_1904") == value("day", "45723", "number") == date(2025, 3, 7)
    assert Words(shipped("cse"), date_1904=True).day("44261") == (date(2025, 3, 7), None)


def test_days_are_read_day_first_unless_the_source_says_otherwise():
    american = Words(shipped("cse"), day_first=False)
    assert value("day", "04/03/2025") == date(2025, 3, 4)
    assert american.day("04/03/2025") == (date(2025, 4, 3), None)
    assert "day_first = false" in why("day", "03/13/2025")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        *((month, "a day is needed") for month in ("March 2025", "2025", "2025-03", "03/2025", "Mar-25", "Mar 2025")),
        ("31/02/2025", "calendar"),
        ("07/03/25", "two digits"),
        ("2025-03-07 10:30", "time of day"),
        ("45723.5", "time of day"),
        ("0225-03-07", "year"),
        ("soon", "write it like"),
        ("TBC", "write it like"),
        ("٠٧/٠٣/٢٠٢٥", "U+0660"),
    ],
)
def test_what_names_no_day_is_refused_with_what_to_do(written, says):
    assert says in why("day", written)


def test_codes_are_text_and_never_a_number():
    for code in ("007", "1.10", "1E5", "3-4", "TRUE", "NA", "Café", "=A1"):
        assert value("code", code) == code
    assert value("code", "7", "number") == "7"
    assert "1.1 or 1.10" in why("code", "1.1", "number")
    assert "date" in why("code", "2025-04-03", "date")
    assert "U+041D" in why("code", "\u041dR")
    assert value("codes", "B; A;;B") == "A;B"
    assert "several" in why("code", "A;B")


def test_what_our_own_exports_defused_comes_back_as_it_was():
    assert value("text", "'=1+1") == "=1+1"
    assert value("text", "'tis fine") == "'tis fine"


def test_yes_and_no_and_nothing():
    assert [value("flag", word) for word in ("Yes", "y", "TRUE", "1", "x")] == [True] * 5
    assert [value("flag", word) for word in ("No", "n", "false", "0")] == [False] * 4
    assert value("flag", "") is None
    assert "yes or no" in why("flag", "maybe")


def test_numbers_are_plain():
    assert (value("number", "-1.9"), value("number", "1e-05", "number"), value("count", "3.0")) == (-1.9, 1e-05, 3)
    for text in ("95%", "1,234", "٣", "1_000", "nan", "1e5"):
        assert "write it with digits" in why("number", text)
    assert "write it with digits" in why("count", "2.5")


def test_types_and_modes_have_their_usual_words():
    assert value("assessment_type", "Annual  Review") == "annual_review"
    assert value("assessment_type", "Self Ass") == "self_assessment"
    assert "reassessment" in why("assessment_type", "visit")
    assert [value("mode", word) for word in ("", "On-site", "virtual", "Self assessed")] == [
        *("on_site", "on_site", "remote", "self_assessed")
    ]


def test_a_senders_own_words_are_added_to_the_usual_ones():
    words = Words(shipped("cse"), {"Amber": "partial", "Pending": "not_assessed"}, {"Year 2": "annual_review"})
    assert words.band("AMBER") == ("partial", None)
    assert words.band("pending") == (None, None)
    assert words.band("P") == ("partial", None)
    assert words.assessment_type("year-2") == ("annual_review", None)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_errors_and_merged_cells_are_refused_in_every_kind(kind):
    assert "U+FFFD" in why(kind, "x\ufffd")
    assert "#N/A" in why(kind, "#N/A", "error")
    assert "never calculated" in why(kind, "=A1", "error")
    assert "32,767" in why(kind, "x" * 32_768)
    if kind != "text":
        assert "merged" in why(kind, "", "merged")


@given(kind=st.sampled_from(KINDS), text=st.text(max_size=12), stored=st.sampled_from(["text", "number", "date"]))
def test_any_text_is_a_value_or_a_reason_and_never_both(kind, text, stored):
    read, reason = WORDS.parsed(kind, text, stored)
    assert read is None or reason is None
    assert reason is None or len(reason) > 10


@given(
    code=st.sampled_from(shipped("cse").codes), noise=st.sampled_from(["{}", "{}.", " {} ", "Element {}", "{}\u200b"])
)
def test_no_noise_turns_one_element_into_another(code, noise):
    assert value("element", noise.format(code)) == code
    assert value("element", noise.format(code.replace(".", "-"))) == code


def test_a_code_is_like_another_only_where_their_digits_agree():
    similar = likeness(["HIGHWAYS", "SITE-01", "HR"])
    assert similar("HIGHWAY") == similar("HIHGWAYS") == "HIGHWAYS"
    assert similar("Site 01") == "SITE-01"
    assert similar("SITE-02") is None
    assert similar("IT") is None

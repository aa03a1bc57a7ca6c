"""Plain CSV is read many lines at once, with the very cells that reading it record by record gives."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from etl.cells import Sheet, frame_of, gathered
from etl.parse import separated
from scheme.errors import FileRefused

WORDS = st.lists(
    st.sampled_from(["a", "b ", ",", ";", '"', '""', "\n", "\r\n", "\n\n", "é", " ", "sep=;\n"]), max_size=30
)


def one_by_one(data):
    lines = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    return frame_of(separated._records(lines, ","), ragged=True)


@given(words=WORDS, begins=st.sampled_from(["x,y\n", "sep=,\n", "\ufeffx,y\r\n", '"x,",y\n']))
def test_lines_read_at_once_give_the_same_cells_as_records_one_by_one(words, begins):
    data = (begins + "".join(words)).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(separated, "_BLOCK", 7)
        cells = separated._plain(data, "utf-8-sig", ",")
    if cells is None:  # a quote reaches into the next line, or is never closed
        assert b'"' in data
        return
    expected = one_by_one(data)
    assert cells.rows() == expected.rows()
    assert not cells.height or cells.schema == expected.schema


@pytest.mark.parametrize("text", ["a,b\r1,2\n", 'a,"b\nc"\n', "a" * 1_000_001 + "\n", "," * 600 + "\n"])
def test_what_is_no_plain_table_is_read_record_by_record(text):
    assert separated._plain(text.encode(), "utf-8-sig", ",") is None


def test_a_quote_that_is_never_closed_is_refused_with_its_row():
    csv.field_size_limit(1_000_000)
    with pytest.raises(FileRefused, match="row 3 opens a quote that is never closed"):
        separated.book(b'a,b\n1,2\n3,"4\n5,6\n')


@pytest.mark.parametrize("damage", ["\x00", "\x85", "\ufffd"])
def test_damage_is_found_wherever_it_stands(damage):
    with pytest.raises(FileRefused, match=f"line 3001: the character U\\+{ord(damage):04X}"):
        separated.encoding_of(("é,b\n" * 3000 + f"x{damage}").encode())


_CELL = st.sampled_from(["", " ", "a", "\x1c", "\x85", "\u200b", "\u3000 ", "\x00g", "\x00n1", "text"])


@given(st.lists(st.lists(_CELL, max_size=4), max_size=6), st.booleans())
def test_a_small_sheet_of_plain_lists_holds_what_a_frame_does(rows, ragged):
    numbered = list(enumerate(rows, 1))
    small, large = Sheet("S", gathered(numbered, ragged)), Sheet("S", frame_of(numbered, ragged))
    assert small.is_small
    assert not large.is_small
    assert [(n, width, tuple(texts)) for n, width, texts in small.rows()] == list(large.rows())
    assert (small.height, small.across) == (large.height, large.across)
    columns = list(range(small.across))
    assert [small.filled(columns, n) for n in range(7)] == [large.filled(columns, n) for n in range(7)]
    assert_frame_equal(small.cells, large.cells)
    assert list(small.rows()) == list(large.rows())

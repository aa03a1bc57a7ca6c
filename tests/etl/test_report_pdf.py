"""An assessor's report in PDF is read page by page; without a text layer, or made to do harm, it is refused."""

import io
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from etl.layouts.staged import Source
from etl.parse import parsed
from etl.read import Reader
from scheme.errors import FileRefused
from tests.conftest import EXAMPLES
from tests.etl.made import HEADINGS, ROWS, csv, reasons, said, write
from tests.etl.reports import COVER, SHAPES, Report, as_docx, as_pdf, paragraphs, tables
from tests.etl.test_report_docx import JUDGED, ROLLING, WORDS, expected, judged, read_back


@settings(max_examples=max(EXAMPLES // 5, 6))
@given(rows=judged, shape=st.sampled_from(sorted(SHAPES)))
def test_what_is_written_in_any_shape_is_what_is_read(rows, shape):
    back, notes = read_back(as_pdf(SHAPES[shape](Report(rows))))
    assert back == expected(rows)
    assert notes[1].startswith("recognised")


def test_a_report_says_the_same_as_its_document(tmp_path):
    write(tmp_path, a_docx=as_docx(ROLLING), b_pdf=as_pdf(ROLLING))
    report = said(tmp_path)
    told = {(file.file[2:], file.sheet): (file.read, file.set_aside) for file in report.files}
    for sheet in (None, "RP0 - 2014", "RP1 - 2015"):
        assert told["docx", sheet] == told["pdf", sheet]
    mine = [note for file in report.files if file.file == "b.pdf" for note in file.notes]
    assert "left out as headers and footers: Printed on 21 March 2025 Page 1" in mine


LONG = [
    (code, ("Compliant", "Partial", "Compliance Plus")[n % 3], f"Of {code} much is to be said. " * (n % 9))
    for n, code in enumerate(WORDS.standard.codes)
]


@pytest.mark.parametrize("shape", [tables, paragraphs])
def test_all_elements_over_many_pages_keep_their_comments_and_their_places(tmp_path, shape):
    data = as_pdf(shape(Report(LONG)))
    assert read_back(data)[0] == expected(LONG)
    write(tmp_path, a_pdf=data)
    report = said(tmp_path)
    assert report.files[0].loaded == 57
    (note,) = (note for note in report.files[0].notes if note.startswith("recognised"))
    assert note.startswith("recognised as an assessor's report (annual review): 57 elements in ")
    assert note.endswith("; sure")


def test_a_row_that_is_set_aside_is_found_by_its_page_and_line(tmp_path):
    rows = [*LONG[:30], ("4.5.4", "Compliant", "no such element")]
    report = said(write(tmp_path, a_pdf=as_pdf(tables(Report(rows)))))
    (aside,) = report.rejected
    page, line = divmod(aside.row, 1000)
    assert page > 1
    assert aside.cells["place in the report"] == f"page {page}, line {line}"


def test_columns_without_lines_around_them_are_read_and_said_to_be_likely():
    rows = [("1.1.1", "Compliance Plus", "It is renewed each spring by the team that also asks the front line, " * 2)]
    back, notes = read_back(as_pdf(tables(Report([*rows, ("1.1.2", "Partial", "Only half.")])), ruled=False))
    assert [row[:2] for row in back] == [("1.1.1", "CompliancePlus"), ("1.1.2", "Partial")]
    assert "likely" in next(note for note in notes if note.startswith("recognised"))


def drawn(draw, **options):
    """A PDF of what a function draws on a canvas."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, **options)
    draw(canvas)
    canvas.save()
    return buffer.getvalue()


def scan(canvas, pages=2):
    """Pages that are nothing but a picture."""
    for _ in range(pages):
        canvas.drawInlineImage(_grey(), 50, 50, 400, 600)
        canvas.showPage()


def _grey():
    from PIL import Image

    return Image.new("L", (40, 60), 200)


def many(canvas):
    """More pages than any report has."""
    for n in range(401):
        canvas.drawString(72, 700, f"1.1.1: Compliant {n}")
        canvas.showPage()


def raw(*objects, root=b"<</Type/Catalog/Pages 2 0 R>>"):
    """A PDF of objects as they are, from number 2 on."""
    body = b"%PDF-1.5\n1 0 obj" + root + b"endobj\n"
    for n, what in enumerate(objects, 2):
        body += b"%d 0 obj" % n + what + b"endobj\n"
    return body + b"trailer<</Root 1 0 R/Size %d>>\n%%%%EOF" % (len(objects) + 2)


def stream(data, more=b""):
    """A compressed stream, however large it becomes."""
    return b"<</Length %d/Filter%s%s>>stream\n" % (len(data), b"/FlateDecode", more) + data + b"\nendstream "


def bomb(size):
    """A page whose content unpacks to so many bytes."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(b" " * 2**24) for _ in range(size // 2**24)) + packer.flush()
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 700]/Contents 4 0 R/Resources<<>>>>"
    return raw(b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, stream(data))


LOOP = raw(b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 9>>", b"<</Type/Pages/Kids[2 0 R]/Count 9>>")
FORM = b"q /X Do Q"
ITSELF = raw(
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 700]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
    b"<</Length 9>>stream\n" + FORM + b"\nendstream ",
    b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 9/Resources<</XObject<</X 5 0 R>>>>>>stream\n"
    + FORM
    + b"\nendstream ",
)
GOOD = as_pdf(tables(Report(JUDGED)))
PASSWORD = StandardEncryption("secret", canPrint=1, strength=128)
HOSTILE = {
    "a scan": (drawn(scan), "no text layer"),
    "nothing": (drawn(lambda canvas: canvas.showPage()), "no text layer"),
    "a password": (drawn(lambda canvas: canvas.drawString(9, 9, "1.1.1: C"), encrypt=PASSWORD), "password"),
    "many pages": (drawn(many), "more than 400 pages"),
    "cut": (GOOD[: len(GOOD) // 3], "PDF"),
    "a name alone": (b"%PDF-1.7 and no more", "PDF"),
    "noise": (b"%PDF-1.7\n" + bytes(range(256)) * 40, "PDF"),
    "pages in a circle": (LOOP, "PDF"),
    "a form in itself": (ITSELF, "PDF"),
    "a swollen stream": (bomb(256 * 2**20), "memory"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_or_damaged_is_refused(name):
    data, cause = HOSTILE[name]
    with pytest.raises(FileRefused) as refused:
        parsed(data)
    assert cause in str(refused.value)


def test_what_would_swell_is_refused_in_the_child_and_a_good_report_behind_it_is_read():
    with Reader() as reader:
        with pytest.raises(FileRefused, match="memory"):
            reader.read_cells(HOSTILE["a swollen stream"][0])
        assert reader.read_cells(GOOD).kind == "pdf"


def test_a_page_that_is_a_picture_among_others_is_told():
    def draw(canvas):
        for text in ("Annual review report", "Department: HR", "Visit: 3 March 2025", "1.1.1: Compliant. Fine."):
            canvas.drawString(72, 700 - 20 * len(canvas._code), text)
        canvas.showPage()
        scan(canvas, 1)

    back, notes = read_back(drawn(draw))
    assert back == [("1.1.1", "Compliant", "Fine.")]
    assert "page 2 holds a picture and no text; nothing of it was read" in notes


def test_a_pdf_that_holds_no_report_is_refused_with_what_one_needs_and_the_others_go_on(tmp_path):
    readme = as_pdf([("title", "Read me"), ("text", "These are the files of 2025. Element 1.1.1 is in the workbook.")])
    report = said(write(tmp_path, a_pdf=readme, b_csv=csv(HEADINGS, *ROWS)))
    assert "each element's code (1.1.1), its band and a comment" in reasons(report)["a.pdf"]
    assert report.files[1].loaded == 3
    undated = as_pdf(tables(Report(JUDGED, cover=COVER[:4])))
    write(tmp_path, a_pdf=undated)
    assert "[fixed]" in reasons(said(tmp_path))["a.pdf"]
    assert said(tmp_path, source=Source(fixed={"assessed_on": "2025-03-04"})).files[0].loaded == 5

"""The mapping of a sender's file in administration: its steps asked in this process, from the file to the source."""

import io
import re
from html import unescape

import pytest

from db import kept_sources, reads
from db.session import open_session
from db.tenants import scope_of
from etl.run import check
from tests.dashboard.conftest import LEAD, signed_in
from tests.dashboard.test_administration import ADMIN, with_password
from tests.etl.made import csv, xlsx

MAP = "/administration/sources/map"
ROWS = [
    "Résultats 2025;;;;",
    "Service;Réf. du critère;Date;Niveau;Remarques",
    *(f"HR;1.1.{n};13/04/2025;Vert;bien" for n in (1, 2, 3)),
    "FIN;1.2.1;05/04/2025;Orange;à revoir",
    "FIN;1.2.2;05/04/2025;Vert;",
    "FIN;1.2.3;05/04/2025;n/d;",
]
FILE = "\n".join(ROWS).encode()


@pytest.fixture
def admin(app, own_people):
    """A client signed in as the administrator of the first tenant."""
    with_password(ADMIN, "administrator", "demo")
    return signed_in(app, ADMIN)


def upload(client, data: bytes = FILE, name: str = "résultats.csv"):
    token = client.environ_base["HTTP_X_ASSAY_PAGE"]
    return client.post(f"{MAP}?page={token}", data={"page": token, "file": (io.BytesIO(data), name)})


def form_of(answer) -> dict:
    """What the page's form would send as it stands: a list for each name."""
    form = next(form for form in re.findall(r"<form\b.*?</form>", answer.text, re.DOTALL) if "sample" in form)
    told: dict[str, list[str]] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        name, value = (re.search(rf'\b{key}="([^"]*)"', tag) for key in ("name", "value"))
        told.setdefault(name[1], []).append(unescape(value[1]))
    for name, options in re.findall(r'<select\b[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'"([^"]*)" selected', options) or re.search(r'"([^"]*)"', options)
        told.setdefault(name, []).append(unescape(chosen[1]))
    for name, text in re.findall(r'<textarea\b[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        told.setdefault(name, []).append(unescape(text))
    return told


def go(client, answer, to: str, **told):
    """Send the form of a page to a step, some of its fields set."""
    form = form_of(answer) | {name: value if isinstance(value, list) else [value] for name, value in told.items()}
    return client.post(f"{MAP}/{to}?page={form['page'][0]}", data=form)


def text_of(answer) -> str:
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def with_types(client, answer):
    columns = ["0:department_code", "1:element", "2:assessed_on", "3:band", "4:comment"]
    named = {"column": columns} if "4:" in form_of(answer)["column"] else {}
    return go(client, answer, "words", assessment_type="annual_review", **named)


def with_words(client, answer):
    words = dict(zip(("Vert", "Orange", "n/d"), ("compliant", "partial", "not_assessed"), strict=True))
    asked = re.findall(r'<label for="word-(\d+)">([^<]+)<', answer.text)
    return go(client, answer, "try", word=[f"{number}:{words[word]}" for number, word in asked])


# --- the way through --------------------------------------------------------------------------------------------------


def test_a_file_becomes_a_source_that_reads_it_and_nothing_of_it_is_taken(admin, tmp_path):
    columns = upload(admin)
    assert columns.status_code == 200
    form = form_of(columns)
    assert form["row"] == ["2"]
    assert form["table"] == ["results"]
    assert form["column"] == ["0:department_code", "1:element", "2:assessed_on", "3:band", "4:"]
    assert form["day_first"] == ["yes"]
    said = text_of(columns)
    for words in ("13/04/2025 can only be read with the day first", "all 6 different cells are codes of elements"):
        assert words in said
    assert "Vert, Orange, n/d again and again" in said

    lacking = go(admin, columns, "words")
    assert lacking.status_code == 400
    assert "No column is the assessment type" in text_of(lacking)

    asked = with_types(admin, columns)
    assert re.findall(r'<label for="word-\d">([^<]+)', asked.text) == ["Vert", "Orange", "n/d"]
    tried = with_words(admin, asked)
    assert tried.status_code == 200
    assert re.search(r"résultats.csv Results 6 5 0 0 1 0 Would be taken", text_of(tried))

    done = go(admin, tried, "keep", code="FIN-2025")
    assert (done.status_code, done.location) == (303, "/administration/sources/change?code=FIN-2025")
    with open_session(scope_of("demo")) as session:
        body = kept_sources.newest(session, "FIN-2025").body
        assert reads.loads(session).height == 0
    assert '"Réf. du critère" = "element"' in body
    (tmp_path / "x.csv").write_bytes(FILE)
    report = check([tmp_path / "x.csv"], scope=scope_of("demo"), source="FIN-2025")
    assert [(file.loaded, file.set_aside) for file in report.files] == [(5, 0)]


def test_the_next_file_with_these_headings_is_refused_with_the_source_that_fits(admin, tmp_path):
    go(admin, with_words(admin, with_types(admin, upload(admin))), "keep", code="FIN-2025")
    (tmp_path / "next.csv").write_bytes("Service,Réf. du critère,Niveau,DATE\nHR,2.1.1,Vert,01/05/2026".encode())
    report = check([tmp_path / "next.csv"], scope=scope_of("demo"))
    assert "the headings fit your source FIN-2025 (4 of 5 that it maps are there" in report.files[0].reason
    assert "assessment_type = annual_review for every row" in report.files[0].reason
    assert "--source FIN-2025" in report.files[0].reason
    assert check([tmp_path / "next.csv"], scope=scope_of("demo"), source="FIN-2025").files[0].loaded == 1
    assert "FIN-2025" not in check([tmp_path / "next.csv"], scope=scope_of("canary")).files[0].reason


def test_a_column_left_out_stays_out_although_its_heading_is_ours(admin):
    row = "1.1.1,Knowing customers,Met,01/02/2025,initial"
    data = csv("Ref,Element,Rating,Assessed on,Assessment type", row).encode()
    page = upload(admin, data)
    assert "0:element" in form_of(page)["column"]
    tried = go(admin, page, "words", column=["0:element", "1:", "2:band", "3:assessed_on", "4:assessment_type"])
    assert "Would be taken" in text_of(tried), text_of(tried)
    assert '"Element" = "left_out"' in unescape(tried.text)


def test_looking_again_keeps_what_was_chosen_unless_the_table_is_another(admin):
    page = upload(admin)
    changed = ["0:", *form_of(page)["column"][1:]]
    assert form_of(go(admin, page, "columns", column=changed))["column"] == changed
    other = go(admin, page, "columns", column=changed, table="actions")
    assert form_of(other)["table"] == ["actions"]
    assert "0:department_code" in form_of(other)["column"]
    first = go(admin, page, "columns", row="3")
    assert "HR" in re.search(r'<label[^>]*for="column-0">What (\w+)', first.text)[1]


def test_back_to_the_columns_and_forth_again_keeps_columns_values_and_words(admin):
    tried = with_words(admin, with_types(admin, upload(admin)))
    back = go(admin, tried, "columns")
    assert form_of(back)["assessment_type"] == ["annual_review"]
    assert form_of(back)["column"][:4] == ["0:department_code", "1:element", "2:assessed_on", "3:band"]
    again = go(admin, back, "words")
    assert "Would be taken" in text_of(again)
    assert form_of(again)["body"][0].split() == form_of(tried)["body"][0].split()


def test_a_source_that_was_edited_wrongly_is_named_by_its_key_and_nothing_is_kept(admin):
    tried = with_words(admin, with_types(admin, upload(admin)))
    for to, code in (("try", ""), ("keep", "F"), ("columns", "")):
        wrong = go(admin, tried, to, body="colums = 1", code=code)
        assert wrong.status_code == 400
        assert "did you mean columns" in text_of(wrong)
    assert "Say what the source is called" in text_of(go(admin, tried, "keep"))
    assert "is no code for a source" in text_of(go(admin, tried, "keep", code="a b"))
    with open_session(scope_of("demo")) as session:
        assert kept_sources.kept(session) == []
    taken = go(admin, tried, "download")
    assert taken.headers["Content-Disposition"] == "attachment; filename=source.toml"
    assert taken.text.split() == form_of(tried)["body"][0].split()


def test_a_wide_table_is_known_by_its_codes_and_a_workbook_by_the_sheet_that_was_chosen(admin):
    lines = [("Dept", "Checked on", "1.1.1", "1.1.2", "1.1.3"), ("HR", "13/04/2025", "Green", "Met", "")]
    page = upload(admin, xlsx(("Notes", [("a", "b"), ("c", "d")]), ("Wide", lines)), "wide.xlsx")
    assert form_of(page)["sheet"] == ["1"]
    assert form_of(page)["table"] == ["wide"]
    assert text_of(page).count("its heading says so") == 3
    asked = with_types(admin, page)
    assert re.findall(r'<label for="word-\d">([^<]+)', asked.text) == ["Green"]
    tried = go(admin, asked, "try", word=["0:compliant"])
    assert "Wide Results 2 2 0 0 0 0 Would be taken" in text_of(tried)
    other = go(admin, page, "columns", sheet="0", row="", table="")
    assert form_of(other)["sheet"] == ["0"]


# --- what is refused --------------------------------------------------------------------------------------------------


def test_what_is_no_table_is_said_where_the_file_is_chosen(admin):
    for data, name, words in (
        (b"", "a.csv", "The file is empty"),
        (b"PK\x03\x04 nothing", "a.xlsx", "damaged"),
        (b"a line\nand another", "a.csv", "two filled cells"),
    ):
        answer = upload(admin, data, name)
        assert answer.status_code == 400, name
        assert words in text_of(answer), text_of(answer)
        assert '<a href="#file">' in answer.text
    token = admin.environ_base["HTTP_X_ASSAY_PAGE"]
    nothing = admin.post(MAP, data={"page": token}, content_type="multipart/form-data")
    assert (nothing.status_code, '<a href="#file">' in nothing.text) == (400, True)


def test_a_file_too_large_for_the_page_is_refused_with_what_to_do(admin):
    import random

    data = b"a,b\n" + "".join(f"{random.random()},{random.random()}\n" for _ in range(30_000)).encode()
    answer = upload(admin, data)
    assert answer.status_code == 400
    assert "delete rows from a copy" in text_of(answer)


def test_a_file_that_another_session_closed_or_somebody_changed_is_not_opened(app, admin):
    form = form_of(upload(admin))
    again = signed_in(app, ADMIN)
    for client, sample in ((again, form["sample"][0]), (admin, form["sample"][0][:-8] + "AAAAAAA="), (admin, "x")):
        told = {"page": client.environ_base["HTTP_X_ASSAY_PAGE"], "sample": sample, "row": "2", "sheet": "0"}
        assert client.post(f"{MAP}/columns", data=told).status_code == 400


def test_what_no_page_offers_is_refused(admin):
    page = upload(admin)
    for told in (
        {"column": ["0:tenant_id"]},
        {"column": ["77:element"]},
        {"sheet": "9"},
        {"row": "x"},
        {"row": "77"},
        {"table": "users"},
        {"tenant_id": "2"},
    ):
        assert go(admin, page, "words", **told).status_code == 400, told
    tried = with_words(admin, with_types(admin, page))
    for word in ("0:best", "99:compliant", "x"):
        assert go(admin, tried, "try", word=[word]).status_code == 400


def test_only_an_administrator_maps(lead):
    assert lead.get(MAP).status_code == 403
    assert upload(lead).status_code == 403
    assert LEAD


def test_what_stands_in_a_file_is_shown_as_text(admin):
    data = csv("<b>Team</b>,Ref,Rating", "<script>alert(1)</script>,1.1.1,<i>Met</i>").encode()
    shown = upload(admin, data, "<u>.csv").text
    assert "<script>alert" not in shown
    assert "<b>Team" not in shown
    assert "&lt;script&gt;" in shown

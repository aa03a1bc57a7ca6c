"""Send files: what the page shows of a sending, to whom, and that taking it does just what was shown."""

import csv
import io
import re

import openpyxl
import pytest
from sqlalchemy import select

from db import audit, people, reads, sendings, sessions
from db.models import SendingFile
from db.session import open_session
from db.tenants import scope_of
from tests.dashboard.conftest import LEAD, PASSWORD, signed_in
from tests.dashboard.small_programme import GOOD, HEAD, MIXED, RESULTS, TREE, loaded

CHAMPION = "champion@example.org"
CHANGED = HEAD + b"HOU,annual_review,2025-03-07,1.1.1,Partial\nFIN,annual_review,2025-03-07,1.1.1,Compliant\n"
SECRET = HEAD + b"FIN,annual_review,2025-03-07,1.1.1,Compliant\nHOU,annual_review,2025-03-07,1.1.1,Partial\n"


@pytest.fixture
def scope(own_people):
    """The first tenant, with two departments and one below, and a result of each of the two."""
    scope = scope_of("demo")
    loaded(scope, departments=TREE, results=RESULTS)
    return scope


@pytest.fixture
def champion(app, scope):
    """A client of the champion of HOU."""
    once = people.add_user(CHAMPION, "champion", "demo", departments=("HOU",))
    sessions.change_password(sessions.sign_in(CHAMPION, once), once, PASSWORD)
    return signed_in(app, CHAMPION)


def send(client, *files: tuple[bytes, str], **fields):
    data = {"file": [(io.BytesIO(body), name) for body, name in files], **fields}
    return client.post("/send", data=data, content_type="multipart/form-data")


def previewed(client, *files: tuple[bytes, str], **fields) -> str:
    """The address of the preview of files that were sent."""
    answer = send(client, *files, **fields)
    assert answer.status_code == 303, answer.text
    return answer.location


def words(page: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main")[1]).split())


def summary(page: str) -> str:
    return re.search(r'id="summary">([^<]*)<', page)[1]


def fingerprint(page: str) -> str:
    return re.search(r'name="preview" value="([0-9a-f]{64})"', page)[1]


def act(client, address: str, what: str, page: str | None = None, **fields):
    page = page or client.get(address).text
    return client.post(f"{address}/{what}", data={"preview": fingerprint(page), **fields})


def cells(page: str) -> list[str]:
    return re.findall(r'name="cell" value="([^"]*)"', page)


def bands(scope) -> dict[tuple[str, str], str]:
    with open_session(scope) as session:
        rows = reads.table(session, "results").select("department_code", "element", "band").rows()
    return {(code, element): band for code, element, band in rows}


def newest(scope) -> int:
    with open_session(scope) as session:
        return reads.latest_load(session)[0]


def actions(scope) -> list[str]:
    return audit.entries(scope)["action"].to_list()


def test_the_page_has_a_form_that_needs_no_script(scope, lead):
    page = lead.get("/send").text
    form = re.search(r"<form[^>]*send-form[^>]*>", page)[0]
    assert 'method="post"' in form
    assert 'enctype="multipart/form-data"' in form
    assert re.search(r'<label for="file">Files</label>', page)
    assert re.search(r'<input[^>]*id="file"[^>]*type="file" multiple', page)
    assert re.search(r'<input type="hidden" name="page" value="[0-9a-f]{32}"', page)


def test_a_preview_says_in_a_sentence_and_row_by_row_what_taking_would_change_and_takes_nothing(scope, lead):
    before = bands(scope), newest(scope)
    page = lead.get(previewed(lead, (CHANGED + b"HOU,annual_review,2025-03-07,9.9.9,Partial\n", "r.csv"))).text
    assert summary(page) == "Taking this would change 2 results: 1 falls, 1 rises; 1 row is set aside."
    said = words(page)
    assert "Housing (HOU) 1.1.1 Result: annual review, 7 March 2025 Compliant Partial Falls" in said
    assert "Finance (FIN) 1.1.1 Result: annual review, 7 March 2025 Partial Compliant Rises" in said
    assert "r.csv Results (table with headings of ours, sure) Some set aside 3 0 2 0 0 0 1" in said
    assert "is not an element" in said
    assert (bands(scope), newest(scope)) == before
    assert actions(scope)[0] == "sent for preview"


def test_taking_it_loads_the_very_bytes_and_the_sending_is_gone(scope, lead):
    address = previewed(lead, (CHANGED, "r.csv"))
    answer = act(lead, address, "take")
    assert answer.status_code == 303
    assert "Taken as load 2: 2 rows loaded, 0 unchanged." in lead.get("/send").text
    assert bands(scope)["HOU", "1.1.1"] == "partial"
    assert lead.get(address).status_code == 404
    assert lead.post(f"{address}/take", data={"preview": "x"}).status_code == 404
    assert {"took", "loaded"} <= set(actions(scope)[:2])
    with open_session(scope) as session:
        report = reads.loads(session).row(0, named=True)
    assert (report["file"], report["sent_by"]) == ("r.csv", LEAD)


def test_leaving_it_takes_nothing_and_says_so_in_the_log(scope, lead):
    before = bands(scope)
    address = previewed(lead, (CHANGED, "r.csv"))
    act(lead, address, "leave")
    assert (bands(scope), newest(scope)) == (before, 1)
    assert lead.get(address).status_code == 404
    assert actions(scope)[0] == "left"


def test_where_the_warehouse_changed_meanwhile_the_preview_is_shown_again_and_nothing_is_taken(scope, lead):
    address = previewed(lead, (CHANGED, "r.csv"))
    page = lead.get(address).text
    loaded(scope, others=CHANGED)
    answer = act(lead, address, "take", page)
    again = lead.get(answer.location).text
    assert "Nothing was taken" in again
    assert summary(again) == "Taking this would change nothing: 2 rows already known."
    assert newest(scope) == 2
    act(lead, address, "take", page)  # the old page in another tab
    assert newest(scope) == 2
    act(lead, address, "take", again)
    assert newest(scope) == 3


def test_what_others_load_elsewhere_does_not_stand_in_the_way(scope, lead):
    address = previewed(lead, (CHANGED, "r.csv"))
    loaded(scope, others=GOOD)
    act(lead, address, "take")
    assert bands(scope)["FIN", "1.1.1"] == "compliant"


def test_a_sending_is_there_for_its_sender_alone(app, scope, lead, champion):
    address = previewed(lead, (CHANGED, "r.csv"))
    print_ = fingerprint(lead.get(address).text)
    for path in (address, f"{address}/changes.csv", f"{address}/set-aside.csv"):
        assert champion.get(path).status_code == champion.get(path.replace("/send/", "/send/9")).status_code == 404
    for what in ("take", "leave", "mend"):
        assert champion.post(f"{address}/{what}", data={"preview": print_}).status_code == 404
    assert "r.csv" not in champion.get("/send").text
    assert "r.csv" in lead.get("/send").text


def test_a_champions_preview_tells_nothing_of_other_departments(scope, champion):
    page = champion.get(previewed(champion, (SECRET, "r.csv"))).text
    assert summary(page) == "Taking this would change 1 result: 1 falls; 1 row is set aside."
    said = words(page)
    assert "department FIN is not among those you send for" in said
    assert "Finance" not in said
    # The same as of a department that there is not.
    nobodys = words(champion.get(previewed(champion, (SECRET.replace(b"FIN", b"ZZZ"), "r.csv"))).text)
    digits = re.compile(r"\d{1,2}:\d\d")
    assert digits.sub("", nobodys.replace("ZZZ", "FIN")) == digits.sub("", said)


def test_a_sending_is_gone_after_a_day(scope, lead, monkeypatch):
    address = previewed(lead, (CHANGED, "r.csv"))
    with monkeypatch.context() as patch:
        patch.setattr(sendings, "LASTS", -sendings.LASTS)
        late = previewed(lead, (CHANGED, "late.csv"))
    assert lead.get(late).status_code == 404
    assert lead.get(address).status_code == 200
    previewed(lead, (CHANGED, "again.csv"))  # what is over goes when something new comes
    with open_session(scope) as session:
        kept = session.execute(select(SendingFile.name).where(SendingFile.kind == "sent")).scalars().all()
    assert sorted(kept) == ["again.csv", "r.csv"]


def test_only_so_many_sendings_of_one_person_wait(scope, lead):
    for _ in range(sendings.MOST_WAITING):
        previewed(lead, (CHANGED, "r.csv"))
    answer = send(lead, (CHANGED, "r.csv"))
    assert answer.status_code == 400
    assert "take or leave one of them first" in answer.text


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((), "Choose one or more files first"),
        (((CHANGED, ""),), "A file needs a name"),
        (((CHANGED, "a.csv"), (CHANGED, "a.csv")), "two files called a.csv"),
    ],
)
def test_what_cannot_be_sent_is_said_on_the_page(scope, lead, files, said):
    answer = send(lead, *files, source="")
    assert 400 <= answer.status_code < 500
    assert said in words(answer.text)


def test_an_unreadable_file_is_refused_with_what_to_do_and_cannot_be_taken(scope, lead):
    page = lead.get(previewed(lead, (b"\x00\x01\x02 no table at all", "a.bin"))).text
    assert summary(page) == "Nothing of this can be taken; 1 file is refused."
    assert "/take" not in page
    assert "a.bin" in words(page)


def test_too_large_a_request_is_turned_away(scope, lead, monkeypatch):
    monkeypatch.setenv("ASSAY_UPLOAD_MB", "0.01")
    answer = send(lead, (b"x" * 20_000, "r.csv"))
    assert answer.status_code == 413
    assert "0.01 MB" in words(answer.text)


def test_a_file_name_is_never_a_path(scope, lead, tmp_path):
    page = lead.get(previewed(lead, (CHANGED, "../../etc/passwd"))).text
    assert "passwd" in words(page)
    assert "../" not in words(page)


def test_a_stale_or_foreign_page_cannot_send(app, scope, lead):
    token = lead.environ_base.pop("HTTP_X_ASSAY_PAGE")
    assert lead.post("/send?page=" + "0" * 32, data={}, content_type="multipart/form-data").status_code == 409
    assert lead.post("/send", data={}, content_type="application/x-www-form-urlencoded").status_code == 403
    answer = lead.post(
        f"/send?page={token}",
        data={"file": (io.BytesIO(CHANGED), "r.csv"), "page": token},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303


def test_rows_are_read_by_the_source_that_was_chosen_and_another_is_refused(scope, lead):
    from db import kept_sources

    with open_session(scope, write=True) as session:
        kept_sources.add(session, "traffic", '[bands]\n"Amber" = "partial"\n')
    amber = HEAD + b"HOU,annual_review,2025-03-07,1.1.1,Amber\n"
    assert "traffic" in lead.get("/send").text
    page = lead.get(previewed(lead, (amber, "r.csv"), source="traffic")).text
    assert summary(page) == "Taking this would change 1 result: 1 falls."
    act(lead, re.search(r"/send/[0-9]+", lead.get("/send").text)[0], "take")
    assert bands(scope)["HOU", "1.1.1"] == "partial"
    assert send(lead, (amber, "r.csv"), source="nowhere").status_code == 400


# --- mending ----------------------------------------------------------------------------------------------------------


def test_a_row_mended_there_is_taken_with_the_rest_and_keeps_what_it_was(scope, lead):
    address = previewed(lead, (MIXED, "r.csv"))
    page = lead.get(address).text
    row = cells(page)
    assert "9.9.9" in row
    answer = act(lead, address, "mend", page, row="0", cell=[cell.replace("9.9.9", "1.2.1") for cell in row])
    page = lead.get(answer.location).text
    assert "1 row mended and checked again with the rest; none is set aside now." in page
    assert summary(page) == "Taking this would add 3 results."
    act(lead, address, "take", page)
    assert bands(scope)["HOU", "1.2.1"] == "compliant"
    with open_session(scope) as session:
        files = reads.loads(session).filter(load=2)
        notes = reads.notes(session, 2)["note"].to_list()
        kept = reads.table(session, "results").filter(element="1.2.1").row(0, named=True)
    assert files["sheet"].to_list() == [None, f"mended by {LEAD}"]
    assert files["sha256"].n_unique() == 1
    assert (kept["load_number"], kept["file_number"], kept["row_number"]) == (2, 2, 4)
    assert f"row 4 was mended by {LEAD}: element was '9.9.9', is '1.2.1'" in notes


def test_a_row_mended_wrongly_is_set_aside_again_and_can_be_mended_again(scope, lead):
    address = previewed(lead, (MIXED, "r.csv"))
    first = act(
        lead, address, "mend", row="0", cell=[c.replace("9.9.9", "8.8.8") for c in cells(lead.get(address).text)]
    )
    page = lead.get(first.location).text
    assert "8.8.8" in cells(page)
    assert "1 row is set aside" in summary(page)
    act(lead, address, "mend", page, row="0", cell=[c.replace("8.8.8", "1.2.1") for c in cells(page)])
    page = lead.get(address).text
    assert summary(page) == "Taking this would add 3 results."
    assert "element was &#39;9.9.9&#39;, is &#39;1.2.1&#39;" in page


def test_a_mend_form_that_is_not_the_one_shown_changes_nothing(scope, lead):
    address = previewed(lead, (MIXED, "r.csv"))
    page = lead.get(address).text
    row = cells(page)
    for fields in ({"row": "1", "cell": row}, {"row": "x", "cell": row}, {"row": "0", "cell": row[1:]}):
        assert act(lead, address, "mend", page, **fields).status_code == 400
    assert act(lead, address, "mend", page, row="0", cell=[*row, "more"]).status_code == 400
    assert "No cell was changed" in act(lead, address, "mend", page, row="0", cell=row).text
    assert "9.9.9" in cells(lead.get(address).text)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_rows_taken_away_with_why_mended_and_sent_again_are_taken_and_what_is_left_out_is_said(scope, lead, kind):
    address = previewed(lead, (MIXED, "r.csv"))
    act(lead, address, "take")
    address = previewed(lead, (MIXED, "r.csv"))
    body = lead.get(f"{address}/set-aside.{kind}").data
    if kind == "csv":
        (row,) = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
        assert "is not an element" in row["why"]
        mended = body.replace(b"9.9.9", b"1.2.1")
        if b"'9.9.9'" in body:
            mended = mended.replace(b"'1.2.1'", b"'9.9.9'", 1)
    else:
        book = openpyxl.load_workbook(io.BytesIO(body))
        for cell in next(book.active.iter_rows(min_row=2)):
            cell.value = "1.2.1" if cell.value == "9.9.9" else cell.value
        buffer = io.BytesIO()
        book.save(buffer)
        mended = buffer.getvalue()
    page = lead.get(previewed(lead, (mended, f"mended.{kind}"))).text
    assert summary(page) == "Taking this would add 1 result."
    assert "left out: why, file, sheet, row" in words(page)


def test_files_need_a_grant_that_allows_them_and_links_to_them_are_not_shown_without(app, scope):
    once = people.add_user("no@example.org", "champion", "demo", departments=("HOU",), may_export=False)
    sessions.change_password(sessions.sign_in("no@example.org", once), once, PASSWORD)
    client = signed_in(app, "no@example.org")
    address = previewed(client, (MIXED, "r.csv"))
    assert "set-aside.csv" not in client.get(address).text
    assert client.get(f"{address}/set-aside.csv").status_code == 403


def test_a_large_preview_is_bounded_and_the_rest_is_in_a_file(scope, lead):
    rows = b"".join(
        b"HOU,annual_review,2024-%02d-%02d,1.1.1,Compliant\n" % (m, d) for m in range(1, 13) for d in range(1, 29)
    )
    wrong = b"".join(b"HOU,annual_review,2024-01-01,9.9.%d,Compliant\n" % n for n in range(300))
    address = previewed(lead, (HEAD + rows + wrong, "large.csv"))
    page = lead.get(address).text
    assert summary(page) == "Taking this would add 336 results; 300 rows are set aside."
    assert "Would be new (the first 50 of 336)" in page
    assert "These are the first 20 of 300" in page
    assert "Why rows are set aside, the commonest first" in page
    assert len(page) < 150_000
    assert lead.get(f"{address}/changes.csv").text.count("\n") == 1 + 336
    assert lead.get(f"{address}/set-aside.csv").text.count("\n") == 1 + 300


def test_the_menu_leads_there_and_roles_that_do_not_send_are_refused(app, scope, lead):
    once = people.add_user("senior@example.org", "senior_leader", "demo")
    sessions.change_password(sessions.sign_in("senior@example.org", once), once, PASSWORD)
    client = signed_in(app, "senior@example.org")
    assert client.get("/send").status_code == 403
    assert send(client, (CHANGED, "r.csv")).status_code == 403
    assert '"href":"\\u002fsend"' in lead.get("/_dash-layout").text

"""What differs from run to run for a reason that has nothing to do with anybody's data: nonces and clocks."""

import io
import re
import zipfile

from pypdf import PdfReader

# What, and what it becomes; the order matters. Moments of this run: A's own data is older, and stays as it is.
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"with the number [0-9a-f]{8}"), "with the number MASKED"),
    (re.compile(r'(name="assay-page" content=")[^"]*'), r"\1MASKED"),
    (re.compile(r'(name="page"[^>]*? value=")[^"]*'), r"\1MASKED"),
    (re.compile(r"(\?page=)[0-9a-f]{32}"), r"\1MASKED"),  # the same in the address that a form with a file goes to
    # What is made anew each time somebody looks: a second factor's secret, its picture, and what closes it.
    (re.compile(r'(name="offer" value=")[^"]*'), r"\1MASKED"),
    (re.compile(r'(src=")data:image/svg[^"]*'), r"\1MASKED"),
    (re.compile(r'(<code class="secret">)[^<]*'), r"\1MASKED"),
    (re.compile(r"(/reset/|/guest/|/feed/|\bassay_)[\w-]{43}"), r"\1MASKED"),  # links and tokens, shown once
    (re.compile(r"\b[a-z2-9]{5}(-[a-z2-9]{5}){3}\b"), "ONE-TIME"),  # passwords for a first sign-in
    # The log also counts what is asked of it: two looks at it, one after another, differ by what lies between them.
    (re.compile(r"\d+ entries(, checked just now)"), r"MASKED entries\1"),
    # Accounts are numbered through all organisations: a new one's number tells A how many there are.
    (re.compile(r"(person |/people/)(?![1-7]\b)\d+"), r"\1NEW"),
    (re.compile(r"(?:(?<![\w.-])|(?<=u002f))[1-9]\d{8}(?![\w.])"), "DRAWN"),  # a draft's number: nine digits, drawn
    (re.compile(r'"end_id":"[^"]*"'), '"end_id":"MASKED"'),  # Dash's own, drawn at each page
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"), "MOMENT"),
    (re.compile(r"\b\d\d?:\d\d(:\d\d)?( UTC)?\b"), "CLOCK"),
)
# Letters of a drawing: their outlines tell a minute from the next; places, colours and how many there are stay.
_OUTLINES = re.compile(r"<symbol.*?</symbol>", re.DOTALL)
_GLYPH = re.compile(r"#g[0-9A-F]{20,}")
_COOKIE = re.compile(r"=[^;]{20,}?(?=;|$)")
_OWN = ("Date", "Content-Length", "X-Request-Number")  # a request's number is drawn


def text(said: str) -> str:
    """A text without nonces and clocks."""
    for pattern, instead in _MASKS:
        said = pattern.sub(instead, said)
    return said


def headers(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers in order, without the clock's, and with secrets masked."""
    kept = [(name, value) for name, value in told if name not in _OWN]
    return sorted((name, _COOKIE.sub("=MASKED", text(value))) for name, value in kept)


def body(data: bytes) -> str:
    """A body as text, without nonces and clocks."""
    return text(unpacked(data))


def unpacked(data: bytes) -> str:
    """A body as text: a workbook or a letter by what is in it, a PDF by its words."""
    if data[:5] == b"%PDF-":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    if data[:4] != b"PK\x03\x04":
        told = data.decode("utf-8", "replace")
        return _GLYPH.sub("#", _OUTLINES.sub("", told)) if "<symbol id=" in told else told
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return "\n".join(f"{name}\n{book.read(name).decode('utf-8', 'replace')}" for name in sorted(book.namelist()))

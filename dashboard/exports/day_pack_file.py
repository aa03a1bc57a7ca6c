"""The day pack as a file: a letter to write into, a workbook, or a PDF."""

from collections.abc import Callable

from flask import Flask, Response, abort, request

from dashboard.exports.as_letter import letter
from dashboard.exports.day_pack import day_pack
from dashboard.exports.day_pack_known import Which
from dashboard.exports.document import Document
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.handing_out import file_stem, handed_out
from dashboard.identity import current_scope
from db.roles import CYCLE, EXPORT, RESULTS

_ASKED = ("certificate", "review", "on", "capacity", "draft", "as_of", "known_at")
KINDS = ("docx", "pdf", "xlsx")


def add_day_pack(server: Flask) -> None:
    """The one address of these files: `certificate`, and where it is asked for which review (Which), and a snapshot."""
    server.get("/download/day-pack.<kind>")(day_pack_file)


@needs(RESULTS, CYCLE, EXPORT)
def day_pack_file(kind: str) -> Response:
    """The day pack for the next review of a certificate, or for the one that is named; 404 for a kind there is not.

    UsageError where the certificate or the plan may not be seen: as of one that is not there.
    """
    if kind not in KINDS or not request.args.get("certificate"):
        abort(404)
    given = {key: request.args.get(key, "") for key in _ASKED}
    asked = filters(filters(None, "scope").href(**given), "scope")
    which = Which(asked.review or None, asked.on, asked.capacity, asked.draft)
    made = day_pack(current_scope(), asked.certificate, asked.as_of, asked.known_at, which)
    return handed_out(_writer(kind)(made), file_stem(made.title, asked.as_of).lower(), kind)


def _writer(kind: str) -> Callable[[Document], bytes]:
    if kind == "docx":
        return letter
    if kind == "xlsx":
        from dashboard.exports.as_workbook import workbook

        return workbook
    from dashboard.exports.as_pdf import pdf

    return pdf

"""Handing a file out: what it is called, and what a browser is told of it."""

import re

from flask import Response

import formats

_CONTENT_TYPES = {
    **formats.CONTENT_TYPES,
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ics": "text/calendar; charset=utf-8",
    "pdf": "application/pdf",
    "png": "image/png",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "svg": "image/svg+xml; charset=utf-8",
}


def file_stem(*words: object) -> str:
    """Words as the name of a file without its ending: letters and digits with "-" between, at most 120 of them."""
    return re.sub(r"[^A-Za-z0-9]+", "-", "-".join(map(str, words))).strip("-")[:120]


def handed_out(body: str | bytes, stem: str, kind: str) -> Response:
    """A file to be kept, called `stem.kind`; `kind` is its ending, and KeyError where that is none of ours."""
    headers = {"Content-Disposition": f'attachment; filename="{stem}.{kind}"'}
    return Response(body, content_type=_CONTENT_TYPES[kind], headers=headers)

"""What the API is, as an OpenAPI description: the one text from which its page and its tests are made."""

from typing import Any

import measures
from db.tokens import LONGEST
from scheme.coverage import STATES
from scheme.headroom import STATUSES
from scheme.renewal import CHECKS, OUTCOMES
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES, BASES

ROOT = "/api/v1"
Described = dict[str, Any]

# --- what is said -----------------------------------------------------------------------------------------------------

TEXT: Described = {"type": "string"}
WHOLE: Described = {"type": "integer"}
TRUTH: Described = {"type": "boolean"}
DAY: Described = {"type": "string", "format": "date"}
MOMENT: Described = {"type": "string", "format": "date-time"}


def _or_null(kind: Described) -> Described:
    return {**kind, "type": [kind["type"], "null"], **({"enum": [*kind["enum"], None]} if "enum" in kind else {})}


def _one_of(words: tuple[str, ...]) -> Described:
    return {"type": "string", "enum": list(words)}


def _list(of: Described) -> Described:
    return {"type": "array", "items": of}


def _object(keys: Described) -> Described:
    return {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}


BAND, TYPE = _one_of(ALL_BANDS), _one_of(ASSESSMENT_TYPES)
_COUNTS = ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")
_BENCHMARK = _object(dict.fromkeys(("initial", "surveillance", "recertification"), _or_null(WHOLE)))
# The keys of commands.md by what they are called; where a measure means something else by one, that stands below.
_KINDS: Described = {
    **dict.fromkeys(("element", "criterion", "certificate_code", "site_code", "file", "why"), TEXT),
    **dict.fromkeys(("department_code", "sheet"), _or_null(TEXT)),
    **dict.fromkeys(("rolled_up", "worse_below", "indicative", "covered", "in_scope", "must_visit", "restated"), TRUTH),
    **dict.fromkeys(("elements", *ALL_BANDS, "not_assessed", "load", "must_visit_outstanding"), WHOLE),
    **dict.fromkeys(("sites_in_scope", "days_to_expiry"), WHOLE),
    **dict.fromkeys(("allowance", "headroom", "sites_required", "row"), _or_null(WHOLE)),
    **dict.fromkeys(("last_covered_on", "last_visited_on"), _or_null(DAY)),
    "band": BAND,
    "previous_band": _or_null(BAND),
    "assessed_on": DAY,
    "carried_forward": _or_null(TRUTH),
    "kind": _one_of(("annual", "rolling")),
    "years": _list(_one_of(STATES)),
    "status": _one_of(STATUSES),
    "benchmark": _BENCHMARK,
    "loaded_at": MOMENT,
    "superseded_at": _or_null(MOMENT),
    "check": _one_of(CHECKS),
    **dict.fromkeys(("outcome", "outcome_at_expiry"), _one_of(OUTCOMES)),
    "detail": TEXT,
}
_OF_MEASURE: dict[str, Described] = {
    "standing": {"assessment_type": _or_null(TYPE)},
    "coverage": {"outstanding": TRUTH},
    "visits": {"visited": WHOLE, "outstanding": _or_null(WHOLE)},
    "sites": {"visited": TRUTH},
    "history": {"assessment_type": TYPE, "site_code": _or_null(TEXT)},
}
_ABOUT = {
    "standing": "The band in force for each department and element",
    "headroom": "How many more partials each criterion can bear, and whether it passes",
    "coverage": "Which elements of a certificate's cycle have been looked at",
    "visits": "How many sites each certificate still owes a visit",
    "sites": "Which sites have been visited in a certificate's cycle",
    "renewal": "What each certificate's renewal is judged by: five checks, as of the day and at expiry",
    "history": "Every result as it was loaded, with where it came from",
}


def _of_file(load: Described) -> Described:
    counts = dict.fromkeys(_COUNTS, WHOLE)
    about = {"sent_by": load["sent_by"], "file": TEXT, "sheet": _or_null(TEXT), "sha256": TEXT}
    fate = {"outcome": _one_of(("loaded", "refused")), "reason": _or_null(TEXT)}
    moments = {key: load[key] for key in load if key != "sent_by"}
    seen = {
        "layout": {
            **_or_null(TEXT),
            "description": "What it was taken for: canonical, wide, workbook, matrix, report.",
        },
        "certainty": {**_or_null(TEXT), "description": "How surely: sure, likely."},
    }
    return _object({**moments, **about, "table": _or_null(TEXT), **counts, **fate, **seen})


LOADED = _of_file({"load": WHOLE, "started_at": MOMENT, "finished_at": MOMENT, "sent_by": TEXT})
CHECKED = _of_file({"started_at": _or_null(MOMENT), "finished_at": _or_null(MOMENT), "sent_by": _or_null(TEXT)})
REJECTED = _object(
    {
        "file": TEXT,
        "sheet": _or_null(TEXT),
        "row": WHOLE,
        "why": TEXT,
        "cells": {"type": "object", "description": "The sender's own cells by heading."},
    }
)
NOTE = _object({"file": TEXT, "sheet": _or_null(TEXT), "note": TEXT})
ERROR = _object(
    {
        "error": {**TEXT, "description": "What is wrong and what to do, in a sentence."},
        "number": {**_or_null(TEXT), "description": "Under which the program's own log tells more; usually null."},
    }
)
_EXIT: Described = {
    "type": "integer",
    "enum": [0, 3],
    "description": "As `assay load` ends: 0 everything read is in the warehouse (or was there already); 3 rows were "
    "set aside or a file was refused. Any other status than 2xx: nothing of it is in.",
}


def _report(of_file: Described) -> Described:
    return _object({"exit_code": _EXIT, "loads": _list(of_file), "rejected": _list(REJECTED), "notes": _list(NOTE)})


# --- what is asked ----------------------------------------------------------------------------------------------------


def _asked(name: str, about: str, kind: Described, example: str, **more: Any) -> Described:
    return {"name": name, "in": "query", "description": about, "schema": kind, "example": example, **more}


_AS_OF = _asked("as_of", "The day; today (UTC) unless given.", DAY, "2026-03-31")
_KNOWN_AT = _asked(
    "known_at",
    "Hide what was loaded after this moment; a day alone is its end (UTC).",
    {"anyOf": [MOMENT, DAY]},
    "2026-03-31T14:05:00Z",
)
_DEPARTMENT = _asked(
    "department",
    "This department and what lies below it; may be repeated.",
    _list({**TEXT, "minLength": 1}) | {"maxItems": 100},
    "HOU",
) | {"style": "form", "explode": True, "example": ["HOU"]}
_BASIS = _asked("basis", "Whose word counts; formal unless given (history: all).", _one_of(tuple(BASES)), "formal")
_LOAD = {
    "name": "load",
    "in": "path",
    "required": True,
    "description": "The load's number.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 12,
}


def _sending(keeps: bool) -> Described:
    binary: Described = {"type": "string", "format": "binary"}
    fields: Described = {
        "file": {"type": "array", "items": binary, "minItems": 1, "maxItems": 50, "description": "The files."},
        "source": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_.&-]{1,40}$",
            "description": "The code of a source that the organisation keeps: how the sender's words are read.",
        },
        "strict": {**TRUTH, "description": "Refuse a file at its first row set aside."},
    }
    if keeps:
        fields["withdraw_missing"] = {
            **TRUTH,
            "description": "Take back rows that a newer edition of a file no longer has.",
        }
    form = {"type": "object", "properties": fields, "required": ["file"], "additionalProperties": False}
    return {"required": True, "content": {"multipart/form-data": {"schema": form}}}


# --- what is answered -------------------------------------------------------------------------------------------------

_FAULTS = {
    "400": "What was asked makes no sense; the sentence says why.",
    "401": "No token, or one that is wrong, unknown, revoked or over.",
    "403": "The token may not do that.",
    "404": "There is no such thing, or it is not yours: the two look the same.",
    "405": "Not with this method.",
    "409": "Two files of the request have the same name.",
    "413": "Too large.",
    "415": "Not sent as multipart/form-data.",
    "429": "Too often; the header Retry-After says when to try again.",
    "500": "A fault of the program; report its number.",
    "503": "Not just now; the header Retry-After says when to try again.",
}
_SENDING_ONLY = ("409", "413", "415")


def _answers(status: str, about: str, kind: Described, sends: bool = False, **headers: Described) -> Described:
    good: Described = {"description": about, "content": {"application/json": {"schema": kind}}}
    if headers:
        good["headers"] = {name.replace("_", "-"): {"schema": each} for name, each in headers.items()}
    faults = {
        code: {"$ref": f"#/components/responses/{code}"} for code in _FAULTS if sends or code not in _SENDING_ONLY
    }
    return {status: good, **faults}


def _operation(name: str, about: str, scope: str, answers: Described, **more: Any) -> Described:
    told = {"operationId": name, "summary": about, "description": f"Needs the scope `{scope}`.", **more}
    return {**told, "security": [{"token": []}], "responses": answers}


def _measure(name: str) -> Described:
    known = {**_KINDS, **_OF_MEASURE.get(name, {})}
    record = _object({key: known[key] for key in measures.KEYS[name]})
    asked = [_AS_OF, _KNOWN_AT, _DEPARTMENT, *([_BASIS] if name in measures.BASES_OF else [])]
    told = _answers("200", "The records, sorted; keys in this order.", _list(record))
    return {"get": _operation(f"measure_{name}", _ABOUT[name], "read", told, parameters=asked)}


def description() -> Described:
    """The description of the API, the same for everybody: an OpenAPI 3.1 document."""
    send = "Take files into the warehouse: the contract of `assay load`, and the report of `assay check`"
    check = "Say what would be taken and what not; write nothing"
    rejected = _answers("200", "The rows, in the order of files and rows.", _list(REJECTED))
    sent = _answers("201", "All files were looked at; what became of each is in the report.", _report(LOADED), True,
                    Location=TEXT)  # fmt: skip
    checked = _answers("200", "What would become of each file.", _report(CHECKED), True)
    listed = _answers("200", "A record for each file, sheet and table.", _list(LOADED))
    paths = {f"{ROOT}/measures/{name}": _measure(name) for name in measures.KEYS}
    paths[f"{ROOT}/loads"] = {
        "get": _operation("loads", "The loads, newest first", "read", listed),
        "post": _operation("load", send, "send", sent, requestBody=_sending(True)),
    }
    paths[f"{ROOT}/loads/{{load}}/rejected"] = {
        "get": _operation(
            "rejected", "The rows a load set aside, as sent, with why", "read", rejected, parameters=[_LOAD]
        )
    }
    paths[f"{ROOT}/checks"] = {"post": _operation("check", check, "send", checked, requestBody=_sending(False))}
    fault = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Assay",
            "version": "1",
            "description": "Send files and read measures of one organisation. A token acts in the organisation that "
            f"made it, for what its scopes say, until it ends (after {LONGEST.days} days at most).",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "assay_..."}},
            "schemas": {"Error": ERROR},
            "responses": {code: {"description": about, "content": fault} for code, about in _FAULTS.items()},
        },
    }

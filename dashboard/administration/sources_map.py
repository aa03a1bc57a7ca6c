"""A source made from a sender's file: its first rows in view, what each column is, what its words mean, and a trial.

Nothing is kept between the steps: the file travels closed with the program's secret in the page's own form, so that
only this session can send it back and no table is needed. What was chosen travels as the text of the source.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response as FlaskResponse
from flask import abort, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from dashboard.administration import Route
from dashboard.administration.forms import Act, Cell, Table, Wrong, address
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.administration.sample import LONGEST, Sample, Step, read, sealed, unsealed
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.uploads import sent as uploaded
from dashboard.words import count
from db import kept_sources
from db.roles import ADMINISTER
from db.session import open_session
from etl import mapping, run
from etl.layouts.staged import LEFT_OUT, Source, squashed
from etl.run import LoadReport
from etl.source_text import chosen, text_of
from etl.sources import NOT_ASSESSED, source_of
from scheme.errors import FileRefused, UsageError
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES
from scheme.tables import TABLES

_UP = Act("Sources", address("sources"))
_HERE = address("sources", "/map")
_LONGEST_BODY = 60_000  # characters of a source
_ASIDE = 50  # rows set aside that the trial shows
_FIELDS = ("sample", "sheet", "row", "table", "looked", "day_first", "body")
_FIXED = (
    "department_code",
    "site_code",
    "assessment_type",
    "assessed_on",
    "visited_on",
    "started_on",
    "ended_on",
    "awarded_on",
    "expires_on",
    "owner",
    "due_on",
    "period",
    "department_name",
    "site_name",
)
_SECTIONS = {"band": ("bands", (*ALL_BANDS, NOT_ASSESSED)), "assessment_type": ("assessment_types", ASSESSMENT_TYPES)}


# --- the file ---------------------------------------------------------------------------------------------------------


@needs(ADMINISTER)
def begin() -> Response:
    """The form for a sender's file."""
    return _begin()


def _begin(wrong: Wrong | None = None) -> Response:
    return shown("map", "Map a sender's file", wrong, up=_UP, here=_HERE)


@needs(ADMINISTER)
def looked() -> Response:
    """Look at a file that was sent; what it may be."""
    try:
        with uploaded(current_scope().tenant_id, ("page",)) as given:
            file = given.files[0]
            sample = sealed(file.name, file.path.read_bytes())
    except BadRequest as error:
        return _begin({"file": error.description or "Choose a file."})
    except UsageError as error:
        return _begin({"file": sentence(error)})
    return _columns(unsealed(sample), {})


# --- its columns ------------------------------------------------------------------------------------------------------


@needs(ADMINISTER)
def columns() -> Response:
    """Look again: at another sheet, with other headings or as another table; or come back to the columns."""
    told = _sent()
    try:
        return _columns(told["sample"], told)
    except UsageError as error:  # a source that was edited, and is none any more
        step = read(told["sample"], told["sheet"], told["row"], told["table"])
        return _trial(told["sample"], step, told["body"], {"body": sentence(error)})


def _sent() -> dict[str, Any]:
    """What a step's form sent, its file opened."""
    request.max_form_memory_size = request.max_content_length = LONGEST + 200_000
    told = sent(*_FIELDS, "code", *_FIXED, many=("column", "word"), longest=LONGEST)
    if any(len(told[name]) > _LONGEST_BODY for name in told if name != "sample" and name not in ("column", "word")):
        abort(400)
    told["body"] = told["body"].replace("\r\n", "\n")
    return {**told, "sample": unsealed(told["sample"])}


def _columns(sample: Sample, told: Mapping[str, Any], wrong: Wrong | None = None) -> Response:
    try:
        step = read(sample, told.get("sheet", ""), told.get("row", ""), told.get("table", ""))
    except FileRefused as error:
        return _begin({"file": sentence(error)})
    mapped = _mapped(step, told)
    return shown(
        "map_columns",
        "What each column is",
        wrong,
        up=_UP,
        here=_HERE,
        sample=sample.closed,
        step=step,
        told=mapped,
        tables=[(name, _named(name)) for name in (*TABLES, mapping.WIDE)],
        columns=[(n, step.choices(n, mapped["columns"].get(n, ""))) for n in step.places],
        fixed=[(name, _named(name), step.kind(name)) for name in _FIXED if name in step.names],
        types=[("", "Nothing"), *((one, _named(one)) for one in ASSESSMENT_TYPES)],
        missing=[_named(name) for name in step.proposal.missing],
    )


def _mapped(step: Step, told: Mapping[str, Any]) -> dict[str, Any]:
    """What the columns are set to: as a person had them where the table is the same, else as it is proposed."""
    fixed = {name: told.get(name, "") for name in _FIXED}
    order = step.day_order()
    day_first = told.get("day_first") or ("no" if order.day_first is False else "yes")
    columns_ = {n: likely.name for n, likely in step.proposal.columns.items()}
    if told.get("looked") == step.called and told.get("column"):
        columns_ = step.chosen(told["column"])
    elif told.get("body"):
        source = source_of(told["body"], "the source", "")
        said = {n: source.columns.get(squashed(text), "") for n, text in step.proposal.headings.items()}
        columns_ = {n: "" if ours == LEFT_OUT else ours for n, ours in said.items()}
        fixed |= {name: value for name, value in source.fixed.items() if name in fixed}
        day_first = "yes" if source.day_first else "no"
    body = told.get("body", "")
    return {**fixed, "columns": columns_, "day_first": day_first, "order": order, "body": body}


@needs(ADMINISTER)
def words() -> Response:
    """Take what the columns are; go on to the words that are not known, or to the trial where all are."""
    told = _sent()
    try:
        step = read(told["sample"], told["sheet"], told["row"], told["table"])
    except FileRefused as error:
        return _begin({"file": sentence(error)})
    picked = step.chosen(told["column"])
    fixed, wrong = _fixed(step, picked, told)
    try:
        source = chosen(
            step.proposal.headings,
            {n: picked.get(n, "") for n in step.places if n in step.proposal.headings},
            table=step.proposal.table,
            fixed=fixed,
            day_first=told["day_first"] != "no",
        )
        if told["body"]:  # words that were said before somebody came back to the columns
            before = source_of(told["body"], "the source", "")
            source.bands, source.assessment_types = before.bands, before.assessment_types
    except UsageError as error:
        return _columns(told["sample"], told, {**wrong, "": sentence(error)})
    if wrong:
        return _columns(told["sample"], told, wrong)
    return _words(told, step, source) or _trial(told["sample"], step, text_of(source))


def _fixed(step: Step, picked: Mapping[int, str], told: Mapping[str, Any]) -> tuple[dict[str, str], Wrong]:
    """The values that hold for every row; and what is wrong, by field."""
    there, wrong = set(picked.values()), {}
    fixed = {name: told[name] for name in _FIXED if name in step.names and told[name]}
    for name in fixed:
        if name in there:
            wrong[name] = f"{_named(name)} is a column already; leave one of the two out."
        elif why := step.words.parsed(step.kind(name), fixed[name])[1]:
            wrong[name] = sentence(why)
    for column in step.columns:
        name = column.name
        if not column.required or name in {*there, *fixed} or (name == "expires_on" and "valid_until" in there):
            continue
        if name in _FIXED and not column.filled:
            fixed[name] = ""  # the file does not say it; the form says that this is so
        elif name in _FIXED:
            wrong[name] = f"No column is the {_named(name).lower()}: choose one, or say here what holds for every row."
        else:
            where = step.place_of(name)
            wrong[f"column-{where}"] = f"No column is the {_named(name).lower()}, which this table needs: choose one."
    return fixed, wrong


# --- its words --------------------------------------------------------------------------------------------------------


def _words(told: Mapping[str, Any], step: Step, source: Source) -> Response | None:
    unknown = step.unknown(source)
    if not unknown:
        return None
    asked = []
    for number, (kind, word, cells) in enumerate(unknown):
        choices = [(f"{number}:", "Not known: its rows are set aside")]
        choices += [(f"{number}:{ours}", _named(ours)) for ours in _SECTIONS[kind][1]]
        asked.append((number, kind, word, count(cells, "cell"), choices))
    return shown(
        "map_words",
        "What the words mean",
        up=_UP,
        here=_HERE,
        sample=told["sample"].closed,
        step=step,
        body=text_of(source),
        words=asked,
    )


@needs(ADMINISTER)
def tried() -> Response:
    """Take what the words mean, or a source that was edited; try it on the file."""
    told = _sent()
    try:
        step = read(told["sample"], told["sheet"], told["row"], told["table"])
        body = _with_words(step, told["body"], told["word"])
    except FileRefused as error:
        return _begin({"file": sentence(error)})
    except UsageError as error:
        return _trial(told["sample"], step, told["body"], {"body": sentence(error)})
    return _trial(told["sample"], step, body)


def _with_words(step: Step, body: str, picked: list[str]) -> str:
    """The text of the source with the words that were chosen; as it is where none were."""
    source = source_of(body, "the source", "")
    if not picked:
        return body
    source = step.as_written(source)
    sections: dict[str, dict[str, str]] = {
        "bands": dict(source.bands),
        "assessment_types": dict(source.assessment_types),
    }
    unknown = step.unknown(source)
    for one in picked:
        number, _, ours = one.partition(":")
        if not number.isdigit() or int(number) >= len(unknown):
            abort(400)
        kind, word, _ = unknown[int(number)]
        section, known = _SECTIONS[kind]
        if ours and ours not in known:
            abort(400)
        if ours:
            sections[section][word] = ours
    source.bands, source.assessment_types, source.name = sections["bands"], sections["assessment_types"], None
    return text_of(source)


# --- the trial --------------------------------------------------------------------------------------------------------


def _trial(sample: Sample, step: Step, body: str, wrong: Wrong | None = None, code: str = "") -> Response:
    wrong, report = dict(wrong or {}), None
    try:
        source = source_of(body, "the source", code)
        with sample.file() as file:
            report = run.check([file], scope=current_scope(), source=source)
    except UsageError as error:
        wrong.setdefault("body", sentence(error))
    return shown(
        "map_try",
        "Try it",
        wrong,
        up=_UP,
        here=_HERE,
        sample=sample.closed,
        step=step,
        told={"body": body, "code": code},
        report=report,
        tables=_reported(report) if report else [],
        notes=[note for file in report.files for note in file.notes] if report else [],
    )


def _reported(report: LoadReport) -> list[Table]:
    headings = ["Sheet", "Table", "Read", "New or changed", "Unchanged", "Twice", "No result", "Set aside", "Outcome"]
    rows = []
    for file in report.files:
        counts = (file.read, file.loaded, file.unchanged, file.duplicate, file.no_result, file.set_aside)
        refused = file.outcome == "refused"
        outcome = Cell(f"Refused: {file.reason}", tag="") if refused else Cell("Would be taken")
        rows.append(
            [
                Cell(file.sheet or file.file),
                Cell(_named(file.table or "none")),
                *(Cell(f"{n:,}") for n in counts),
                outcome,
            ]
        )
    tables = [Table("What would become of it", headings, rows)]
    if report.rejected:
        aside = [
            [Cell(str(row.row)), Cell(row.why), Cell("; ".join(f"{k}: {v}" for k, v in row.cells.items() if v)[:300])]
            for row in report.rejected[:_ASIDE]
        ]
        more = f", the first {_ASIDE}" if len(report.rejected) > _ASIDE else ""
        told = f"{count(len(report.rejected), 'row')} set aside{more}"
        tables.append(Table(told[:1].upper() + told[1:], ["Row", "Why", "What it says"], aside))
    return tables


@needs(ADMINISTER)
def kept() -> Response:
    """Keep the source under its code."""
    told = _sent()
    code, body = told["code"], told["body"]
    try:
        step = read(told["sample"], told["sheet"], told["row"], told["table"])
    except FileRefused as error:
        return _begin({"file": sentence(error)})
    wrong: Wrong = {} if code else {"code": "Say what the source is called, such as FIN-2025."}
    try:
        source_of(body, "the source", code)
        with open_session(current_scope(), write=not wrong) as session:
            if code and kept_sources.editions(session, code):
                wrong = {"code": f"There is a source {code} already; choose another code, or change that one."}
            elif not wrong:
                kept_sources.add(session, code, body)
    except UsageError as error:
        wrong = {"code" if "no code for a source" in str(error) else "body": sentence(error)}
    if wrong:
        return _trial(told["sample"], step, body, wrong, code)
    said = (
        f"The source {code} is kept. When a file with these headings comes without it, the refusal proposes it; it is "
        f"used where it is named: --source {code}."
    )
    return done(said, address("sources", "/change", code=code))


@needs(ADMINISTER)
def download() -> Response:
    """The source as a file, to be kept beside the sender's files and given with --source."""
    told = _sent()
    answer = FlaskResponse(told["body"], mimetype="application/toml")
    answer.headers["Content-Disposition"] = "attachment; filename=source.toml"
    return answer


def _named(name: str) -> str:
    return "Results, one column for each element" if name == mapping.WIDE else name.replace("_", " ").capitalize()


ROUTES = (
    Route("/map", begin),
    Route("/map", looked, ("POST",)),
    Route("/map/columns", columns, ("POST",)),
    Route("/map/words", words, ("POST",)),
    Route("/map/try", tried, ("POST",)),
    Route("/map/keep", kept, ("POST",)),
    Route("/map/download", download, ("POST",)),
)

"""The tables of the warehouse, and the count of all. Those of who comes in are in db.identities.

Canonical tables are made from scheme.tables, the one place where their columns stand. Whoever goes through every table
takes `METADATA` or `MAPPERS` from here, where none is missing.

Tables that a tenant owns have `tenant_id` in their primary and foreign keys and are reached through
`db.session.open_session` alone; the few others (tenants, standards, accounts) through `open_platform`. Tables that say
who may do what in a tenant are read by `open_platform` before the tenant is known, and are the tenant's own afterwards.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from db.identities import Reader
from db.mapped import Base, OfTenant, TenantOwned
from scheme.tables import TABLES, Kind, Table

# --- tables that no tenant owns ---------------------------------------------------------------------------------------


class Tenant(Base):
    """An organisation that runs a programme; `version` goes up with each change of its data or profiles."""

    __tablename__ = "tenants"
    __table_args__ = (CheckConstraint("id > 0", name="id_positive"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    standard_code: Mapped[str]
    version: Mapped[int]


class StandardText(Base):
    """One edition of a standard that does not come with Assay: its file's own TOML."""

    __tablename__ = "standards"
    code: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str]
    added_at: Mapped[datetime]


class Chained:
    """What an entry of an audit log says, and how it follows from the one before (db.audit)."""

    entry_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    role: Mapped[str]
    origin: Mapped[str]
    action: Mapped[str]
    object: Mapped[str]
    detail: Mapped[str]  # JSON object
    previous_sha256: Mapped[str]
    sha256: Mapped[str]


class PlatformAuditEntry(Chained, Base):
    """What was done on the platform itself; its rows are only ever added, each chained to the one before (db.audit)."""

    __tablename__ = "platform_audit"


# --- tables that a tenant owns ----------------------------------------------------------------------------------------


class ProfileText(TenantOwned, Base):
    """One version of a profile as added; the newest edition of a day holds. `profile_code` "" is the tenant's own."""

    __tablename__ = "profiles"
    profile_code: Mapped[str] = mapped_column(primary_key=True)
    in_force_from: Mapped[date] = mapped_column(primary_key=True)  # 0001-01-01: since ever
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str]  # JSON
    added_at: Mapped[datetime]


class Source(TenantOwned, Base):
    """One edition of a source file: how a sender's headings and words are read (docs/sending.md)."""

    __tablename__ = "sources"
    source_code: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str]  # TOML
    added_by: Mapped[str]
    added_at: Mapped[datetime]


class SourceRun(TenantOwned, Base):
    """One run of a source that fetches its own files; an unfinished one holds the source until `claimed_until`."""

    __tablename__ = "source_runs"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "load_number"], ["loads.tenant_id", "loads.load_number"]),)
    source_code: Mapped[str] = mapped_column(primary_key=True)
    run_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    edition: Mapped[int]  # of the source
    started_at: Mapped[datetime]
    claimed_until: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # db.source_runs.OUTCOMES
    what: Mapped[str | None]
    load_number: Mapped[int | None]
    again_at: Mapped[datetime | None]  # where it is to run before its schedule says so
    failures: Mapped[int]  # how many failed in a row, this one counted
    seen: Mapped[str]  # JSON: what was fetched already (etl.sync)


class Setting(TenantOwned, Base):
    """What an organisation chose for itself (db.tenants.SETTINGS)."""

    __tablename__ = "tenant_settings"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]


class AuditEntry(TenantOwned, Chained, Base):
    """What was done in a tenant; its rows are only ever added, each chained to the one before (db.audit)."""

    __tablename__ = "audit_entries"


class Load(TenantOwned, Base):
    """One load; `finished_at` rises strictly with `load_number`, so what was known at a moment is a load's number."""

    __tablename__ = "loads"
    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    sent_by: Mapped[str]
    source: Mapped[str | None]
    actor: Mapped[str | None]  # who sent it, as the audit log names them; None: before version 0002
    withdraws_load: Mapped[int | None]  # the load that this one takes back whole (db.withdraw)
    loader: Mapped[str | None]  # the version of Assay that took it; None: before version 0003


class File(TenantOwned, Base):
    """One table in one sheet of one file of a load, with what became of its rows."""

    __tablename__ = "files"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "load_number"], ["loads.tenant_id", "loads.load_number"]),
        Index(None, "tenant_id", "file"),
    )
    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file: Mapped[str]
    sheet: Mapped[str | None]
    sha256: Mapped[str]
    table_name: Mapped[str | None]
    read_count: Mapped[int]
    loaded_count: Mapped[int]
    unchanged_count: Mapped[int]
    duplicate_count: Mapped[int]
    no_result_count: Mapped[int]
    set_aside_count: Mapped[int]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    notes: Mapped[str]  # JSON list
    # Where its rows first stood, where they are said again (db.recode).
    first_load_number: Mapped[int | None]
    first_file_number: Mapped[int | None]
    # What it was taken for, and how surely (db.loading.FileReport); None: before that was kept.
    layout: Mapped[str | None]
    certainty: Mapped[str | None]


_FILE = ["tenant_id", "load_number", "file_number"]


def _files() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(_FILE, [f"files.{name}" for name in _FILE])


class Statement(TenantOwned, Base):
    """A part of what a load said, as it was understood: a table, or how it was said (db.statements)."""

    __tablename__ = "statements"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "load_number"], ["loads.tenant_id", "loads.load_number"]),)
    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]


class Original(TenantOwned, Base):
    """That the bytes of a file are kept as they were sent, once for each content (db.originals)."""

    __tablename__ = "originals"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    byte_count: Mapped[int]
    kept_at: Mapped[datetime]


class DepartmentAlias(TenantOwned, Base):
    """A code that a department had before it was recoded: senders who still use it are understood."""

    __tablename__ = "department_aliases"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "load_number"], ["loads.tenant_id", "loads.load_number"]),)
    old_code: Mapped[str] = mapped_column(primary_key=True)
    new_code: Mapped[str]
    since: Mapped[date]
    load_number: Mapped[int]


class RejectedRow(TenantOwned, Base):
    """A row set aside, with the sender's own cells."""

    __tablename__ = "rejected_rows"
    __table_args__ = (_files(),)
    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reject_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_number: Mapped[int]
    row_number: Mapped[int]
    why: Mapped[str]
    cells: Mapped[str]  # JSON object, in the sender's order


class Sending(TenantOwned, Base):
    """Files that were sent for preview and wait for "take it", for a day; of their sender alone (db.sendings)."""

    __tablename__ = "sendings"
    sending_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    actor: Mapped[str]
    sent_by: Mapped[str]
    source_code: Mapped[str | None]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    mends: Mapped[str]  # JSON list
    preview: Mapped[str]  # JSON object: what taking it would do, as it was shown
    fingerprint: Mapped[str]  # of all that taking it would do


class SendingFile(TenantOwned, Base):
    """A file of a sending as it was sent (kind "sent"), or one that says at length what its preview says in short."""

    __tablename__ = "sending_files"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "sending_number"], ["sendings.tenant_id", "sendings.sending_number"]),
    )
    sending_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    body: Mapped[bytes]


class DraftRow(TenantOwned, Base):
    """What somebody tries out or plans, apart from facts; of its maker until it is shared (db.drafts)."""

    __tablename__ = "drafts"
    draft_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]  # db.drafts.KINDS
    name: Mapped[str]
    body: Mapped[str]  # JSON object
    department_codes: Mapped[str]  # ";" between; "" is the whole tenant
    certificate_code: Mapped[str]  # "" where it is about none
    actor: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    edition: Mapped[int]
    is_shared: Mapped[bool]


class JobRow(TenantOwned, Base):
    """A pack that somebody asked for: what of, how far it is, and until when it waits to be picked up (db.jobs)."""

    __tablename__ = "jobs"
    job_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    body: Mapped[str]  # JSON object: what was asked for
    actor: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str]  # db.jobs.STATES
    said: Mapped[str]  # what is being made, or why it failed
    done_count: Mapped[int]
    step_count: Mapped[int]
    tries: Mapped[int]
    claimed_until: Mapped[datetime | None]  # by whoever makes it
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    sight: Mapped[str]  # what its asker might see when it was made


class JobFile(TenantOwned, Base):
    """A file of a pack that was made, until it is picked up or its time is over."""

    __tablename__ = "job_files"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "job_number"], ["jobs.tenant_id", "jobs.job_number"]),)
    job_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)  # pdf, pptx, xlsx
    body: Mapped[bytes]


class ReminderChoice(TenantOwned, Base):
    """What a person wants to be told of, and up to when the weekly letter told (db.reminders)."""

    __tablename__ = "reminder_choices"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    kinds: Mapped[str]  # of scheme.alerts.KINDS, ";" between; "" is none
    by_mail: Mapped[bool]
    weekly: Mapped[bool]
    changed_at: Mapped[datetime | None]  # None: they chose nothing yet
    told_up_to: Mapped[datetime | None]  # by the weekly letter


class ReminderNotice(TenantOwned, Base):
    """That a person was told of something, once for as long as it holds; shown to whoever still sees as much."""

    __tablename__ = "reminder_notices"
    __table_args__ = (
        Index(
            "uq_reminder_notices_open",
            *("tenant_id", "user_id", "sight", "alert_key"),
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    notice_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    sight: Mapped[str]  # of whom it was told: a hash of what they might see then
    alert_key: Mapped[str]
    kind: Mapped[str]  # one of scheme.alerts.KINDS
    sentence: Mapped[str]
    address: Mapped[str]  # where it leads, a path of ours
    told_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # when it held no longer
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class ReadyFrame(TenantOwned, Base):
    """Rows that hold now, as pages read them: a part of a table, or what says how far all parts are (db.ready)."""

    __tablename__ = "ready_frames"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "load_number"], ["loads.tenant_id", "loads.load_number"]),)
    table_name: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    edition: Mapped[int]  # of how bodies are written
    load_number: Mapped[int]  # the load that wrote it
    row_count: Mapped[int]
    body: Mapped[bytes]


class Versioned(TenantOwned):
    """A row as one load said it. Current while nothing superseded it; a withdrawn one has no successor."""

    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=90)
    file_number: Mapped[int] = mapped_column(sort_order=91)
    row_number: Mapped[int | None] = mapped_column(sort_order=92)
    superseded_by_load: Mapped[int | None] = mapped_column(sort_order=93)


_TYPES: dict[Kind, type[TypeEngine[Any]]] = {"day": Date, "flag": Boolean, "count": Integer, "number": Double}
TAKEN_IN = ("departments", "sites")  # rows are taken in under a code that no register has named


def _model(table: Table) -> type[Versioned]:
    kinds: dict[str, Kind] = {c.name: c.kind for c in table.columns}
    kinds = {name: kinds.get(name, "code") for name in table.key} | kinds
    attributes: dict[str, Any] = {
        name: mapped_column(_TYPES.get(kind, Text), primary_key=name in table.key, nullable=name not in table.key)
        for name, kind in kinds.items()
    }
    if table.name in TAKEN_IN:
        attributes["is_confirmed"] = mapped_column(Boolean, nullable=False)
    attributes["__tablename__"] = table.name
    attributes["__table_args__"] = (
        _files(),
        ForeignKeyConstraint(["tenant_id", "superseded_by_load"], ["loads.tenant_id", "loads.load_number"]),
        Index(
            f"uq_{table.name}_current",
            "tenant_id",
            *table.key,
            unique=True,
            sqlite_where=text("superseded_by_load IS NULL"),
            postgresql_where=text("superseded_by_load IS NULL"),
        ),
    )
    return type(f"{table.name.title().replace('_', '')}Row", (Versioned, Base), attributes)


VERSIONED: dict[str, type[Versioned]] = {name: _model(table) for name, table in TABLES.items()}


# --- all tables, counted: those of db.identities are there too, because they are imported above -----------------------


METADATA = Base.metadata
MAPPERS = Base.registry.mappers


def _tables(kind: type[OfTenant]) -> tuple[str, ...]:
    return tuple(m.local_table.name for m in MAPPERS if issubclass(m.class_, kind))  # type: ignore[attr-defined]  # a mapper's table may be a join; ours are none


OWNED = _tables(TenantOwned)
IDENTITY = tuple(name for name in _tables(OfTenant) if name not in OWNED)
APPEND_ONLY = (AuditEntry.__tablename__, PlatformAuditEntry.__tablename__)
# What the program may only read: the tables' owner writes there.
OWNERS_ALONE = (Reader.__tablename__,)
# What the program may remove rows from: what passes, and who may do what. Everything else only ever grows.
FORGETTABLE = (
    "grants",
    "user_sessions",
    "guest_sessions",
    "sign_in_attempts",
    "sign_on_attempts",
    "reset_links",
    "group_grants",
    "department_aliases",
    "sendings",
    "sending_files",
    "drafts",
    "jobs",
    "job_files",
    "calendar_feeds",
    "reminder_notices",
)

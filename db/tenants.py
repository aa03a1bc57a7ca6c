"""Tenants, the standards they are held to, and the profiles under which a standard is applied."""

import base64
import getpass
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import audit
from db.models import ProfileText, Setting, StandardText, Tenant
from db.roles import PERMISSIONS
from db.session import Scope, bind, bound_tenant, open_platform, scope_in
from scheme.errors import ProfileInvalid, StandardInvalid, UsageError
from scheme.standard import (
    Profile,
    Standard,
    code_order,
    parsed,
    profile_of,
    shipped,
    shipped_codes,
    standard_of,
)

SINCE_EVER = date.min  # how the warehouse keeps "no day" in `in_force_from`


# --- standards --------------------------------------------------------------------------------------------------------


def add_standard(body: str, where: str = "the standard") -> str:
    """Add a standard from the TOML of its file, or a newer text of one; says what it did.

    StandardInvalid where the file contradicts itself, takes the code of a shipped standard, or drops an element that
    results may speak of. The same text again changes nothing.
    """
    standard = standard_of(parsed(body, where), where)
    if standard.code in shipped_codes():
        raise StandardInvalid(f"{where}: the code {standard.code} is taken by a shipped standard; choose another")
    with open_platform(write=True) as session:
        editions = _editions(session, standard.code)
        if editions and editions[-1].body == body:
            return f"standard {standard.code} is there already, word for word"
        if editions:
            dropped = set(standard_of(parsed(editions[-1].body, where), where).codes) - set(standard.codes)
            if dropped:
                gone = ", ".join(sorted(dropped, key=code_order))
                raise StandardInvalid(
                    f"{where}: {gone} of {standard.code} is missing; results may speak of it, keep it"
                )
        edition = StandardText(code=standard.code, edition=len(editions) + 1, body=body, added_at=datetime.now(UTC))
        session.add(edition)
        for tenant in session.scalars(select(Tenant).where(Tenant.standard_code == standard.code)):
            tenant.version += 1
        _record(session, "added standard", standard.code, edition=len(editions) + 1)
    return f"standard {standard.code} {'has a newer text' if editions else 'added'} ({len(standard.codes)} elements)"


def standards() -> list[Standard]:
    """Every standard there is, by code: the shipped ones and the newest text of those added."""
    with open_platform() as session:
        added = sorted(set(session.scalars(select(StandardText.code))))
        known = [standard_in(session, code) for code in added]
    return sorted([*(shipped(code) for code in shipped_codes()), *known], key=lambda s: code_order(s.code))


def standard_of_code(code: str) -> Standard:
    """The standard of that code; UsageError names those there are."""
    with open_platform() as session:
        return standard_in(session, code)


def standard_in(session: Session, code: str, known_at: datetime | None = None) -> Standard:
    """The standard of that code as known at a moment, its first text where none was; UsageError where there is none."""
    if code in shipped_codes():
        return shipped(code)
    editions = _editions(session, code)
    if not editions:
        there = ", ".join([*shipped_codes(), *sorted(set(session.scalars(select(StandardText.code))))])
        raise UsageError(f"no standard '{code}'; there are {there}; `assay standard add FILE` adds one")
    chosen = [e for e in editions if known_at is None or e.added_at <= known_at] or editions[:1]
    return standard_of(parsed(chosen[-1].body, code), f"standard {code}")


def standard_text(session: Session, code: str) -> str | None:
    """The newest text of a standard that was added; None where it comes with Assay."""
    editions = _editions(session, code)
    return editions[-1].body if editions else None


def _editions(session: Session, code: str) -> list[StandardText]:
    return list(session.scalars(select(StandardText).where(StandardText.code == code).order_by(StandardText.edition)))


# --- tenants and their profiles ---------------------------------------------------------------------------------------


def add_tenant(
    code: str,
    name: str,
    standard: str | None = None,
    profile_bodies: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> str:
    """Add a tenant, or to one that is there another name, standard or versions of profiles; says what it did.

    Without a standard a new tenant is held to cse, another keeps its own. One may move to a standard that has all
    elements of its present one, for instance one with the licensed text. Profiles come as (where, parsed TOML); one
    with a `code` is what certificates may name, one without is the tenant's own. UsageError for a code that is no code,
    an unknown standard or one that lacks elements; ProfileInvalid for a profile that contradicts itself. The same again
    changes nothing.
    """
    code, name = code.strip(), name.strip()
    if not re.fullmatch(r"[\w.&-]{1,40}", code):
        raise UsageError(f"'{code}' is no code for a tenant; use up to 40 letters, digits, and . & - _")
    if not name:
        raise UsageError(f"tenant {code} needs a name")
    with open_platform(write=True) as session:
        tenant = session.scalars(
            select(Tenant).where(func.lower(Tenant.code) == code.lower()).with_for_update()
        ).first()
        applied = standard_in(session, standard or (tenant.standard_code if tenant else "cse"))
        versions = [(_profile(body, applied, where), body) for where, body in profile_bodies]
        if tenant is None:
            if applied.profile is None and all(profile.code for profile, _ in versions):
                raise UsageError(f"standard {applied.code} brings no [profile]; give tenant {code} one with --profile")
            tenant = Tenant(code=code, name=name, standard_code=applied.code, version=1)
            session.add(tenant)
            done = [f"tenant {code} added, under {applied.title}"]
        else:
            done = [f"tenant {tenant.code} is called {name} now"] if tenant.name != name else []
            tenant.name = name
            if tenant.standard_code != applied.code:
                _refuse_loss(standard_in(session, tenant.standard_code), applied, tenant)
                tenant.standard_code = applied.code
                done.append(f"tenant {tenant.code} is held to {applied.title} ({applied.code}) now")
        session.flush()
        if done:
            _record(session, "set up tenant", tenant.code, standard=tenant.standard_code)
        bind(session, scope_in_tenant(tenant))
        done += [said for profile, body in versions if (said := _add_profile(session, profile, body))]
        tenant.version += bool(done)
    return "; ".join(done) or f"tenant {tenant.code} is there already, with all of this"


def _refuse_loss(present: Standard, wanted: Standard, tenant: Tenant) -> None:
    homes = {element.code: element.criterion for element in wanted.elements}
    lost = [element.code for element in present.elements if homes.get(element.code) != element.criterion]
    if lost:
        raise UsageError(
            f"tenant {tenant.code} is held to {present.code}, of which {wanted.code} lacks {', '.join(lost[:10])} "
            "in the same criterion; its results speak of them"
        )
    if wanted.profile is None:
        raise UsageError(f"standard {wanted.code} brings no [profile]; add one with its allowances to its file")


def _profile(body: Mapping[str, Any], standard: Standard, where: str) -> Profile:
    named = body.get("base")
    base = standard.profile
    if named is not None and named != standard.code:
        if named not in shipped_codes():
            raise ProfileInvalid(f"{where}: there is no profile '{named}' to start from; base = \"{standard.code}\"")
        base = shipped(str(named)).profile
    profile = profile_of(body, standard, where, base)
    if named is None and base is not None:
        raise ProfileInvalid(f'{where}: `base` is missing; say what it starts from, such as base = "{standard.code}"')
    return profile


def _add_profile(session: Session, profile: Profile, body: Mapping[str, Any]) -> str | None:
    day = profile.in_force_from or SINCE_EVER
    text = json.dumps(body, default=str, sort_keys=True, ensure_ascii=False)
    there = session.scalars(
        select(ProfileText)
        .where(ProfileText.profile_code == profile.code, ProfileText.in_force_from == day)
        .order_by(ProfileText.edition)
    ).all()
    if there and there[-1].body == text:
        return None
    session.add(
        ProfileText(
            tenant_id=bound_tenant(session),
            profile_code=profile.code,
            in_force_from=day,
            edition=len(there) + 1,
            body=text,
            added_at=datetime.now(UTC),
        )
    )
    audit.record(session, "kept profile", profile.code, since=str(profile.in_force_from or ""))
    since = f" from {profile.in_force_from:%-d %B %Y}" if profile.in_force_from else ""
    return f"profile '{profile.name}'{since} {'replaced' if there else 'added'}"


def add_profile(session: Session, body: Mapping[str, Any], where: str = "the profile") -> str:
    """Add a version of a profile to the session's tenant, or a newer text of one; says what it did.

    The profile comes as the parsed TOML of its file (commands.md); one with a `code` is what certificates may name, one
    without is the tenant's own. ProfileInvalid where it contradicts itself. The same again changes nothing.
    """
    tenant = session.get_one(Tenant, bound_tenant(session))
    profile = _profile(body, standard_in(session, tenant.standard_code), where)
    done = _add_profile(session, profile, body)
    if done is None:
        return f"profile '{profile.name}' is there already, word for word"
    tenant.version += 1
    return done


@dataclass(frozen=True)
class ProfileVersion:
    """One text of a version of a profile, as added; the newest of a day holds. `body` is as in its file."""

    profile: Profile
    body: Mapping[str, Any]
    edition: int
    added_at: datetime
    holds: bool


def profile_versions(session: Session) -> list[ProfileVersion]:
    """Every text of every profile of the session's tenant: by code, then day, the newest text of a day first."""
    tenant = session.get_one(Tenant, bound_tenant(session))
    standard = standard_in(session, tenant.standard_code)
    rows = session.scalars(
        select(ProfileText).order_by(ProfileText.profile_code, ProfileText.in_force_from, ProfileText.edition.desc())
    )
    versions: list[ProfileVersion] = []
    seen: set[tuple[str, date]] = set()
    for row in rows:
        place = (row.profile_code, row.in_force_from)
        versions.append(
            ProfileVersion(_kept(row, standard), json.loads(row.body), row.edition, row.added_at, place not in seen)
        )
        seen.add(place)
    return versions


def profiles_in(session: Session, standard: Standard, known_at: datetime | None = None) -> dict[str, list[Profile]]:
    """The versions of each of the tenant's profiles by code, as known at a moment; "" is the tenant's own.

    The standard's own profile stands in where the tenant brought none, and is there under its code. Where a profile
    was not known yet, its first version is.
    """
    rows = session.scalars(select(ProfileText).order_by(ProfileText.added_at, ProfileText.edition)).all()
    profiles: dict[str, list[Profile]] = {}
    if standard.profile is not None:
        profiles = {standard.profile.code: [standard.profile], "": [standard.profile]}
    for code in dict.fromkeys(row.profile_code for row in rows):
        own = [row for row in rows if row.profile_code == code]
        known = [row for row in own if known_at is None or row.added_at <= known_at] or own[:1]
        newest = {row.in_force_from: row for row in known}
        profiles[code] = [_kept(row, standard) for _, row in sorted(newest.items())]
    return profiles


def _kept(row: ProfileText, standard: Standard) -> Profile:
    body = json.loads(row.body)
    if "in_force_from" in body:
        body["in_force_from"] = date.fromisoformat(body["in_force_from"])
    return _profile(body, standard, f"profile '{row.profile_code}'")


def tenants() -> pl.DataFrame:
    """Every tenant by code: code, name, standard (String)."""
    with open_platform() as session:
        rows = session.execute(select(Tenant.code, Tenant.name, Tenant.standard_code)).all()
    schema = {"code": pl.String, "name": pl.String, "standard": pl.String}
    return pl.DataFrame(sorted(map(tuple, rows), key=lambda row: code_order(row[0])), schema, orient="row")


def scope_of(tenant_code: str) -> Scope:
    """The scope of the command line in a tenant, which may do everything; UsageError names the tenants there are."""
    with open_platform() as session:
        tenant = session.scalars(select(Tenant).where(func.lower(Tenant.code) == tenant_code.strip().lower())).first()
        if tenant is None:
            there = ", ".join(session.scalars(select(Tenant.code).order_by(Tenant.code))) or "none yet"
            raise UsageError(f"no tenant '{tenant_code}'; there are {there}; `assay tenant add` adds one")
        return scope_in_tenant(tenant)


def in_turn(only: str | None = None) -> Iterator[tuple[Scope, Session]]:
    """Each tenant by code, or one, and a session that is bound to it until the next is asked for: one transaction."""
    wanted = scope_of(only).tenant_id if only is not None else None
    with open_platform() as session:
        there = [tenant for tenant in session.scalars(select(Tenant)) if wanted in (None, tenant.id)]
        for tenant in sorted(there, key=lambda each: code_order(each.code)):
            scope = scope_in_tenant(tenant)
            bind(session, scope)
            yield scope, session


def scope_in_tenant(tenant: Tenant) -> Scope:
    """The scope of whoever runs the command line on the server itself."""
    actor, may = here(), frozenset(PERMISSIONS)
    return Scope(tenant.id, tenant.code, None, "operator", "", tenant.name, may, None, actor, "command line")


def _record(session: Session, action: str, about: str, **detail: object) -> None:
    told = {"actor": here(), "role": "operator", "origin": "command line"}
    audit.record_on_platform(session, action, about, **told, **detail)  # type: ignore[arg-type]  # texts, all of them


def here() -> str:
    """How the audit log names whoever is at the command line."""
    return f"command line: {who_runs_this()}"


def who_runs_this() -> str:
    """The name under which this program runs on its machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # nobody has a name in some containers
        return f"user {os.getuid()}"


SETTINGS = {  # the first value is what holds where none was chosen
    "champions_see_others": ("nothing", "distribution"),
    "champions_see_exemplars": ("no", "yes"),
    "risk_estimates": ("off", "on"),
}


def setting(session: Session, name: str) -> str:
    """What the session's tenant chose, or what holds where it chose nothing (SETTINGS)."""
    row = session.scalars(select(Setting).where(Setting.name == name)).first()
    return row.value if row else SETTINGS[name][0]


def choose(session: Session, name: str, value: str) -> str:
    """Set what the session's tenant chose; says what it did. UsageError for an unknown name or value."""
    if value not in SETTINGS.get(name, ()):
        there = "; ".join(f"{key}={'|'.join(values)}" for key, values in SETTINGS.items())
        raise UsageError(f"there is no setting {name}={value}; there are {there}")
    before, scope = setting(session, name), scope_in(session)
    if before == value:
        return f"{name} is {value} already"
    row = session.scalars(select(Setting).where(Setting.name == name)).first() or Setting(name=name)
    row.value, row.set_at, row.set_by = value, datetime.now(UTC), scope.actor if scope else ""
    session.add(row)
    session.get_one(Tenant, bound_tenant(session)).version += 1
    audit.record(session, "chose", name, before=before, now=value)
    return f"{name} is {value} now"


# --- the logo ---------------------------------------------------------------------------------------------------------

_LOGO = "logo"  # kept as a setting, in base64; no command sets it, and no other tenant reads it


def logo(session: Session) -> bytes | None:
    """The picture that the session's tenant shows beside its name, as PNG; None where it has none."""
    row = session.scalars(select(Setting).where(Setting.name == _LOGO)).first()
    return base64.b64decode(row.value) if row and row.value else None


def has_logo(session: Session) -> bool:
    """Whether the session's tenant has a logo, without fetching it."""
    return bool(session.scalar(select(func.length(Setting.value)).where(Setting.name == _LOGO)))


def keep_logo(session: Session, picture: bytes | None) -> None:
    """Let a picture (PNG as dashboard.logos makes it) be the tenant's logo, None for none; the audit log says so."""
    scope = scope_in(session)
    row = session.scalars(select(Setting).where(Setting.name == _LOGO)).first() or Setting(name=_LOGO)
    row.value = base64.b64encode(picture).decode() if picture else ""
    row.set_at, row.set_by = datetime.now(UTC), scope.actor if scope else ""
    session.add(row)
    session.get_one(Tenant, bound_tenant(session)).version += 1
    said = {"sha256": hashlib.sha256(picture).hexdigest(), "bytes": len(picture)} if picture else {"now": "none"}
    audit.record(session, "chose", _LOGO, **said)

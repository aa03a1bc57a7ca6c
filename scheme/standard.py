"""A standard and the profiles under which certification bodies apply it, read from TOML into frozen dataclasses.

Another standard is another file: nothing here knows the number of its criteria or the wording of its bands.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any

from scheme.errors import ProfileInvalid, StandardInvalid

# measures.md section 1: the four bands, best first, and the one beside the scale.
BANDS = ("compliance_plus", "compliant", "partial", "non_compliant")
NOT_APPLICABLE = "not_applicable"
ALL_BANDS = (*BANDS, NOT_APPLICABLE)

# measures.md section 1: the types of assessment, in the order that settles two results of one day.
ASSESSMENT_TYPES = (
    "self_assessment",
    "gap_analysis",
    "desk_review",
    "initial",
    "annual_review",
    "renewal",
    "reassessment",
)
FORMAL = ("initial", "annual_review", "renewal", "reassessment")
BASES: Mapping[str, tuple[str, ...]] = {
    "formal": FORMAL,
    "self": ("self_assessment",),
    "desk": ("desk_review",),
}

_DIGITS = re.compile(r"(\d+)")


@lru_cache(maxsize=10_000)  # the codes of a large organisation are sorted many times for each page
def code_order(code: str | None) -> tuple[Any, ...]:
    """The sort key of a code: none (the corporate body) first, then text with its numbers in number order."""
    if not code:
        return (0,)
    parts = _DIGITS.split(code)
    return (1, tuple(int(part) if i % 2 else part for i, part in enumerate(parts)), code)


@dataclass(frozen=True)
class Band:
    """What a standard calls a band: its label, the sign shown in a cell, what it means, how senders spell it."""

    code: str
    label: str
    sign: str
    meaning: str
    spellings: tuple[str, ...]


@dataclass(frozen=True)
class Element:
    """One element: its official number, a title and a line of guidance in our own words, and where it hangs."""

    code: str
    title: str
    guidance: str
    criterion: str
    sub_criterion: str | None


@dataclass(frozen=True)
class SubCriterion:
    """A sub-criterion and the codes of its elements."""

    code: str
    title: str
    elements: tuple[str, ...]


@dataclass(frozen=True)
class Criterion:
    """A criterion, its sub-criteria (none where elements hang directly below it) and the codes of its elements."""

    code: str
    title: str
    sub_criteria: tuple[SubCriterion, ...]
    elements: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """What some elements are about, for pages that gather by it; which these are is **ours** (scheme/standards)."""

    code: str
    title: str
    elements: tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """How a certification body applies a standard, from a day on (commands.md, Profiles and standards as files).

    `annual_elements` is None where the list is not known, and empty where there are none.
    """

    code: str
    name: str
    in_force_from: date | None = None
    allowances: Mapping[str, int] = field(default_factory=dict)
    annual_elements: tuple[str, ...] | None = None
    cycle_years: int = 3
    opening_days: int = 92
    opening_assessment_counts: bool = False
    review_grace_days: int = 92
    remote_visits_count: bool = False
    minor_share: float = 0.25
    unknown_departments: str = "take_in"


def in_force(versions: Sequence[Profile], day: date) -> Profile:
    """The version in force on the day; the first one is in force since ever (measures.md section 1)."""
    ordered = sorted(versions, key=lambda p: p.in_force_from or date.min)
    begun = [p for p in ordered if (p.in_force_from or date.min) <= day]
    return begun[-1] if begun else ordered[0]


@dataclass(frozen=True)
class Standard:
    """A standard: its criteria, its elements in official order and its scale of bands, best first."""

    code: str
    title: str
    edition: str
    source: str
    criteria: tuple[Criterion, ...]
    elements: tuple[Element, ...]
    bands: tuple[Band, ...]
    profile: Profile | None = None  # the one it is applied under where a tenant brings none
    subjects: tuple[Subject, ...] = ()

    def about(self, subject: str) -> tuple[str, ...]:
        """The elements of a subject by its code; none where the standard does not have it."""
        return next((each.elements for each in self.subjects if each.code == subject), ())

    @cached_property
    def element(self) -> Mapping[str, Element]:
        """Elements by code."""
        return {element.code: element for element in self.elements}

    @cached_property
    def band(self) -> Mapping[str, Band]:
        """Bands by code, `not_applicable` included."""
        return {band.code: band for band in self.bands}

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of the elements, in official order."""
        return tuple(element.code for element in self.elements)

    @cached_property
    def sub_criteria(self) -> frozenset[str]:
        """The codes of all sub-criteria."""
        return frozenset(sub.code for criterion in self.criteria for sub in criterion.sub_criteria)


def standard_of(body: Mapping[str, Any], where: str = "the standard") -> Standard:
    """A standard from the parsed TOML of its file; StandardInvalid says what contradicts what, and where."""
    try:
        code, title = _text(body, "code", where), _text(body, "title", where)
        bands = tuple(
            Band(
                _text(row, "code", where),
                _text(row, "label", where),
                _text(row, "sign", where),
                str(row.get("meaning", "")),
                tuple(str(word) for word in row.get("spellings", ())),
            )
            for row in body.get("bands", ())
        )
        criteria: list[Criterion] = []
        elements: list[Element] = []
        for criterion in body.get("criteria", ()):
            here = f"{where}, criterion {criterion.get('code', '?')}"
            criterion_code = _text(criterion, "code", here)
            first = len(elements)
            subs = []
            elements += _elements(criterion.get("elements", ()), criterion_code, None, here)
            for sub in criterion.get("sub_criteria", ()):
                sub_code = _text(sub, "code", here)
                below = _elements(sub.get("elements", ()), criterion_code, sub_code, f"{here}, {sub_code}")
                subs.append(SubCriterion(sub_code, _text(sub, "title", here), tuple(e.code for e in below)))
                elements += below
            codes = tuple(element.code for element in elements[first:])
            criteria.append(Criterion(criterion_code, _text(criterion, "title", here), tuple(subs), codes))
        standard = Standard(
            code,
            title,
            str(body.get("edition", "")),
            str(body.get("source", "")),
            tuple(criteria),
            tuple(elements),
            bands,
            subjects=tuple(
                Subject(_text(row, "code", where), _text(row, "title", where), tuple(map(str, row.get("elements", ()))))
                for row in body.get("subjects", ())
            ),
        )
    except (AttributeError, TypeError) as error:
        raise StandardInvalid(
            f"{where}: not in the shape of a standard's file ({error}); compare it with scheme/standards/cse.toml"
        ) from error
    _check_standard(standard, where)
    if "profile" not in body:
        return standard
    profile = profile_of(
        {"name": f"{title}, as shipped with it", "code": code, **body["profile"]}, standard, f"{where}, [profile]"
    )
    return replace(standard, profile=profile)


def _elements(rows: Iterable[Mapping[str, Any]], criterion: str, sub: str | None, where: str) -> list[Element]:
    return [
        Element(_text(row, "code", where), _text(row, "title", where), str(row.get("guidance", "")), criterion, sub)
        for row in rows
    ]


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise StandardInvalid(f"{where}: `{key}` is missing or not a text; write it in quotes")
    return value.strip()


def _check_standard(standard: Standard, where: str) -> None:
    for what, codes in (
        ("criterion", [c.code for c in standard.criteria]),
        ("sub-criterion", [s.code for c in standard.criteria for s in c.sub_criteria]),
        ("element", list(standard.codes)),
    ):
        twice = sorted({code for code in codes if codes.count(code) > 1}, key=code_order)
        if twice:
            raise StandardInvalid(f"{where}: {what} {', '.join(twice)} is there twice; give each a code of its own")
    for criterion in standard.criteria:
        if not criterion.elements:
            raise StandardInvalid(f"{where}: criterion {criterion.code} has no elements; add some or take it out")
    if not standard.criteria:
        raise StandardInvalid(f"{where}: there are no [[criteria]]; add at least one with its elements")
    if tuple(band.code for band in standard.bands) != ALL_BANDS:
        raise StandardInvalid(
            f"{where}: [[bands]] must have the codes {', '.join(ALL_BANDS)}, in this order; "
            "labels, signs and spellings are the standard's own"
        )
    for subject in standard.subjects:
        unknown = [code for code in subject.elements if code not in standard.codes]
        if unknown:
            raise StandardInvalid(
                f"{where}: [[subjects]] {subject.code} names {', '.join(unknown)}; no element is that"
            )
    spelt: dict[str, str] = {}
    for band in standard.bands:
        for word in (band.code, band.label, *band.spellings):
            other = spelt.setdefault(spelling(word), band.code)
            if other != band.code:
                raise StandardInvalid(f"{where}: '{word}' spells both {other} and {band.code}; keep it for one")


def spelling(word: str) -> str:
    """A word as senders' words are compared: without case, spaces, hyphens, underscores and a gloss in brackets."""
    return re.sub(r"[\s\-_‐‑‒–—]+", "", re.sub(r"[(\[].*?[)\]]", "", word)).casefold()


_PROFILE_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "code": str,
    "base": str,
    "in_force_from": date,
    "annual_elements": list,
    "cycle_years": int,
    "opening_days": int,
    "opening_assessment_counts": bool,
    "review_grace_days": int,
    "remote_visits_count": bool,
    "minor_share": (int, float),
    "unknown_departments": str,
    "allowances": dict,
}


def profile_of(
    body: Mapping[str, Any], standard: Standard, where: str = "the profile", base: Profile | None = None
) -> Profile:
    """A profile from the parsed TOML of its file, on top of `base` (by default the standard's own).

    ProfileInvalid names the key that is unknown, of the wrong type, or at odds with the standard.
    """
    base = base or standard.profile or Profile(code=standard.code, name=standard.title)
    for key, value in body.items():
        if key not in _PROFILE_KEYS:
            raise ProfileInvalid(f"{where}: unknown key `{key}`; known are {', '.join(_PROFILE_KEYS)}")
        wanted = _PROFILE_KEYS[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise ProfileInvalid(f"{where}: `{key}` is not of the right type; see commands.md, profiles as files")
    if not str(body.get("name", "")).strip():
        raise ProfileInvalid(f"{where}: `name` is missing; say whose rules these are")
    given: dict[str, Any] = {k: v for k, v in body.items() if k not in ("base", "allowances", "annual_elements")}
    # A profile dates itself; it does not inherit the day of the one it starts from.
    given.setdefault("in_force_from", None)
    allowances = dict(base.allowances) | {str(k): v for k, v in body.get("allowances", {}).items()}
    annual = body.get("annual_elements", base.annual_elements)
    profile = replace(
        base,
        **{"code": "", **given},
        allowances=allowances,
        annual_elements=None if annual is None else tuple(str(code) for code in annual),
    )
    _check_profile(profile, standard, where)
    return profile


def _check_profile(profile: Profile, standard: Standard, where: str) -> None:
    criteria = {criterion.code for criterion in standard.criteria}
    for code, allowed in profile.allowances.items():
        if code not in criteria:
            raise ProfileInvalid(f"{where}: [allowances] names criterion {code}, which {standard.code} does not have")
        if not isinstance(allowed, int) or isinstance(allowed, bool) or allowed < 0:
            raise ProfileInvalid(f"{where}: the allowance of criterion {code} must be a whole number, 0 or more")
    missing = sorted(criteria - set(profile.allowances), key=code_order)
    if missing:
        raise ProfileInvalid(
            f"{where}: [allowances] says nothing of criterion {', '.join(missing)}; state how many partials it may have"
        )
    unknown = [code for code in profile.annual_elements or () if code not in standard.element]
    if unknown:
        raise ProfileInvalid(f"{where}: annual_elements names {', '.join(unknown)}, which {standard.code} has not")
    for key, low in (("cycle_years", 1), ("opening_days", 0), ("review_grace_days", 0)):
        if getattr(profile, key) < low:
            raise ProfileInvalid(f"{where}: `{key}` must be {low} or more")
    if not 0 <= profile.minor_share <= 1:
        raise ProfileInvalid(f"{where}: `minor_share` must lie between 0 and 1")
    if profile.unknown_departments not in ("take_in", "set_aside"):
        raise ProfileInvalid(f'{where}: `unknown_departments` must be "take_in" or "set_aside"')


def parsed(text: str, where: str) -> dict[str, Any]:
    """The TOML of a standard's or profile's file; StandardInvalid names the line that cannot be read."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StandardInvalid(f"{where}: not valid TOML: {error}") from error


def _shipped(folder: str, code: str) -> dict[str, Any]:
    name = f"{code}.toml"
    return parsed((resources.files("scheme") / folder / name).read_text("utf-8"), f"scheme/{folder}/{name}")


def shipped_codes() -> tuple[str, ...]:
    """The codes of the standards that come with Assay."""
    folder = resources.files("scheme") / "standards"
    return tuple(sorted(path.name[:-5] for path in folder.iterdir() if path.name.endswith(".toml")))


@cache
def shipped(code: str) -> Standard:
    """A standard that comes with Assay, under its shipped profile; KeyError for any other code."""
    if code not in shipped_codes():
        raise KeyError(code)
    standard = standard_of(_shipped("standards", code), f"scheme/standards/{code}.toml")
    profile = profile_of(_shipped("profiles", code), standard, f"scheme/profiles/{code}.toml")
    return replace(standard, profile=profile)

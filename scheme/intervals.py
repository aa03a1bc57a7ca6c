"""Standing as intervals: from which day to which a result's band is the one in force for its place (measures.md 2).

A result holds from its own day until the day on which a later one of the same department, site, element and basis
begins. Worked out once for all days, where working out each day anew would sort every result again (**ours**, as is
keeping it ready: db.ready).
"""

from collections.abc import Collection, Mapping

import polars as pl

from scheme.standard import ASSESSMENT_TYPES, BASES

# The codes and words of a result: text, or pl.Enum where they are kept ready.
WORDS = ("department_code", "site_code", "assessment_type", "element", "band")
_PLACE = ("department_code", "site_code", "element")


def effective(results: pl.DataFrame, assessments: pl.DataFrame) -> pl.DataFrame:
    """The results with `restated` also true where their assessments' scopes say so (measures.md section 1, restated).

    A result is restated when its sender marked it, or when held assessments of the same department (none is the same
    as none), type and last day exist, all of them state a scope, and its element is in none of these. An empty scope
    states none. Columns and order of rows as in `results`, of which but a place, type, day and restated need be there.
    """
    key = ["department_code", "assessment_type", "assessed_on"]
    held = assessments.filter(~pl.col("planned")).rename({"ended_on": "assessed_on"}).select(*key, "scope")
    for name in key[:2]:
        if isinstance(kind := results.schema[name], pl.Enum):  # one of words that no result has is about none of them
            held = held.filter(pl.col(name).is_null() | pl.col(name).is_in(kind.categories.implode()))
            held = held.with_columns(coded_as(held[name], kind))
    named = held.group_by(key).agg(scoped=(pl.col("scope").list.len().fill_null(0) > 0).all())
    named = named.filter("scoped")
    if named.is_empty():
        return results
    looked_at = held.explode("scope").rename({"scope": "element"}).unique().with_columns(inside=pl.lit(True))
    looked_at = looked_at.with_columns(pl.col("element").cast(results.schema["element"], strict=False))
    return (
        results.join(named, on=key, how="left", nulls_equal=True, maintain_order="left")
        .join(looked_at, on=[*key, "element"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(restated=pl.col("restated") | (pl.col("scoped").is_not_null() & pl.col("inside").is_null()))
        .select(results.columns)
    )


def intervals(results: pl.DataFrame, assessments: pl.DataFrame) -> pl.DataFrame:
    """The results, each with the day until which it holds and the band that held before it.

    `until_on` (Date): the first day on which it holds no longer, null for open; its own day where it never holds: a
    restated result (`effective`), one on no basis, and one of two of a day that is not the later in
    scheme.standard.ASSESSMENT_TYPES. `previous_band`, as `band`: of the result that held before on the same basis,
    site and element, null where there was none. Columns and order of rows otherwise as in `results`, whose WORDS
    are text or pl.Enum.
    """
    counts = {name: number for number, types in enumerate(BASES.values()) for name in types}
    types, rest = results["assessment_type"], len(BASES)
    basis = _numbered(types, counts).fill_null(rest)
    basis = basis.set(effective(results, assessments)["restated"], rest)
    where = pl.Series("where", [0], pl.Int64).new_from_index(0, results.height)
    for name in _PLACE:
        numbers = _physical(results[name])
        where = where * ((numbers.max() or 0) + 1) + numbers  # type: ignore[operator]  # whole numbers
    turns = {name: number for number, name in enumerate(ASSESSMENT_TYPES)}
    day = results["assessed_on"]
    order = day.to_physical().cast(pl.Int64) * len(turns) + _numbered(types, turns).fill_null(0)
    rows = pl.DataFrame({"place": where * (rest + 1) + basis, "order": order})
    turn = in_turn_of(rows)
    rows = rows.with_columns(day, results["band"], moves=basis != rest)
    ordered = rows[turn] if turn is not None else rows
    ordered = ordered.select(
        until_on=pl.when(~pl.col("moves"))
        .then("assessed_on")
        .when(pl.col("place") == pl.col("place").shift(-1))
        .then(pl.col("assessed_on").shift(-1)),
        previous_band=pl.when(pl.col("moves") & (pl.col("place") == pl.col("place").shift(1))).then(
            pl.col("band").shift(1)
        ),
    )
    if turn is not None:
        ordered = ordered.with_columns(turn).sort(turn.name).drop(turn.name)
    return results.with_columns(ordered.get_columns())


def in_turn_of(rows: pl.DataFrame) -> pl.Series | None:
    """The places of the rows when sorted by their columns, whole numbers all of them; None where they are in order.

    Packed into one number where they fit, for sorting by two takes four times as long.
    """
    packed = pl.lit(0, pl.Int64)
    room = 1
    for name in rows.columns:
        low, high = (rows[name].min() or 0), (rows[name].max() or 0)
        span = int(high) - int(low) + 1  # type: ignore[arg-type]  # whole numbers
        packed, room = packed * span + (pl.col(name) - low), room * span
    if room >= 1 << 63:
        return rows.select(turn=pl.arg_sort_by(rows.columns))["turn"]
    number = rows.select(turn=packed)["turn"]
    return None if number.is_sorted() else number.arg_sort().alias("turn")


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with text where it has pl.Enum; a look-up in the few words there are, ten times as fast as a cast."""
    return frame.with_columns(
        column.dtype.categories.gather(column.to_physical()).alias(column.name)
        for column in frame.get_columns()
        if isinstance(column.dtype, pl.Enum)
    )


def coded_as(words: pl.Series, kind: pl.Enum) -> pl.Series:
    """Text or pl.Enum as another pl.Enum; null for a word that it does not have. A look-up, as `as_text` is."""
    if not isinstance(words.dtype, pl.Enum):
        return words.cast(kind, strict=False)
    return words.dtype.categories.cast(kind, strict=False).gather(words.to_physical()).alias(words.name)


def among(words: pl.Series, some: Collection[str]) -> pl.Series:
    """Whether each word, as text or pl.Enum, is one of some; false for none."""
    if not isinstance(words.dtype, pl.Enum):
        return words.is_in(list(some)).fill_null(value=False)
    return words.dtype.categories.is_in(list(some)).gather(words.to_physical()).fill_null(value=False)


def _coded(words: pl.Series) -> pl.Series:
    return words if isinstance(words.dtype, pl.Enum) else words.cast(pl.Enum(words.drop_nulls().unique().sort()))


def _physical(words: pl.Series) -> pl.Series:
    """A number for each different word, from 1; 0 for none."""
    return (_coded(words).to_physical().cast(pl.Int64) + 1).fill_null(0)


def _numbered(words: pl.Series, numbers: Mapping[str, int]) -> pl.Series:
    """The number of each word; null for one that has none."""
    coded = _coded(words)
    known = coded.dtype.categories  # type: ignore[attr-defined]  # of an Enum
    of_words = pl.Series([numbers.get(word) for word in known], dtype=pl.Int64)
    return of_words.gather(coded.to_physical())

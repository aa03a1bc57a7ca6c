"""How many sites of which kind a visit plan takes, and how many go to a review: its goals before distance, exactly."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from scheme.linear import Program

KINDS = ("booked", "must", "drawn", "needed")

Place = tuple[float, float]  # degrees north, degrees east


@dataclass(frozen=True)
class Candidate:
    """A site that may be visited: its kind (KINDS), in which reviews (their numbers), and where it lies if known.

    A booked one may be visited in just one review, and is.
    """

    code: str
    kind: str
    reviews: frozenset[int]
    place: Place | None


class Counts(NamedTuple):
    """What the goals before distance come to: sites of each kind, the bounds of a review, needed without place."""

    of_kind: Mapping[str, int]
    smallest: int
    largest: int
    unplaced: int


def count(sites: Sequence[Candidate], capacity: Sequence[int], number: int) -> Counts:
    """The goals before distance, one after the other, on sites that are alike taken together."""
    alike: dict[tuple[str, frozenset[int], bool], int] = defaultdict(int)
    for site in sites:
        alike[site.kind, site.reviews, site.place is not None] += 1
    program = Program()
    cells: dict[tuple[str, bool], list[int]] = defaultdict(list)
    in_review: dict[int, list[int]] = defaultdict(list)
    for (kind, reviews, is_placed), size in sorted(alike.items(), key=lambda one: (one[0][0], sorted(one[0][1]))):
        own = [program.column(size, whole=True) for _ in reviews]
        program.row([(column, 1) for column in own], size if kind == "booked" else 0, size)
        cells[kind, is_placed] += own
        for review, column in zip(sorted(reviews), own, strict=True):
            in_review[review].append(column)
    largest, smallest = program.column(inf, whole=True), program.column(inf, whole=True)
    for review, room in enumerate(capacity):
        program.row([(column, 1) for column in in_review[review]], 0, room)
        program.row([(largest, 1), *((column, -1) for column in in_review[review])], 0, inf)
        program.row([(smallest, -1), *((column, 1) for column in in_review[review])], 0, inf)
    of_kind = {kind: [*cells[kind, True], *cells[kind, False]] for kind in KINDS}
    every = [column for columns in of_kind.values() for column in columns]

    def best(columns: Sequence[int], sign: int) -> int:
        """The most (1) or least (-1) that the sum of columns can be; it is held from now on."""
        program.costs(dict.fromkeys(columns, -sign))
        found = program.solved(inf)
        if not found.values:
            raise AssertionError("the sites of a visit plan cannot even be counted")
        told = round(sum(found.values[column] for column in columns))
        program.row([(column, 1) for column in columns], told, told)
        return told

    counts = {kind: best(of_kind[kind], 1) for kind in ("booked", "must", "drawn")}
    program.row([(column, 1) for column in every], 0, max(number, sum(counts.values())))
    counts["needed"] = best(every, 1) - sum(counts.values())
    most = best([largest], -1)
    least = best([smallest], 1) if capacity else 0
    return Counts(counts, least, most, best(cells["needed", False], -1))

"""Which of some sites to visit in which of some reviews: the goals of a visit plan in their order, solved with HiGHS.

The goals, each kept while the next is sought (the order is **ours**): as many must-visit sites as can be, of the sites
drawn by lot, of the number; the largest review as small as can be and the smallest as large (for such plans that is
also the smallest difference); as few sites without coordinates as can be; the shortest sum of great-circle distances
from each site to the centre of its review, a centre being one of the sites. Counts are settled first and exactly, on
sites that are alike taken together; the distances then by one mixed-integer program, which says how far it may be off.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, atan2, cos, inf, radians, sin, sqrt
from typing import NamedTuple

from scheme.linear import Program
from scheme.visit_counts import Candidate, Counts, Place, count

CENTRES = 60  # at most so many sites are tried as centres of each kind of review (ours)
PAIRS = 12_000  # of site and centre, about so many at most in one program (ours)
_EARTH = 6371.0088  # kilometres, the mean radius


@dataclass(frozen=True)
class Choice:
    """Which site in which review, the centre of each that visits a site with coordinates, and what is proven.

    distance: the sum in kilometres; bound: what no other choice among `centres` sites can go below; is_optimal: HiGHS
    proved that the two are one.
    """

    review_of: Mapping[str, int]
    centre_of: Mapping[int, str]
    distance: float
    bound: float
    is_optimal: bool
    centres: int
    possible_centres: int


def kilometres(one: Place, other: Place) -> float:
    """The great-circle distance, to the metre."""
    north, south = radians(one[0]), radians(other[0])
    east = radians(other[1] - one[1])
    half = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(east / 2) ** 2
    return round(2 * _EARTH * asin(min(1.0, sqrt(half))), 3)


def bearing(one: Place, other: Place) -> float:
    """The direction from one place to another, in radians; what sweeps around a centre is ordered by it."""
    return atan2((other[1] - one[1]) * cos(radians(one[0])), other[0] - one[0])


def choose(sites: Sequence[Candidate], capacity: Sequence[int], number: int, seconds: float) -> Choice:
    """The best choice of at least `number` sites (as many as can be), at most capacity[r] in review r.

    `seconds`: how long HiGHS may look for shorter distances. The same input gives the same choice, unless that time
    ran out first.
    """
    able = [site for site in sites if site.reviews]
    counts = count(able, capacity, number)
    return _nearest(able, capacity, counts, seconds)


# --- which ------------------------------------------------------------------------------------------------------------


class _Item(NamedTuple):
    """A site with coordinates, or all of a kind without that may be visited in the same reviews."""

    kind: str
    reviews: frozenset[int]
    codes: tuple[str, ...]
    place: Place | None


class _Like(NamedTuple):
    """Reviews that may visit the same sites and take as many: which of them does what makes no difference."""

    reviews: tuple[int, ...]
    room: int
    items: tuple[_Item, ...]
    centres: tuple[_Item, ...]


class _Opened(NamedTuple):
    """A column of the program: how many reviews of a kind have this centre (None: nowhere with coordinates)."""

    like: _Like
    centre: _Item | None


def _nearest(sites: Sequence[Candidate], capacity: Sequence[int], counts: Counts, seconds: float) -> Choice:
    """The shortest sum of distances for these counts: which reviews have which centres, which site goes to which."""
    likes = _likes(_items(sites), capacity, counts)
    tried = {centre.codes for like in likes for centre in like.centres}
    possible = sum(site.place is not None for site in sites)
    if not sum(counts.of_kind.values()):
        return Choice({}, {}, 0.0, 0.0, True, len(tried), possible)
    program, opens, takes = _program(likes, counts)
    found = program.solved(seconds)
    whole = {c: round(found.values[c]) for c in opens} if found.values else _some(opens)
    program.fix(whole)
    settled = program.solved(inf)
    if not settled.values:
        raise AssertionError("the sites of a visit plan fit their reviews, and then they do not")
    parts: dict[int, list[tuple[_Item, int]]] = defaultdict(list)
    for column, (item, opened) in takes.items():
        if told := round(settled.values[column]):
            parts[opened].append((item, told))
    review_of, centre_of, distance = _handed_out(opens, whole, parts)
    bound = min(max(found.bound, 0.0), distance)
    return Choice(review_of, centre_of, distance, bound, found.is_optimal, len(tried), possible)


def _items(sites: Sequence[Candidate]) -> list[_Item]:
    alike: dict[tuple[str, frozenset[int]], list[str]] = defaultdict(list)
    for site in sites:
        if site.place is None:
            alike[site.kind, site.reviews].append(site.code)
    apart = [_Item(kind, reviews, tuple(codes), None) for (kind, reviews), codes in alike.items()]
    return [_Item(s.kind, s.reviews, (s.code,), s.place) for s in sites if s.place is not None] + apart


def _likes(items: Sequence[_Item], capacity: Sequence[int], counts: Counts) -> list[_Like]:
    """The reviews by what they may visit and take, with the sites tried as centres of each kind."""
    found: dict[tuple[int, tuple[_Item, ...]], list[int]] = defaultdict(list)
    for review, room in enumerate(capacity):
        found[min(room, counts.largest), tuple(item for item in items if review in item.reviews)].append(review)
    needed = counts.of_kind["needed"]
    size = sum(
        sum(item.kind != "needed" for item in own) + min(needed, sum(item.kind == "needed" for item in own))
        for _, own in found
    )
    most = max(4, min(CENTRES, PAIRS // max(1, size)))
    return [
        _Like(tuple(reviews), room, own, tuple(_spread([item for item in own if item.place is not None], most)))
        for (room, own), reviews in found.items()
    ]


def _spread(items: Sequence[_Item], most: int) -> list[_Item]:
    """At most so many of the sites, each standing for as many others: the middle ones of ever halved areas."""
    if len(items) <= most:
        return list(items)
    places = [item.place for item in items if item.place]
    if most == 1:
        middle = (sum(place[0] for place in places) / len(places), sum(place[1] for place in places) / len(places))
        return [min(items, key=lambda item: kilometres(middle, item.place or middle))]
    wide = cos(radians(places[0][0])) * (max(place[1] for place in places) - min(place[1] for place in places))
    across = int(wide > max(place[0] for place in places) - min(place[0] for place in places))
    ordered = sorted(items, key=lambda item: (item.place or (0.0, 0.0))[across])
    half = len(items) * (most // 2) // most
    return _spread(ordered[:half], most // 2) + _spread(ordered[half:], most - most // 2)


def _program(
    likes: Sequence[_Like], counts: Counts
) -> tuple[Program, dict[int, _Opened], dict[int, tuple[_Item, int]]]:
    """The program; by column what it opens; by column what it takes and the column of where.

    Once what is opened is whole, the rest is a flow: its corners are whole by themselves.
    """
    program, opens = Program(), {}  # type: Program, dict[int, _Opened]
    takes: dict[int, tuple[_Item, int]] = {}
    for like in likes:
        own = []
        for centre in like.centres or (None,):
            opened = program.column(len(like.reviews), whole=True)
            opens[opened] = _Opened(like, centre)
            own.append((opened, 1.0))
            inside = []
            for far, item in _worth(like, centre, counts):
                column = program.column(len(item.codes), far)
                takes[column] = (item, opened)
                inside.append((column, 1.0))
                program.row([(opened, len(item.codes)), (column, -1)], 0, inf)
            program.row([(opened, -like.room), *inside], -inf, 0)
            program.row([(opened, -counts.smallest), *inside], 0, inf)
        program.row(own, len(like.reviews), len(like.reviews))
    of_item, of_kind = defaultdict(list), defaultdict(list)
    for column, (item, _) in takes.items():
        of_item[item.kind, item.reviews, item.codes].append((column, 1.0))
        of_kind[item.kind].append((column, 1.0))
    for (_, _, codes), columns in of_item.items():
        program.row(columns, 0, len(codes))
    for kind, told in counts.of_kind.items():
        program.row(of_kind[kind], told, told)
    apart = [(column, 1.0) for column, (item, _) in takes.items() if item.kind == "needed" and item.place is None]
    program.row(apart, counts.unplaced, counts.unplaced)
    return program, opens, takes


def _worth(like: _Like, centre: _Item | None, counts: Counts) -> list[tuple[float, _Item]]:
    """The sites that a review with this centre might visit in a best plan, with their distances.

    Of the needed ones the nearest, as many as are needed at all: were a farther one taken, one of these would be free
    to take its place.
    """
    apart = [(0.0, item) for item in like.items if item.place is None]
    if centre is None or centre.place is None:
        return apart
    placed = [(kilometres(centre.place, item.place), item) for item in like.items if item.place is not None]
    needed = sorted((pair for pair in placed if pair[1].kind == "needed"), key=lambda pair: pair[0])
    return [pair for pair in placed if pair[1].kind != "needed"] + needed[: counts.of_kind["needed"]] + apart


def _some(opens: Mapping[int, _Opened]) -> dict[int, int]:
    """Centres wide apart, one for each review, where HiGHS found no better ones in time."""
    chosen = dict.fromkeys(opens, 0)
    of_like: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for column, opened in opens.items():
        of_like[opened.like.reviews].append(column)
    for reviews, columns in of_like.items():
        for turn in range(len(reviews)):
            chosen[columns[(2 * turn + 1) * len(columns) // (2 * len(reviews))]] += 1
    return chosen


_Site = tuple[float, str, str, float]  # direction from the centre, code, kind, distance


def _handed_out(
    opens: Mapping[int, _Opened], whole: Mapping[int, int], parts: Mapping[int, Sequence[tuple[_Item, int]]]
) -> tuple[dict[str, int], dict[int, str], float]:
    """Which site goes to which review; of reviews that are alike the earlier ones take the most must-visit sites."""
    waiting: dict[tuple[str, frozenset[int], tuple[str, ...]], list[str]] = {}
    review_of: dict[str, int] = {}
    centre_of: dict[int, str] = {}
    distance = 0.0
    of_like: dict[tuple[int, ...], list[tuple[int, _Item | None, list[str]]]] = defaultdict(list)
    for column, (like, centre) in opens.items():
        sites: list[_Site] = []
        for item, told in parts.get(column, ()):
            codes = waiting.setdefault(item[:3], list(item.codes))
            placed = item.place is not None and centre is not None and centre.place is not None
            far = kilometres(centre.place, item.place) if placed else 0.0  # type: ignore[union-attr,arg-type]
            turn = bearing(centre.place, item.place) if placed else inf  # type: ignore[union-attr,arg-type]
            sites += [(turn, codes.pop(0), item.kind, far) for _ in range(told)]
        distance += sum(far for *_, far in sites)
        for share in _split(sorted(sites), whole[column]):
            musts = sum(kind == "must" for _, _, kind, _ in share)
            has_place = any(turn != inf for turn, *_ in share)
            of_like[like.reviews].append((-musts, centre if has_place else None, [code for _, code, _, _ in share]))
    for reviews, shares in of_like.items():
        shares.sort(key=lambda one: (one[0], -len(one[2])))
        for review, (_, centre, codes) in zip(reviews, shares, strict=True):
            review_of |= dict.fromkeys(codes, review)
            if centre is not None:
                centre_of[review] = centre.codes[0]
    return review_of, centre_of, round(distance, 3)


def _split(items: Sequence[_Site], parts: int) -> list[Sequence[_Site]]:
    """The items in so many parts of about one size, the larger ones first."""
    each, more = divmod(len(items), parts) if parts else (0, 0)
    ends = [number * each + min(number, more) for number in range(parts + 1)]
    return [items[begin:end] for begin, end in pairwise(ends)]

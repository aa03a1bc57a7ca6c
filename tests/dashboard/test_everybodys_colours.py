"""Bands and statuses are told apart by people who see fewer colours, or none (reliability.md A3; WCAG 1.4.1)."""

from itertools import combinations

import pytest

from dashboard import theme
from scheme.standard import shipped
from tests.dashboard.test_house_of_screens import contrast

# Machado, Oliveira and Fernandes 2009, severity 1: linear red, green and blue as somebody sees them.
SIGHTS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "greyscale": ((0.2126, 0.7152, 0.0722),) * 3,
}
BANDS = ("plus", "compliant", "partial", "non")
# Two colours are told apart beside each other from about 2.3 on (Mahy and others 1994); this is several times as much.
LEAST = 10.0


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def seen(colour: str, sight: str) -> str:
    """A colour as somebody with this sight sees it."""
    there = linear(colour)
    made = [sum(weight * part for weight, part in zip(row, there, strict=True)) for row in SIGHTS[sight]]
    held = [min(1.0, max(0.0, part)) for part in made]
    back = [12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in held]
    return "#" + "".join(f"{round(part * 255):02x}" for part in back)


def lab(colour: str) -> tuple[float, float, float]:
    """A colour in CIELAB under D65."""
    red, green, blue = linear(colour)
    tristimulus = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in tristimulus)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one: str, other: str) -> float:
    """How far two colours are from each other: the difference of CIE 1976."""
    return sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5


def test_a_difference_of_colours_is_the_one_of_the_books():
    assert apart("#ffffff", "#000000") == pytest.approx(100, abs=0.1)
    assert lab("#ff0000") == pytest.approx((53.24, 80.09, 67.20), abs=0.1)
    assert seen("#777777", "protanopia") == "#777777"


@pytest.mark.parametrize("sight", [sight for sight in SIGHTS if sight != "greyscale"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bands_are_told_apart_however_colours_are_seen(scheme, sight):
    colours = {band: seen(theme.palette(scheme)[f"band-{band}-0"], sight) for band in BANDS}
    near = {(one, other): round(apart(colours[one], colours[other]), 1) for one, other in combinations(BANDS, 2)}
    assert {pair: value for pair, value in near.items() if value < LEAST} == {}


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signs_are_read_however_colours_are_seen(scheme, sight):
    colours = {name: seen(value, sight) for name, value in theme.palette(scheme).items()}
    pairs = [
        (name, name.removesuffix("-ink")) for name in colours if name.startswith("band-") and name.endswith("-ink")
    ]
    pairs += [
        (name.removesuffix("-soft"), name) for name in colours if name.startswith("status-") and name.endswith("-soft")
    ]
    low = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: value for pair, value in low.items() if value < 4.4} == {}  # 4.5, and how exact the matrices are


def test_without_any_colour_each_band_has_a_sign_of_its_own():
    """In greys two bands may look alike: there the sign alone tells them."""
    signs = [band.sign for band in shipped("cse").bands]
    assert all(sign.strip() for sign in signs)
    assert len(set(signs)) == len(signs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_line_of_the_focus_stands_out_from_whatever_it_stands_on(scheme):
    colours = theme.palette(scheme)
    for sight in SIGHTS:
        for paper in ("paper", "canvas", "sunken", "accent-soft"):
            assert contrast(seen(colours["focus"], sight), seen(colours[paper], sight)) >= 3, (sight, paper)

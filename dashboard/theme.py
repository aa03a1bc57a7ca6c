"""Colours for figures, from the one place that has them: assets/theme.css (its light values)."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from scheme.standard import ALL_BANDS

ASSETS = Path(__file__).resolve().parents[1] / "assets"
BANDS: Mapping[str | None, str] = {
    **dict(zip(ALL_BANDS, ("plus", "compliant", "partial", "non", "na"), strict=True)),
    None: "unknown",
}
_COLOUR = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6});")


@cache
def palette(scheme: str = "light") -> Mapping[str, str]:
    """Every colour by the name of its css variable, without the dashes; `scheme` is light or dark."""
    light, dark, *_ = (ASSETS / "theme.css").read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    colours = dict(_COLOUR.findall(light))
    return colours | dict(_COLOUR.findall(dark)) if scheme == "dark" else colours


def colour(name: str) -> str:
    """A colour by name: `ink`, `line`, `accent`, `status-fails`, `band-partial-0`; KeyError for any other."""
    return palette()[name]


def band_colour(band: str | None) -> str:
    """The full colour of a band, None for not assessed."""
    return colour(f"band-{BANDS[band]}-0")

"""Colours for figures, from the one place that has them: assets/theme.css (its values by day)."""

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
SCHEMES = ("light", "dark", "contrast", "contrast-dark")
_COLOUR = re.compile(r"--([\w-]+):\s*(?:light-dark\()?(#[0-9a-f]{6})(?:, (#[0-9a-f]{6})\))?;")


@cache
def palette(scheme: str = "light") -> Mapping[str, str]:
    """Every colour by the name of its css variable, without the dashes, in one of SCHEMES; ValueError for any other."""
    night = {"light": False, "dark": True, "contrast": False, "contrast-dark": True}
    if scheme not in night:
        raise ValueError(f"no scheme {scheme}")
    usual, _, contrast = (ASSETS / "theme.css").read_text("utf-8").partition(':root[data-look="contrast"]')
    told = _COLOUR.findall(usual) + (_COLOUR.findall(contrast) if scheme.startswith("contrast") else [])
    return {name: dark if night[scheme] and dark else light for name, light, dark in told}


def colour(name: str) -> str:
    """A colour by name: `ink`, `line`, `accent`, `status-fails`, `band-partial-0`; KeyError for any other."""
    return palette()[name]


def band_colour(band: str | None) -> str:
    """The full colour of a band, None for not assessed."""
    return colour(f"band-{BANDS[band]}-0")


def of_figures() -> str:
    """The text of assets/figures.css: what a figure paints in a colour by day is painted in the reader's own.

    plotly.js takes no variables of a style sheet, so each colour that it wrote is told by its value. Where two names
    have one value by day, the first of the style sheet is meant. What stands in a box under the pointer stays as it is:
    plotly.js chose its ink for the colour that the box has by day.
    """
    first: dict[str, str] = {}
    for name, value in palette().items():
        first.setdefault(value, name)
    rules = [
        f'.plot [style*="{what}: rgb({", ".join(str(int(value[i : i + 2], 16)) for i in (1, 3, 5))})"]'
        f":not(.hoverlayer *) {{ {what}: var(--{name}) !important; }}"
        for value, name in first.items()
        for what in ("fill", "stroke")
    ]
    return "\n".join([*_HEAD, *rules, ""])


_HEAD = (
    "/* Made by `python -m dashboard.theme`; a test says when again. */",
    ".plot .main-svg { background: var(--paper) !important; }",
    ".plot .main-svg ~ .main-svg { background: none !important; }",
)

if __name__ == "__main__":
    (ASSETS / "figures.css").write_text(of_figures(), "utf-8")

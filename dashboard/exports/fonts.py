"""The letters files are set in: DejaVu Sans, shipped by matplotlib with its licence; none of the machine's."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_MEASURED_AT = 100


@cache
def folder() -> Path:
    """Where the fonts and their licence (LICENSE_DEJAVU) lie; found without importing matplotlib."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise FileNotFoundError("matplotlib is not installed; its fonts are needed for PDF files and pictures")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


@cache
def for_typst() -> Any:
    """The same for typst, with a last resort that has a sign for letters which DejaVu Sans lacks (Chinese, emoji)."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder())])


@cache
def _font(is_bold: bool) -> Any:
    from PIL import ImageFont

    name = "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(folder() / name), _MEASURED_AT, layout_engine=ImageFont.Layout.BASIC)


@cache
def _letter(character: str, is_bold: bool) -> float:
    return float(_font(is_bold).getlength(character)) / _MEASURED_AT


def ems(text: str, is_bold: bool = False) -> float:
    """How wide a line of text is, in ems."""
    return sum(_letter(character, is_bold) for character in text)

"""Documents made by hand, for trying what files are made of them."""

from datetime import UTC, date, datetime

from dashboard import figures, theme
from dashboard.exports.document import (
    About,
    Block,
    Cell,
    Chart,
    Column,
    Document,
    Facts,
    Grid,
    Heading,
    Page,
    Paragraph,
    Points,
    Row,
)

SIGNS = {"+": "plus", "C": "compliant", "P": "partial", "N": "non", "–": "na"}
ABOUT = About(
    "ASHCOMBE",
    "Ashcombe County Council",
    date(2026, 11, 22),
    datetime(2026, 11, 22, 13, 20, tzinfo=UTC),
    88,
    ("Rolling programme 2024",),
    datetime(2026, 11, 22, 13, 25, tzinfo=UTC),
    "lead@ashcombe.example",
    is_fictional=True,
)


def band(sign: str) -> Cell:
    """A cell of the heatmap as the screen paints it."""
    name = f"band-{SIGNS[sign]}-0"
    return Cell(sign, sign, sign, "", theme.colour(name), theme.colour(f"{name}-ink"))


def heatmap(departments: int, elements: int) -> Grid:
    """A heatmap with every band in it."""
    codes = [f"{n // 12 + 1}.{n % 12 // 4 + 1}.{n % 4 + 1}" for n in range(elements)]
    columns = [Column("department", "Department", "Department")]
    columns += [
        Column(c, c[-1], f"{c} Element {c}", "band", (f"{c[0]} Knowing", f"{c[:3]} Understanding")) for c in codes
    ]
    signs = list(SIGNS)
    rows = [
        Row(
            (Cell(f"Department {n}", small="of places"), *(band(signs[(n + at) % 5]) for at in range(elements))),
            "",
            n % 2,
        )
        for n in range(departments)
    ]
    return Grid("heatmap-table", "Bands by department", tuple(columns), tuple(rows), "P is partial, N non-compliant.")


def listed(*texts: str) -> Grid:
    """A table with a text, a number and a day for each text."""
    columns = (
        Column("what", "What", "What"),
        Column("many", "Partials", "Partials used", "number"),
        Column("due", "Due", "Due", "day"),
    )
    rows = (
        Row((Cell(text, text, text), Cell(f"{n:,}", f"{n}", n), Cell("7 March 2025", "7 March 2025", date(2025, 3, 7))))
        for n, text in enumerate(texts)
    )
    return Grid("list", "What is open", columns, tuple(rows))


def bars(title: str = "Bands over time", names: tuple[str, ...] = ("Highways", "Parks")) -> Chart:
    """A chart of stacked columns with its data."""
    parts = [
        ("Partial", theme.colour("band-partial-0"), [3, 4][: len(names)]),
        ("Compliant", theme.colour("band-compliant-0"), [20, 30][: len(names)]),
    ]
    return Chart("bars", title, "Parks has most partials: 4.", figures.stacked(names, parts), listed(*names))


def document(*blocks: Block, title: str = "The programme", pages: int = 1, about: About = ABOUT) -> Document:
    """A document of so many equal pages."""
    asked = (("Department", "Highways"), ("Criterion", "1 Customer insight"))
    each = tuple(Page("heatmap", f"Page {n + 1}", "/heatmap?department=HWY", blocks, asked) for n in range(pages))
    return Document(title, about, each)


def every_kind() -> Document:
    """A document with a block of every kind, on two pages."""
    return document(
        Paragraph("2 of 33 departments fail.", "lead"),
        Heading(2, "What to do"),
        Heading(4, "At once"),
        Points(("Mend 1.1.1.", "Mend 1.1.2."), is_ordered=True),
        Points(("Or wait.",)),
        Facts((("Departments", "33"), ("Partials", "212"))),
        Paragraph("Only some need this.", "note"),
        bars(),
        heatmap(8, 57),
        pages=2,
    )

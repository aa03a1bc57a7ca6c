"""A flame graph of one page's callbacks: `make profile PAGE=heatmap`.

py-spy looks into this process a few hundred times a second while it asks the page's callbacks over and over; how wide
a box is says how often a function was on the stack. Warm, as pages mostly are; `--cold` forgets everything each time.
"""

import argparse
import ctypes
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from benchmarks.callbacks import Person, of_pages
from benchmarks.warehouses import on_postgres
from dashboard import shell
from dashboard.app import create_app

FOLDER = Path(__file__).resolve().parents[1] / "build"
SECONDS, A_SECOND = 15, 250
_MAY_BE_TRACED = 0x59616D61  # PR_SET_PTRACER of Linux, and by anybody: py-spy is our child, not our parent


def main() -> int:
    """Ask a page for so many seconds under py-spy; prints where the picture is."""
    asked = _asked()
    warehouse = on_postgres()
    with warehouse.here():
        scope, app = warehouse.tenant(asked.departments), create_app()
        lead = Person(app, warehouse.session(scope.tenant_code))
        callbacks = [one for one in of_pages(app) if one.page == asked.page]
        for one in callbacks:
            lead.ask(one)
        FOLDER.mkdir(exist_ok=True)
        picture = FOLDER / f"profile-{asked.page}.svg"
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(_MAY_BE_TRACED, ctypes.c_ulong(-1), 0, 0, 0)
        seen = threading.Event()
        looking = threading.Thread(target=_looked_at, args=(asked.py_spy, picture, seen))
        looking.start()
        rounds = 0
        while not seen.is_set():
            for one in callbacks:
                if asked.cold:
                    warehouse.forget(scope)
                lead.ask(one)
            rounds += 1
        looking.join()
    if not picture.exists():
        return 1
    print(
        f"{picture}: {rounds} rounds of {', '.join(one.what for one in callbacks)} at {asked.departments} departments"
    )
    return 0


def _looked_at(py_spy: str, picture: Path, seen: threading.Event) -> None:
    picture.unlink(missing_ok=True)
    command = [py_spy, "record", "--pid", str(os.getpid()), "--output", str(picture)]
    try:
        subprocess.run([*command, "--duration", str(SECONDS), "--rate", str(A_SECOND)], stdin=subprocess.DEVNULL)
    finally:
        seen.set()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.profiled", description=__doc__)
    parser.add_argument("py_spy", metavar="PY_SPY", help="where the program py-spy is")
    pages = [page.name for page in shell.PAGES]
    parser.add_argument("page", choices=[*pages, "frame"], metavar="PAGE", help=f"of {', '.join(pages)}, frame")
    parser.add_argument("--departments", type=int, default=1000)
    parser.add_argument("--cold", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""The command line, killed by itself before one of its steps: for `python -c`, the number of steps left in front.

A step is whatever it says to the database, commits included. Where it is not killed it prints, below zero, how many of
them it did not need.
"""

from tests.conftest import EXAMPLES

DYING = """
import os, signal, sys
from sqlalchemy import Engine, event
left = int(sys.argv.pop(1))
def step(*_):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
event.listen(Engine, "before_cursor_execute", step)
event.listen(Engine, "commit", step)
import assay
try:
    assay.main()
finally:
    print(-1 - left)
"""


def to_die_before(steps: int, few: int) -> list[int]:
    """Before which of so many steps to kill it: `few` in `make test`, more in `make soak`; the first and last too."""
    many, last = max(few, few * EXAMPLES // 30), steps - 1
    return sorted({round(n * last / max(1, many - 1)) for n in range(many)})

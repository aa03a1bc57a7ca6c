"""Whether this installation's backups are new, and whether the newest is known to come back (reliability.md W2).

`assay restore --check` leaves a mark beside each backup that it has rehearsed: which file, its sum, and when.
"""

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.soundness import FINE, NOTE, WARNING, WRONG, Finding
from variables import declare, text

BACKUPS = declare(
    "ASSAY_BACKUPS",
    "the folder of this installation's backups: `assay status` warns where the newest, or the newest that was "
    "rehearsed, is older than a day",
    "nobody is warned of old backups",
    text,
)
OLD = timedelta(days=1)
_NAME = re.compile(r"assay-(\d{4}-\d\d-\d\dT\d{6}Z)\.zip(?:\.age)?")  # as db.backup calls those of everything
_AGAIN = "rehearse it with `assay restore --check` (docs/operating.md, Backing up)"


@dataclass(frozen=True)
class Mark:
    """What says that a backup was rehearsed: the file as it was then, and when; nothing of what is in it."""

    backup: str
    size: int
    changed_ns: int
    sha256: str
    rehearsed_at: str

    def fits(self, path: Path) -> bool:
        """Whether this is the file that was rehearsed; a copy of it is read whole."""
        there = path.stat()
        if self.backup != path.name or there.st_size != self.size:
            return False
        return there.st_mtime_ns == self.changed_ns or _sum(path) == self.sha256


def mark_of(path: Path, now: datetime) -> Mark:
    """The mark of a backup as it is now; OSError where it cannot be read."""
    there = path.stat()
    return Mark(path.name, there.st_size, there.st_mtime_ns, _sum(path), now.isoformat(timespec="seconds"))


def leave(mark: Mark, path: Path) -> None:
    """Put a mark beside its backup, readable by everybody who sees the folder; OSError where it cannot be written."""
    place = _beside(path)
    new = place.with_name(f".{place.name}")
    new.write_text(json.dumps(asdict(mark), indent=1) + "\n", "utf-8")
    new.chmod(0o644)
    new.replace(place)


def newest(now: datetime) -> dict[str, datetime]:
    """Of which moment the newest backup is (`made`), and the newest that was rehearsed; what there is of these."""
    with suppress(OSError):
        made, rehearsed, _ = _looked(now)
        return {name: at for name, at in (("made", made), ("rehearsed", rehearsed)) if at is not None}
    return {}


def findings(now: datetime) -> list[Finding]:
    """Whether the newest backup and the newest that was rehearsed are younger than a day, and marks are their own."""
    folder = BACKUPS.said()
    if not folder:
        return [Finding("backups", NOTE, "nobody is warned of old ones: ASSAY_BACKUPS is not set")]
    try:
        made, rehearsed, strangers = _looked(now)
    except OSError as error:
        what = f"{folder} cannot be read ({type(error).__name__})"
        return [Finding("backups", WRONG, what, "mend ASSAY_BACKUPS, or let the program read the folder")]
    if made is None:
        return [Finding("backups", WRONG, f"there is none in {folder}", "run `assay backup`, and look at its timer")]
    found = [_aged("newest backup", made, now, "look why `assay backup` has not run")]
    if rehearsed is None:
        found.append(Finding("newest rehearsed backup", WARNING, "none was rehearsed", _AGAIN))
    else:
        found.append(_aged("newest rehearsed backup", rehearsed, now, _AGAIN))
    what = "it is not the file that was rehearsed under its name"
    return found + [Finding(f"backup {name}", WRONG, what, _AGAIN) for name in strangers]


def _aged(about: str, made_at: datetime, now: datetime, mend: str) -> Finding:
    age = max(now - made_at, timedelta())
    hours = int(age.total_seconds() // 3600)
    said = f"{hours // 24} days" if hours >= 48 else f"{hours} hours" if hours != 1 else "1 hour"
    what = f"of {made_at:%Y-%m-%d %H:%M} UTC, {said} ago"
    return Finding(about, WARNING, what, mend) if age > OLD else Finding(about, FINE, what)


def _looked(now: datetime) -> tuple[datetime | None, datetime | None, list[str]]:
    """The moments of the newest backup and of the newest rehearsed one; newer ones whose mark is not their own."""
    folder, named = BACKUPS.said(), []
    for path in Path(folder).iterdir() if folder else ():
        found = _NAME.fullmatch(path.name)
        if found:
            made_at = datetime.strptime(found[1], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
            if made_at <= now + OLD:  # a day that is to come would hide that no more are made
                named.append((made_at, path))
    named.sort(reverse=True)
    strangers: list[str] = []
    for made_at, path in named:
        is_own = _marked(path)
        if is_own:
            return named[0][0], made_at, strangers
        if is_own is False:
            strangers.append(path.name)
    return named[0][0] if named else None, None, strangers


def _marked(path: Path) -> bool | None:
    """Whether the mark beside a backup is its own; None where there is none."""
    try:
        said = json.loads(_beside(path).read_text("utf-8"))
        return Mark(**said).fits(path)
    except FileNotFoundError:
        return None
    except (TypeError, ValueError):
        return False


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.rehearsed")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

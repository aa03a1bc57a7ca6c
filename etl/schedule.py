"""When a source is due: every so often, or on every so many days at a time of day that clocks show somewhere.

`every`: a whole number and minutes, hours, days or weeks. `at`: HH:MM, with days and weeks alone; it comes once on each
local day, at the first moment at which clocks show it; where they skip it in spring, by as much later as they skip.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheme.errors import UsageError

ZONES = ("Europe/London", "UTC")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}
_MOST = timedelta(weeks=52)
GRACE = timedelta(hours=1)  # so much after its time a source that has not run is late


@dataclass(frozen=True)
class Schedule:
    """How often; `at` only where `every` is whole days."""

    every: timedelta = timedelta(days=1)
    at: time | None = None
    zone: str = "Europe/London"

    def next_after(self, last: datetime) -> datetime:
        """The moment (UTC) at which it is due again after a run that began at `last`."""
        if self.at is None:
            # A timer that comes as often as this must not miss every second time by a second.
            return last + self.every - min(self.every / 20, timedelta(minutes=10))
        zone = ZoneInfo(self.zone)
        day = last.astimezone(zone).date()
        while datetime.combine(day, self.at, zone).astimezone(UTC) <= last:
            day += timedelta(days=1)
        return datetime.combine(day + self.every - timedelta(days=1), self.at, zone).astimezone(UTC)

    def in_words(self) -> str:
        """As people say it: every 2 days at 06:00 (Europe/London)."""
        minutes = int(self.every.total_seconds() // 60)
        unit = next(unit for unit in ("week", "day", "hour", "minute") if minutes % _MINUTES[unit] == 0)
        count = minutes // _MINUTES[unit]
        often = f"every {unit}" if count == 1 else f"every {count} {unit}s"
        return f"{often} at {self.at:%H:%M} ({self.zone})" if self.at else often


def schedule_of(every: object, at: object, zone: object, where: str) -> Schedule:
    """A schedule from what a source says of it, None where it says nothing; UsageError names the key that is wrong."""
    often = timedelta(days=1)
    if every is not None:
        found = re.fullmatch(r"(\d{1,4}) (minute|hour|day|week)s?", every) if isinstance(every, str) else None
        often = timedelta(minutes=int(found[1]) * _MINUTES[found[2]]) if found else timedelta(0)
        if not timedelta(minutes=5) <= often <= _MOST:
            raise UsageError(
                f'{where}: `every` must be such as "15 minutes", "1 hour", "1 day" or "2 weeks", 5 minutes at least'
            )
    if zone is not None and zone not in ZONES:
        raise UsageError(f"{where}: `time_zone` may be {' or '.join(ZONES)}")
    when = None
    if at is not None:
        if not isinstance(at, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
            raise UsageError(f'{where}: `at` must be a time of day in quotes, such as "06:00"')
        if often % timedelta(days=1):
            raise UsageError(f"{where}: `at` goes with days and weeks; leave it out, or change `every`")
        when = time.fromisoformat(at)
    return Schedule(often, when, str(zone or ZONES[0]))

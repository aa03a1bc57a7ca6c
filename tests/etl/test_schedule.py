"""When a source is due: every so often, at a time of day, and on the two days on which clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.schedule import Schedule, schedule_of

LONDON = ZoneInfo("Europe/London")


def utc(*moment):
    return datetime(*moment, tzinfo=UTC)


def schedule(every=None, at=None, zone=None):
    return schedule_of(every, at, zone, "source")


@pytest.mark.parametrize(
    ("asked", "last", "then"),
    [
        (("1 day", "06:00"), utc(2025, 1, 10, 6, 0, 9), utc(2025, 1, 11, 6)),
        (("1 day", "06:00"), utc(2025, 1, 10, 5, 59), utc(2025, 1, 10, 6)),  # run by hand before its time
        (("1 day", "06:00"), utc(2025, 7, 10, 12), utc(2025, 7, 11, 5)),  # summer time
        (("1 day", "06:00", "UTC"), utc(2025, 7, 10, 12), utc(2025, 7, 11, 6)),
        (("2 days", "06:00"), utc(2025, 3, 29, 7), utc(2025, 3, 31, 5)),
        (("1 week", "00:00"), utc(2025, 10, 20), utc(2025, 10, 27)),
        (("1 day", "01:30"), utc(2025, 3, 29, 12), utc(2025, 3, 30, 1, 30)),  # skipped: 02:30 on the clock
        (("1 day", "01:30"), utc(2025, 10, 25, 12), utc(2025, 10, 26, 0, 30)),  # shown twice: the first
        (("1 day", "01:30"), utc(2025, 10, 26, 0, 30, 5), utc(2025, 10, 27, 1, 30)),
        (("15 minutes",), utc(2025, 10, 26, 0, 30), utc(2025, 10, 26, 0, 44, 15)),
        ((), utc(2025, 1, 10, 6), utc(2025, 1, 11, 5, 50)),
    ],
)
def test_a_source_is_due_again_when_its_schedule_says(asked, last, then):
    assert schedule(*asked).next_after(last) == then


def by_walking(at: time, last: datetime) -> datetime:
    """The first moment after `last` at which London's clocks show it; an hour later where they skip it."""
    day = last.astimezone(LONDON).date()
    while True:
        midnight = datetime.combine(day, time(), UTC)
        shown: dict[time, datetime] = {}
        for minute in (midnight + timedelta(minutes=n) for n in range(-120, 26 * 60)):
            clock = minute.astimezone(LONDON)
            if clock.date() == day:
                shown.setdefault(clock.time(), minute)
        moment = shown.get(at) or shown[(datetime.combine(day, at) + timedelta(hours=1)).time()]
        if moment > last:
            return moment
        day += timedelta(days=1)


DAYS = st.one_of(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),
    st.datetimes(datetime(2025, 3, 29), datetime(2025, 4, 1)),
    st.datetimes(datetime(2025, 10, 25), datetime(2025, 10, 28)),
)


@given(DAYS, st.times())
def test_a_time_of_day_comes_once_on_each_day_whatever_clocks_do(last, at):
    last, at = last.replace(tzinfo=UTC), at.replace(second=0, microsecond=0)
    assert Schedule(timedelta(days=1), at).next_after(last) == by_walking(at, last)


@given(DAYS, st.integers(5, 20_000))
def test_a_source_comes_after_its_last_run_and_no_later_than_its_interval(last, minutes):
    last, every = last.replace(tzinfo=UTC), timedelta(minutes=minutes)
    assert max(last, last + every - timedelta(minutes=11)) < Schedule(every).next_after(last) <= last + every


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("1 week", "00:00"), "every week at 00:00 (Europe/London)"),
        (("15 minutes",), "every 15 minutes"),
        (("2 days", "06:30", "UTC"), "every 2 days at 06:30 (UTC)"),
        (("3 hours",), "every 3 hours"),
        (("1 day",), "every day"),
    ],
)
def test_a_schedule_is_told_in_words(asked, told):
    assert schedule(*asked).in_words() == told

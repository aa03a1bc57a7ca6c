"""The inventory of personal data names every column in which anything can be written (reliability.md W14)."""

import re
from pathlib import Path

from sqlalchemy import LargeBinary, Text

from db import reset, sendings, sessions
from db.jobs import LASTS
from db.models import METADATA
from db.passwords import TRIES_WITHIN
from db.reminders import KEPT
from db.retention import LINKS_KEPT

PAPER = Path(__file__).resolve().parents[2] / "docs" / "data-protection.md"
ROWS = re.findall(
    r"^\| (\w+) \| ([\w, ]*?) ?\| ([\w, ]*?) ?\| (.+?) \| (.+?) \| (.+?) \|$", PAPER.read_text("utf-8"), re.M
)
INVENTORY = {row[0]: row for row in ROWS if row[0] != "table"}


def words(text):
    return [word for word in text.split(", ") if word]


def test_every_column_of_text_or_bytes_is_listed_once_as_personal_or_not():
    held = {
        table.name: sorted(c.name for c in table.columns if isinstance(c.type, Text | LargeBinary))
        for table in METADATA.sorted_tables
    }
    told = {name: sorted(words(row[1]) + words(row[2])) for name, row in INVENTORY.items()}
    assert told == held


def test_every_table_says_why_how_long_and_who_sees_it():
    assert all(all(row[3:]) for row in INVENTORY.values())
    free = {"comment", "note", "owner", "assessor", "contact", "email", "remote_address", "sent_by", "made_by", "actor"}
    told = {name for row in INVENTORY.values() for name in words(row[2])}
    assert free & told == set()


def test_the_times_that_it_names_are_those_of_the_program():
    days = {name: row[4] for name, row in INVENTORY.items()}
    assert (LASTS.days, days["jobs"], days["job_files"]) == (7, "a week", "a week")
    assert (sendings.LASTS.days, days["sendings"]) == (1, "a day")
    assert (KEPT.days, days["reminder_notices"]) == (180, "180 days after it held")
    assert (TRIES_WITHIN.seconds, days["sign_in_attempts"]) == (300, "5 minutes")
    assert (sessions.LONGEST.seconds, sessions.IDLE.seconds) == (12 * 3600, 30 * 60)
    assert days["user_sessions"] == "12 hours, 30 minutes idle"
    assert (reset.LASTS.days, LINKS_KEPT.days) == (1, 365)

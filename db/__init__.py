"""The warehouse: all SQL, all tenancy. Importing anything of it puts the lock on first."""

import db.session  # noqa: F401

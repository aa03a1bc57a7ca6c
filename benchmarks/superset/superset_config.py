"""How Superset runs as our peer: every advantage that a setting gives it, and nothing that its makers advise against.

No limits, no log of each request in its metadata, no check of forms; its answers are cached in the worker's memory,
the fastest of its caches. Secrets and addresses come from the environment of one run.
"""

import os
from typing import Any

from superset.utils.log import AbstractEventLogger


class _Nothing(AbstractEventLogger):
    def log(self, *_: Any, **__: Any) -> None:
        """Write nothing: by default each request would be a row in the metadata."""


SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = os.environ["PEER_METADATA"]
_CACHE = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 86_400, "CACHE_THRESHOLD": 1_000}
CACHE_CONFIG = DATA_CACHE_CONFIG = _CACHE
FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = _CACHE
ROW_LIMIT = SQL_MAX_ROW = 1_000_000
EVENT_LOGGER = _Nothing()
LOG_LEVEL = "WARNING"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
AUTH_RATE_LIMITED = False

"""How gunicorn serves: `gunicorn --config python:dashboard.serving dashboard.app:server`, and so does `assay serve`.

Its names are gunicorn's own. reliability.md W7: threads answer what is under way when a worker is told to stop, and
`graceful_timeout` is longer than any request takes.
"""

from variables import declare, one_of, whole

PORT = declare("PORT", "the port of the `Procfile`'s web process", "8050", whole("PORT", 1, 65_535), "8050")
WORKERS = declare(
    "WEB_CONCURRENCY", "how many workers serve, each with four threads", "2", whole("WEB_CONCURRENCY", 1, 512), "2"
)
WORK = declare(
    "ASSAY_WORK",
    "`inside`: a thread of the server makes the packs that people ask for; `assay serve` sets it, `gunicorn` does not",
    "unset",
    one_of("ASSAY_WORK", "inside"),
)

bind = f"0.0.0.0:{PORT.read()}"
workers = WORKERS.read()
worker_class = "gthread"
threads = 4
timeout = graceful_timeout = 60
keepalive = 5
control_socket_disable = True

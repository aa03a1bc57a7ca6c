"""A real web server of a test's own."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """A web server of this test: what it answers by path, and what it was asked."""

    def __init__(self) -> None:
        self.answers, self.asked = {}, []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                site.asked.append((self.path, dict(self.headers)))
                answer = site.answers.get(self.path, (404, {}, b""))
                if callable(answer):
                    with suppress(OSError):  # it is cut off
                        answer(self)
                    self.close_connection = True
                    return
                status, headers, body = answer
                if status == 200 and headers.get("ETag") and self.headers["If-None-Match"] == headers["ETag"]:
                    status, body = 304, b""
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path, host="localhost"):
        return f"http://{host}:{self.port}{path}"

    def close(self):
        """End it."""
        self.server.shutdown()
        self.server.server_close()

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Chromium, headless, with an authenticator of its own.

It is told what to do in the DevTools protocol over a pipe, and shows a page of
ours from a server on localhost, whose port the kernel has chosen.
"""
import fcntl
import http.server
import json
import os
import select
import signal
import threading
import time

FLAGS = ("--headless=new", "--no-sandbox", "--remote-debugging-pipe",
         "--no-first-run", "--no-proxy-server", "--disable-gpu",
         "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--disable-breakpad")


class Page:
    """One file, shown at every path of an origin."""

    def __init__(self, name):
        with open(name, "rb") as file:
            content = file.read()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.origin = f"http://localhost:{server.server_port}"


class Browser:
    """Gone at the end of `with`; no call lasts beyond the deadline."""

    def __init__(self, folder, seconds):
        self.deadline = time.monotonic() + seconds
        self.received, self.number, self.session = b"", 0, None
        down, up = os.pipe(), os.pipe()
        self.reads, self.writes = up[0], down[1]
        # Out of the way of 3 and 4, where it expects them
        theirs = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10)
                  for one in (down[0], up[1])]
        log = os.open(folder + "/chromium.log", os.O_WRONLY | os.O_CREAT)
        self.pid = os.posix_spawnp(
            "chromium", ("chromium", *FLAGS, f"--user-data-dir={folder}",
                         "about:blank"), os.environ, setpgroup=0,
            file_actions=[(os.POSIX_SPAWN_DUP2, one, at) for one, at in (
                (theirs[0], 3), (theirs[1], 4), (log, 1), (log, 2))])
        for one in (down[0], up[1], log, *theirs):
            os.close(one)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Its whole group ends, before its number can be another's."""
        try:
            self.session = None
            self.call("Browser.close")
            self.ready(os.pidfd_open(self.pid))
        except (OSError, RuntimeError):
            pass
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def ready(self, one):
        left = max(self.deadline - time.monotonic(), 0)
        if not select.select([one], [], [], left)[0]:
            raise TimeoutError("Chromium takes too long")

    def receive(self):
        while b"\0" not in self.received:
            self.ready(self.reads)
            some = os.read(self.reads, 65536)
            if not some:
                raise RuntimeError("Chromium has ended")
            self.received += some
        message, self.received = self.received.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        while (answer := self.receive()).get("id") != self.number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def show(self, url):
        if not self.session:
            target = self.call("Target.createTarget", url="about:blank")
            self.session = self.call("Target.attachToTarget", flatten=True,
                                     **target)["sessionId"]
            self.call("Page.enable")
        self.call("Page.navigate", url=url)
        while self.receive().get("method") != "Page.loadEventFired":
            pass

    def run(self, function, *args):
        """The value of a function of the page, as if someone had clicked."""
        found = self.call(
            "Runtime.evaluate", awaitPromise=True, returnByValue=True,
            userGesture=True,
            expression=f"{function}(...{json.dumps(args)})")
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"]))
        return found["result"]["value"]

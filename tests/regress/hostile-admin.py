# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# hostile-admin.py SOCKET HEAD EACH [LACKS]: an admin socket whose log has HEAD
# records, it says, and which gives EACH an answer, from the one that was asked
# for on and whatever the last one was to be, but never LACKS. A line on standard
# output: it is there.
import base64
import json
import re
import socketserver
import sys

SOCKET, HEAD, EACH = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
LACKS = int(sys.argv[4]) if len(sys.argv) > 4 else 0
COUNTS = ("claims", "live", "approvals", "revocations", "denials")


def store():
    return {"engine": "sqlite", "authority": "https://corp.example",
            "schema": 1, "sequence": HEAD, "sha256": "00" * 32,
            **{name: 0 for name in COUNTS}}


def records(start):
    none = base64.b64encode(b"none").decode()
    return {"records": [{"sequence": n, "record": none}
                        for n in range(start, start + EACH) if n != LACKS],
            "next": start + EACH}


class Fake(socketserver.StreamRequestHandler):
    def handle(self):
        asked = self.rfile.readline().decode()
        while self.rfile.readline().strip():
            pass
        start = re.search("from=([0-9]+)", asked)
        body = json.dumps(records(int(start[1])) if start else
                          store()).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                         b"Content-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)


with socketserver.UnixStreamServer(SOCKET, Fake) as server:
    print("there", flush=True)
    server.serve_forever()

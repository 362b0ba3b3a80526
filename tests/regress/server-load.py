# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Posts requests over and over, each by a client of its own, until a file is
there. What a request was answered once it has to be answered again.

    server-load.py PORT CA STOP LOG REQUEST...

LOG gets a line for each answer: its status and the request; REQUEST.pem is what
was answered. Ends with 1 when a request was answered in two ways, or refused.
"""

import http.client
import os
import ssl
import sys
import threading

port, ca, stop, log = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
names = sys.argv[5:]
lock = threading.Lock()
out = open(log, "a", buffering=1)
wrong = []


def say(*words):
    with lock:
        print(*words, file=out)


def post(conn, body):
    conn.request("POST", "/v1/credentials", body,
                 {"Content-Type": "application/pkcs10"})
    answer = conn.getresponse()
    return answer.status, answer.read(), answer.getheader("Retry-After")


def client(name):
    context = ssl.create_default_context(cafile=ca)
    body = open(name, "rb").read()
    conn = None
    first = None
    while not os.path.exists(stop):
        try:
            if conn is None:
                conn = http.client.HTTPSConnection("127.0.0.1", port,
                                                   timeout=30,
                                                   context=context)
            status, text, wait = post(conn, body)
        except (OSError, http.client.HTTPException):
            # The process that had the connection is gone.
            conn.close()
            conn = None
            say("gone", name)
            continue
        say(status, name)
        if status == 200:
            first = first or text
            if text != first:
                wrong.append(f"{name}: two answers")
                return
        elif status != 503 or wait is None:
            wrong.append(f"{name}: {status} {text!r}")
            return
    if first is not None:
        with open(name + ".pem", "wb") as f:
            f.write(first)


threads = [threading.Thread(target=client, args=(n,)) for n in names]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("\n".join(wrong))
sys.exit(1 if wrong else 0)

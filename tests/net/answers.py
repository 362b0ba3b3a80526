# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A server that says what it is told to:
#
#	answers.py FOLDER [unix SOCKET | tls CERTIFICATE KEY CLIENT-CA]
#
# The Nth request goes to FOLDER/request.N, and FOLDER/answer.N, or answer, is
# said as it is. Over TLS it prints its port, over a unix socket "ready".

import os
import re
import socket
import ssl
import sys

folder = sys.argv[1]


def read(name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def whole(s):
    """One request: its header, and as much as that says."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            return data
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    m = re.search(rb"\r\nContent-Length: (\d+)", head)
    while m and len(body) < int(m[1]):
        more = s.recv(65536)
        if not more:
            break
        body += more
    return head + b"\r\n\r\n" + body


def serve(s, n):
    data = whole(s)
    with open(os.path.join(folder, f"request.{n}"), "wb") as f:
        f.write(data)
    if isinstance(s, ssl.SSLSocket):
        with open(os.path.join(folder, f"peer.{n}"), "w") as f:
            f.write(str((s.getpeercert() or {}).get("subject")))
    one = f"answer.{n}"
    try:
        s.sendall(read(one if os.path.exists(
            os.path.join(folder, one)) else "answer"))
    except OSError:
        pass


context = None
if sys.argv[2] == "unix":
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[3])
    listener.listen()
    print("ready", flush=True)
else:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    context.load_verify_locations(sys.argv[5])
    context.verify_mode = ssl.CERT_OPTIONAL
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
count = 0
while True:
    s = listener.accept()[0]
    try:
        if context:
            s = context.wrap_socket(s, server_side=True)
        count += 1
        serve(s, count)
        if context:
            s.unwrap()
    except OSError:
        pass
    s.close()

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""What no client of HTTP sends: server-raw.py PORT CA REQUEST"""

import socket
import ssl
import sys

port, ca, body = int(sys.argv[1]), sys.argv[2], open(sys.argv[3], "rb").read()
context = ssl.create_default_context(cafile=ca)
failed = 0

HEAD = (b"POST /v1/credentials HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/pkcs10\r\n")
GET = b"GET /v1/bundle HTTP/1.1\r\nHost: localhost\r\n\r\n"


def report(good, name):
    global failed
    print("ok" if good else "not ok", name)
    failed += not good


def plain():
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def tls():
    return context.wrap_socket(plain(), server_hostname="localhost")


def read_all(s):
    got = b""
    try:
        while more := s.recv(65536):
            got += more
    except (OSError, ssl.SSLError):
        pass
    return got


def lives():
    with tls() as s:
        s.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return read_all(s).startswith(b"HTTP/1.1 200 ")


def answered(data, status, name):
    with tls() as s:
        s.sendall(data)
        got = read_all(s)
    if not got.startswith(b"HTTP/1.1 %d " % status):
        print("#", got[:200])
        report(False, name)
    else:
        report(lives(), name)


length = b"Content-Length: %d\r\n" % len(body)
answered(HEAD + length + length + b"\r\n" + body, 400, "two lengths")
answered(HEAD + length + b"Transfer-Encoding: chunked\r\n\r\n" + body, 400,
         "a length and chunks")
answered(HEAD + b"Content-Length: -1\r\n\r\n", 400, "a length below none")
answered(b"garbage\r\n\r\n", 400, "garbage")
answered(b"GET /v1/bundle HTTP/3.0\r\n\r\n", 505, "another version")
answered(HEAD.replace(b"\r\n", b"\n") + length + b"\n" + body, 400,
         "line ends of another kind")
answered(b"GET /v1/bundle\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "a NUL")

# Garbage behind a request: that is answered, and then the connection is over.
with tls() as s:
    s.sendall(GET + b"\x16\x03\x01garbage\r\n\r\n" + GET)
    got = read_all(s)
report(got.startswith(b"HTTP/1.1 200 ") and b"\r\nHTTP/1.1 400 " in got or
       b"}HTTP/1.1 400 " in got, "garbage behind a request is refused")
report(got.count(b"HTTP/1.1 200 ") == 1, "and what is behind it is not read")
report(lives(), "it lives")

# Two behind each other are answered, in their order.
with tls() as s:
    s.sendall(GET + b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n"
              b"Connection: close\r\n\r\n")
    got = read_all(s)
report(got.index(b"HTTP/1.1 200 ") < got.index(b"HTTP/1.1 404 "),
       "two are answered in their order")

# A body that ends before its length did: nothing is done.
with tls() as s:
    s.sendall(HEAD + length + b"\r\n" + body[:-1])
    s.unwrap() if False else s.shutdown(socket.SHUT_WR)
    got = read_all(s)
report(b"200" not in got[:20], "TLS that was cut within a body")
raw = plain()
raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
raw.shutdown(socket.SHUT_WR)
read_all(raw)
raw.close()
report(lives(), "a handshake that was cut")
raw = plain()
raw.sendall(GET)
got = read_all(raw)
raw.close()
report(not got.startswith(b"HTTP"), "HTTP without TLS is not answered")
report(lives(), "it lives")

# More connections than one address may have are closed.
many = []
closed = 0
for _ in range(20):
    try:
        many.append(tls())
    except (OSError, ssl.SSLError):
        closed += 1
report(len(many) == 16 and closed == 4,
       f"of 20 connections {len(many)} are taken")
for s in many:
    s.close()
for _ in range(100):
    try:
        if lives():
            break
    except (OSError, ssl.SSLError):
        continue
report(lives(), "then others are")
sys.exit(failed != 0)

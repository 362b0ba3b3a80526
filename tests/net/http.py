#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Clients, good and bad, of tests/net/bin/httpd: http.py HTTPD SCRATCH"""

import os
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

HTTPD, TOP = sys.argv[1:3]
HOST = b"Host: localhost\r\n"
count = failed = 0


def ok(good, name):
    global count, failed
    count += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)
    return good


class Server:
    """One httpd, with its first address; --- of it, what it said last."""

    def __init__(self, *words, listen="127.0.0.1:0"):
        self.child = subprocess.Popen([HTTPD, *words, listen], text=True,
                                      stdout=subprocess.PIPE)
        line = self.child.stdout.readline().split()
        if line[:1] != ["listening"] or self.child.stdout.readline() != \
                "ready\n":
            raise SystemExit("Bail out! httpd does not start")
        self.path = line[1][5:] if line[1].startswith("unix:") else None
        if not self.path:
            self.port = int(line[1].rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if self.child.poll() is None:
            self.child.terminate()
        if self.child.wait() != 0:
            ok(False, "httpd ended with %d" % self.child.returncode)
        self.child.stdout.close()

    def connect(self, tls=None, source="127.0.0.1"):
        if self.path:
            s = socket.socket(socket.AF_UNIX)
            s.connect(self.path)
        else:
            s = socket.create_connection(("127.0.0.1", self.port),
                                         source_address=(source, 0))
        s.settimeout(20)
        return tls.wrap_socket(s, server_hostname="localhost") if tls else s

    def ask(self, path, **more):
        with self.connect(**more) as s:
            s.sendall(get(path, b"Connection: close\r\n"))
            return read_all(s)

    def lives(self):
        return self.ask("/echo")[0] == 200 and self.child.poll() is None


def get(path, more=b"", method=b"GET"):
    return b"%s %s HTTP/1.1\r\n%s%s\r\n" % (method, path.encode(), HOST, more)


def post(path, body, more=b""):
    return b"POST %s HTTP/1.1\r\n%s%sContent-Length: %d\r\n\r\n%s" % (
        path.encode(), HOST, more, len(body), body)


class Reader:
    """Answers from a connection, one after another."""

    def __init__(self, s):
        self.s, self.kept = s, b""

    def more(self):
        got = self.s.recv(65536)
        if not got:
            raise EOFError
        self.kept += got

    def answer(self, head=False):
        while b"\r\n\r\n" not in self.kept:
            self.more()
        top, _, self.kept = self.kept.partition(b"\r\n\r\n")
        lines = top.decode().split("\r\n")
        fields = dict(f.lower().split(": ", 1) for f in lines[1:])
        n = 0 if head else int(fields.get("content-length", 0))
        while len(self.kept) < n:
            self.more()
        body, self.kept = self.kept[:n], self.kept[n:]
        return int(lines[0].split()[1]), fields, body

    def ended(self):
        """The server has closed, and said nothing more."""
        try:
            return self.kept == b"" and self.s.recv(1) == b""
        except OSError:
            return False


def read_all(s):
    r = Reader(s)
    try:
        return (*r.answer(), r.ended())
    except (EOFError, OSError):
        return (0, {}, b"", True)


def keep_alive(server):
    with server.connect() as s:
        r = Reader(s)
        good = 0
        for i in range(50):
            s.sendall(post("/echo", b"x%d" % i, b"X-Word: w\r\n"))
            status, fields, body = r.answer()
            good += (status == 200 and "connection" not in fields and
                     body == b"POST /echo none [w] 0 from 127.0.0.1\nx%d" % i)
        ok(good == 50, "fifty requests over one connection")
        s.sendall(get("/echo?a=b&c"))
        ok(r.answer()[2].startswith(b"GET /echo a=b&c "), "a query")
        s.sendall(get("/echo?"))
        ok(r.answer()[2].startswith(b"GET /echo  "), "an empty one")
        s.sendall(get("/echo", b"X-Word: a\r\nx-word: b\r\n"))
        ok(b"[] -3 " in r.answer()[2], "a field that comes twice has no value")
        s.sendall(get("/echo", method=b"HEAD"))
        status, fields, body = r.answer(head=True)
        ok(status == 200 and int(fields["content-length"]) > 0, "HEAD")
        s.sendall(get("/none"))
        ok(r.answer()[0] == 404, "which left no body behind")
        s.sendall(get("/fields"))
        status, fields, _ = r.answer()
        ok(status == 405 and fields["allow"] == "get" and
           fields["retry-after"] == "7" and "x-evil" not in fields and
           "x-bad" not in fields, "fields of an answer; a broken one is none")
        s.sendall(get("/close"))
        status, fields, _ = r.answer()
        ok(status == 204 and fields["connection"] == "close" and r.ended(),
           "the handler closes")
    with server.connect() as s:
        s.sendall(get("/echo", b"Connection: close\r\n"))
        status, fields, _, ended = read_all(s)
        ok(status == 200 and fields["connection"] == "close" and ended,
           "the client closes")
    with server.connect() as s:
        s.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
        status, fields, body, ended = read_all(s)
        ok(status == 200 and ended and body, "HTTP/1.0")


def bodies(server):
    big = bytes(range(256)) * 1024
    with server.connect() as s:
        r = Reader(s)
        s.sendall(post("/echo", big))
        ok(r.answer()[2].endswith(big), "a body as long as may be")
        s.sendall(get("/echo", b"Transfer-Encoding: chunked\r\n", b"POST") +
                  b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in
                           (b"a", big[:5000], b"bc")) + b"0\r\n\r\n")
        ok(r.answer()[2].endswith(b"\na" + big[:5000] + b"bc"), "chunks")
        for byte in post("/echo", b"slow"):
            s.sendall(bytes([byte]))
        ok(r.answer()[2].endswith(b"\nslow"), "one octet at a time")
        s.sendall(get("/echo", b"Expect: 100-continue\r\n"
                      b"Content-Length: 2\r\n", b"POST"))
        while b"\r\n\r\n" not in r.kept:
            r.more()
        ok(r.kept == b"HTTP/1.1 100 Continue\r\n\r\n", "100 Continue")
        r.kept = b""
        s.sendall(b"ok")
        ok(r.answer()[2].endswith(b"\nok"), "and then the body")
        s.sendall(get("/big"))
        ok(len(r.answer()[2]) == 8 << 20, "a long answer")


MALFORMED = {
    "a bare LF": (400, b"GET /echo HTTP/1.1\n" + HOST + b"\r\n"),
    "LF alone between": (400, b"GET /echo HTTP/1.1\r\nHost: a\n\r\n"),
    "a folded field": (400, get("/echo", b"X-Word: a\r\n b\r\n")),
    "a NUL": (400, get("/echo", b"X-Word: a\0b\r\n")),
    "a blank before a colon": (400, get("/echo", b"X-Word : a\r\n")),
    "no Host": (400, b"GET /echo HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, get("/echo", HOST)),
    "length and chunks": (400, get(
        "/echo", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"POST") + b"0\r\n\r\n"),
    "chunks and length": (400, get(
        "/echo", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"POST") + b"0\r\n\r\n"),
    "two lengths": (400, post("/echo", b"ab", b"Content-Length: 2\r\n")),
    "a length with a sign": (400, get("/echo", b"Content-Length: +2\r\n",
                                      b"POST") + b"ab"),
    "a body with HEAD": (400, get("/echo", b"Content-Length: 2\r\n",
                                  b"HEAD") + b"ab"),
    "chunks that are none": (400, get(
        "/echo", b"Transfer-Encoding: chunked\r\n", b"POST") + b"zz\r\n"),
    "a trailer": (400, get(
        "/echo", b"Transfer-Encoding: chunked\r\n", b"POST") +
        b"0\r\nX: y\r\n\r\n"),
    "an unknown coding": (501, get(
        "/echo", b"Transfer-Encoding: gzip\r\n", b"POST")),
    "an unknown expectation": (417, get("/echo", b"Expect: tea\r\n")),
    "an unknown method": (501, get("/echo", method=b"BREW")),
    "CONNECT": (501, b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "HTTP/2": (501, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/3.1": (505, b"GET / HTTP/3.1\r\n\r\n"),
    "a target of a proxy": (400, b"GET http://a/ HTTP/1.1\r\n" + HOST +
                            b"\r\n"),
    "an authority": (400, get("//a/echo")),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "octets": (400, bytes(range(256))),
    "an empty line": (400, b"\r\n" + get("/echo")),
    "a long body": (413, get("/echo", b"Content-Length: 262145\r\n",
                             b"POST")),
    "a body without end": (413, get(
        "/echo", b"Content-Length: 999999999999999\r\n", b"POST")),
    "a long body in chunks": (413, get(
        "/echo", b"Transfer-Encoding: chunked\r\n", b"POST") + b"40001\r\n"),
    "a long header": (431, get("/echo", b"X-Word: " + b"a" * 17000)),
    "a header without end": (431, b"GET /" + b"a" * 300000),
    "many fields": (431, get("/echo", b"a:b\r\n" * 101)),
}


def malformed(server, tls=None):
    for name, (want, octets) in MALFORMED.items():
        with server.connect(tls=tls) as s:
            s.sendall(octets)
            status, fields, body, ended = read_all(s)
            ok(status == want and fields.get("connection") == "close" and
               body and ended, "%s: %d %s" % (name, status,
                                              body.decode().strip()))
    ok(server.lives() if not tls else True, "the server lives")


def refused_while_sending(server):
    """Who is refused goes on for a while, and still reads why."""
    with server.connect() as s:
        s.sendall(get("/echo", b"Content-Length: 4000000\r\n", b"POST"))
        try:
            for _ in range(40):
                s.sendall(b"x" * 100000)
        except OSError:
            pass
        ok(read_all(s)[0] == 413, "who sends it all the same reads the answer")


def pipelined(server):
    with server.connect() as s:
        r = Reader(s)
        s.sendall(b"".join(get("/echo?%d" % i) for i in range(10)))
        ok(all(r.answer()[2].startswith(b"GET /echo %d " % i)
               for i in range(10)), "ten requests at once, in order")
        s.sendall(post("/echo?a", b"x") + get("/later") + get("/echo?b"))
        ok(r.answer()[2].startswith(b"POST /echo a "), "the first of three")
        wait_for(server, "later 1")
        ok(not select.select([s], [], [], 0.1)[0],
           "the third waits for the second")
        server.ask("/now")
        ok(r.answer()[2] == b"later" and
           r.answer()[2].startswith(b"GET /echo b "), "both come")
        s.sendall(get("/echo?c") + b"garbage\r\n\r\n" + get("/echo?d"))
        ok(r.answer()[0] == 200, "a request before garbage")
        ok(r.answer()[0] == 400 and r.ended(), "and the garbage")
    with server.connect() as s:
        r = Reader(s)
        s.sendall(get("/later") + b"\0\0\0")
        wait_for(server, "later 1")
        server.ask("/now")
        ok(r.answer()[0] == 200 and r.answer()[0] == 400 and r.ended(),
           "garbage behind one that takes its time")
    with server.connect() as s:
        r = Reader(s)
        s.sendall(get("/close") + get("/echo"))
        ok(r.answer()[0] == 204 and r.ended(), "nothing behind the last one")
    with server.connect() as s:
        r = Reader(s)
        s.sendall(get("/later") + get("/echo") * 1000)
        wait_for(server, "later 1")
        server.ask("/now")
        n, last = 0, 0
        try:
            while True:
                last = r.answer()[0]
                n += 1
        except (EOFError, OSError):
            pass
        ok(n > 0 and last in (200, 400) and server.lives(),
           "a thousand at once: %d answers, the last %d" % (n, last))


def wait_for(server, what):
    for _ in range(400):
        said = server.ask("/count")[2].decode()
        if what in said:
            return True
        time.sleep(0.01)
    print("# wanted %s, is %s" % (what, said))
    return False


def out_of_order(server):
    with server.connect() as a, server.connect() as b:
        a.sendall(get("/later"))
        ok(wait_for(server, "later 1"), "one waits")
        b.sendall(get("/echo"))
        ok(Reader(b).answer()[0] == 200, "another is answered before it")
        b.sendall(get("/later"))
        ok(wait_for(server, "later 2"), "two wait")
        ok(server.ask("/now")[2] == b"2" and
           Reader(a).answer()[2] == Reader(b).answer()[2] == b"later",
           "both are answered, the later one first")


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def gone(server):
    s = server.connect()
    s.sendall(get("/later"))
    ok(wait_for(server, "later 1"), "one waits")
    reset(s)
    ok(wait_for(server, "later 0 gone 1"), "it went, and the handler knows")
    with server.connect() as s:
        s.sendall(get("/later"))
        wait_for(server, "later 1")
        s.shutdown(socket.SHUT_WR)
        time.sleep(1.2)
        ok(wait_for(server, "later 1 gone 1"), "who says no more may listen")
        server.ask("/now")
        ok(Reader(s).answer()[0] == 200, "and gets the answer")
    for part in (b"", b"GET", get("/echo")[:-1], post("/echo", b"abc")[:-1]):
        s = server.connect()
        s.sendall(part)
        s.close()
    for _ in range(5):
        s = server.connect()
        s.sendall(get("/big"))
        s.recv(100)
        reset(s)
    ok(wait_for(server, "gone 1 open 1"), "whoever left is forgotten")


def idle_behind(server):
    with server.connect() as s:
        return one(s) != 0 and s.recv(1) == b""


def idle():
    """On a busy machine who asks may be called idle before he has."""
    with Server("idle=300") as server:
        with server.connect() as s:
            began = time.monotonic()
            ok(s.recv(1) == b"" and time.monotonic() - began > 0.25,
               "idle from the start")
        ok(any(idle_behind(server) for _ in range(20)),
           "idle behind an answer")
        with server.connect() as s:
            s.sendall(get("/big"))
            time.sleep(1)
            try:
                while s.recv(1 << 20):
                    pass
            except OSError:
                pass
            ok(any(server.lives() for _ in range(20)),
               "who does not read is left")


def limits():
    with Server("read=600", "requests=3", "body=10",
                "headers=100") as server:
        with server.connect() as s:
            began = time.monotonic()
            status = slowly(s, get("/echo", b"X: " + b"a" * 60))
            took = time.monotonic() - began
            ok(status == 408 and 0.5 < took < 19, "a slow header: %d" % status)
        with server.connect() as s:
            s.sendall(post("/echo", b"12345678")[:-8])
            ok(slowly(s, b"12345678", 0.15) == 408, "a slow body")
        with server.connect() as s:
            r = Reader(s)
            seen = []
            for _ in range(3):
                s.sendall(get("/echo"))
                seen.append(r.answer()[1].get("connection"))
            ok(seen == [None, None, "close"] and r.ended(), "three requests")
        with server.connect() as s:
            s.sendall(post("/echo", b"12345678901"))
            ok(read_all(s)[0] == 413, "a body too long")
        with server.connect() as s:
            s.sendall(get("/echo", b"X: " + b"a" * 100))
            ok(read_all(s)[0] == 431, "a header too long")


def slowly(s, octets, pause=0.03):
    """The status that cuts it off."""
    for byte in octets:
        try:
            s.sendall(bytes([byte]))
        except OSError:
            break
        if select.select([s], [], [], pause)[0]:
            break
    return read_all(s)[0]


def crowds():
    with Server("address=5", "connections=8") as server:
        some = [server.connect() for _ in range(5)]
        for s in some:
            s.sendall(get("/echo"))
            Reader(s).answer()
        ok(server.ask("/echo")[0] == 0, "the sixth of one address is closed")
        others = [server.connect(source="127.0.0.%d" % (2 + i))
                  for i in range(3)]
        ok([one(s) for s in others] == [200, 200, 200], "others may come")
        ok(server.ask("/echo")[0] == 0 and
           [one(s) for s in some] == [200] * 5,
           "and nobody gives way to a sixth of one address")
        some[0].close()
        for s in others:
            s.close()
        for s in some[1:]:
            s.sendall(get("/echo"))
            ok(Reader(s).answer()[0] == 200, "those that are there stay")
            s.close()
        for _ in range(200):
            if server.ask("/echo")[0] == 200:
                break
            time.sleep(0.01)
        ok(server.lives(), "and then there is room again")


def one(s, path="/echo"):
    """The status of a request; 0: the connection was closed."""
    try:
        s.sendall(get(path))
        return Reader(s).answer()[0]
    except (EOFError, OSError):
        return 0


def is_closed(s):
    try:
        return s.recv(1) == b""
    except OSError as e:
        return not isinstance(e, TimeoutError)


def room():
    """Who gives way where all places are taken."""
    sources = ("127.0.0.%d" % n for n in range(2, 200))
    with Server("connections=4") as server:
        def come(path="/echo"):
            s = server.connect(source=next(sources))
            return s, path and one(s, path)

        first, second, third = (come()[0] for _ in range(3))
        silent, _ = come(None)
        half, _ = come(None)
        ok(is_closed(silent), "one that has said nothing gives way")
        half.sendall(b"GET /ec")
        ok(one(first) == 200, "not those that were served")
        new, status = come()
        ok(status == 200 and is_closed(half), "nor one that was midway")
        newer, status = come()
        ok(status == 200 and is_closed(second),
           "then the one that has been idle longest")
        ok([one(s) for s in (third, first, newer, new)] == [200] * 4,
           "and no other")

        first.sendall(get("/later"))
        ok(wait_on(third, b"later 1 "), "one waits for its answer")
        more = [come() for _ in range(4)]
        ok([status for _, status in more] == [200] * 4, "four more")
        ok(is_closed(newer) and is_closed(new) and is_closed(third),
           "all that were idle")
        more.append(come("/now"))
        ok(Reader(first).answer()[2].startswith(b"later"),
           "but the one that waited")


def busy_room():
    begun = (b"POST /echo HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n"
             b"Content-Length: 1\r\n\r\n")
    with Server("connections=3") as server:
        all_of = []
        for n in range(3):
            s = server.connect(source="127.0.0.%d" % (2 + n))
            one(s)
            s.sendall(begun)
            ok(b" 100 " in s.recv(100), "a request that is begun")
            all_of.append(s)
        new = server.connect(source="127.0.0.9")
        ok(one(new) == 0, "nobody gives way who has a request on its way")
        for s in all_of:
            s.sendall(b"x")
            ok(Reader(s).answer()[0] == 200, "it is answered")
        ok(server.ask("/echo")[0] == 200, "then there is room again")


def wait_on(s, words):
    """What /count says over a connection that is there."""
    for _ in range(1000):
        s.sendall(get("/count"))
        if words in Reader(s).answer()[2]:
            return True
    return False


def thousand():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with Server("address=2000", "connections=2000") as server:
        many = [server.connect() for _ in range(1000)]
        for s in many:
            s.sendall(get("/echo"))
        ok(all(Reader(s).answer()[0] == 200 for s in many),
           "a thousand connections")
        ok(b"open 1001" in server.ask("/count")[2], "all are there")
        for s in many[::2]:
            reset(s)
        for s in many[1::2]:
            s.close()
        ok(wait_for(server, "open 1"), "and gone")


def drain():
    with Server() as server:
        idle, busy, half = (server.connect() for _ in range(3))
        busy.sendall(get("/later"))
        half.sendall(get("/now")[:-2])
        wait_for(server, "open 4")
        status, fields, _, _ = server.ask("/drain")
        ok(status == 200 and fields["connection"] == "close", "it drains")
        ok(idle.recv(1) == b"", "who waits for nothing is closed")
        try:
            server.connect().close()
            ok(False, "nobody comes any more")
        except OSError:
            ok(True, "nobody comes any more")
        half.sendall(b"\r\n")
        r = Reader(half)
        status, fields, body = r.answer()
        ok(status == 200 and body == b"1" and fields["connection"] == "close"
           and r.ended(), "who was half through is answered, and closed")
        r = Reader(busy)
        status, fields, _ = r.answer()
        ok(status == 200 and fields["connection"] == "close" and r.ended(),
           "and so is who waited")
        ok(server.child.wait() == 0, "the end")
    with Server() as server:
        waits = [server.connect() for _ in range(3)]
        for s in waits:
            s.sendall(get("/later"))
        wait_for(server, "later 3")
        server.connect().sendall(get("/echo")[:7])
        server.ask("/stop")
        ok(server.child.wait() == 0 and
           server.child.stdout.read() == "gone 4\n",
           "an end with all that is open")


def unix():
    with Server(listen="unix:" + TOP + "/socket") as server:
        status, _, body, _ = server.ask("/who")
        ok(status == 200 and body.startswith(b"unix 1 uid %d pid " %
                                             os.getuid()),
           "over a unix socket: who is there")
        ok(server.ask("/echo")[2].endswith(b"from \n"), "without an address")
        malformed(server)
        s = server.connect()
        s.sendall(get("/later"))
        ok(wait_for(server, "later 1"), "one waits")
        s.close()
        ok(wait_for(server, "later 0 gone 1"), "it went, and that is known")


def context(cert=None, ca="ca.pem", version=None):
    c = ssl.create_default_context(cafile=os.path.join(TOP, ca))
    if cert:
        c.load_cert_chain(TOP + "/" + cert + ".pem", TOP + "/" + cert + ".key")
    if version:
        c.minimum_version = c.maximum_version = version
    return c


def tls_words(*more):
    return ("cert=" + TOP + "/server.pem", "key=" + TOP + "/server.key",
            *more)


def shakes(server, c):
    """The answer to a request, or None when there is no handshake."""
    try:
        return server.ask("/who", tls=c)[2].decode() or None
    except (ssl.SSLError, OSError):
        return None


def tls():
    v12, v13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    with Server(*tls_words("handshake=400")) as server:
        raw = server.connect()
        began = time.monotonic()
        ok(raw.recv(1) == b"" and time.monotonic() - began < 19,
           "who does not shake hands")
    with Server(*tls_words("cert2=" + TOP + "/other.pem",
                           "key2=" + TOP + "/other.key")) as server:
        ok(shakes(server, context()) == "unix 0 uid 0 pid 0 cert 0", "TLS")
        ok(shakes(server, context(version=v12)) is None, "not 1.2")
        with server.connect(tls=context()) as s:
            ok(s.version() == "TLSv1.3" and s.session is None or
               not s.session.has_ticket, "1.3, and no tickets")
            r = Reader(s)
            s.sendall(get("/echo", b"Connection: close\r\n"))
            ok(r.answer()[0] == 200 and r.ended(), "it ends as TLS does")
        malformed(server, tls=context())
        ok(shakes(server, context()), "the server lives")
        refused_tls(server)
        raw = server.connect()
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n" + b"x" * 1000)
        ok(not reads_http(raw), "no HTTP without TLS")
        with server.connect(tls=context()) as s:
            r = Reader(s)
            s.sendall(get("/echo?%s" % ("a" * 9000)) + get("/echo?b"))
            ok(r.answer()[0] == 200 and r.answer()[0] == 200,
               "two requests in a record")
            s.sendall(b"".join(get("/echo?%d" % i) for i in range(3)) +
                      b"gar\0bage\r\n")
            ok([r.answer()[0] for _ in range(4)] == [200] * 3 + [400] and
               r.ended(), "and garbage behind three")
        with server.connect(tls=context()) as s:
            s.sendall(get("/later"))
            time.sleep(0.2)
        ok(any(b"later 0 gone 1" in server.ask("/count", tls=context())[2] or
               time.sleep(0.05) for _ in range(100)), "who left is known")
        with server.connect(tls=context()) as s:
            s.sendall(get("/echo"))
            r = Reader(s)
            r.answer()
            ok(shakes(server, context(ca="otherca.pem")) is None and
               server.ask("/renew", tls=context())[2] == b"renewed" and
               shakes(server, context()) is None and
               shakes(server, context(ca="otherca.pem")),
               "another certificate for whoever comes")
            s.sendall(get("/echo"))
            ok(r.answer()[0] == 200, "and who is there stays")
    with Server(*tls_words("tls12=yes")) as server:
        ok(shakes(server, context(version=v12)) and
           shakes(server, context(version=v13)), "1.2 where it is let in")


def refused_tls(server):
    """An end without close_notify is no end of a body."""
    for octets in (get("/later", b"Content-Length: 5\r\n", b"POST") + b"abc",
                   get("/later", b"Transfer-Encoding: chunked\r\n", b"POST") +
                   b"3\r\nabc\r\n", get("/later")[:-2]):
        s = server.connect(tls=context())
        s.sendall(octets)
        os.close(os.dup(s.fileno()))
        s.shutdown(socket.SHUT_RDWR)  # of TCP alone
        s.close()
    time.sleep(0.1)
    ok(b"later 0 gone 0" in server.ask("/count", tls=context())[2],
       "TLS cut short is no request")


def reads_http(s):
    try:
        return b"HTTP" in s.recv(100)
    except OSError:
        return False


def room_of_tls():
    with Server(*tls_words("connections=2")) as server:
        served = server.connect(tls=context(), source="127.0.0.2")
        ok(one(served) == 200, "TLS: one that was served")
        silent = server.connect(source="127.0.0.3")
        new = server.connect(tls=context(), source="127.0.0.4")
        ok(one(new) == 200 and is_closed(silent),
           "who has not shaken hands gives way")
        newer = server.connect(tls=context(), source="127.0.0.5")
        ok(one(newer) == 200 and is_closed(served),
           "then the one that has been idle longest")


def clients():
    ca = "ca=" + TOP + "/ca.pem"
    with Server(*tls_words(ca, "client=may")) as server:
        n = len(ssl.PEM_cert_to_DER_cert(open(TOP + "/client.pem").read()))
        ok(shakes(server, context()).endswith("cert 0"), "may: without one")
        ok(shakes(server, context("client")).endswith("cert %d" % n),
           "may: with one")
        ok(shakes(server, context("foreign")) is None, "may: a foreign one")
        ok(shakes(server, context("expired")) is None, "may: an expired one")
        ok(shakes(server, context("server")) is None,
           "may: one that is for servers")
    with Server(*tls_words(ca, "client=must")) as server:
        ok(shakes(server, context()) is None, "must: without one")
        ok(shakes(server, context("client")).endswith("cert %d" % n),
           "must: with one")
        ok(shakes(server, context("foreign")) is None, "must: a foreign one")
        memory(server)


def rss(pid):
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return sum(int(l.split()[1]) for l in f
                   if l.startswith("Private_Dirty"))


def memory(server):
    """What an idle connection takes, for those who wonder."""
    many = int(os.environ.get("HTTP_IDLE", "0"))
    if not many:
        return
    c = context("client")
    server.__exit__()
    with Server(*tls_words("ca=" + TOP + "/ca.pem", "client=must",
                           "connections=5000", "address=5000")) as server:
        shakes(server, c)
        before = rss(server.child.pid)
        some = []
        for _ in range(many):
            s = server.connect(tls=c)
            s.sendall(get("/echo"))
            Reader(s).answer()
            some.append(s)
        print("# %d idle connections: %.1f KiB each" % (
            many, (rss(server.child.pid) - before) / many))


def broken_tls():
    def says(*words):
        p = subprocess.run([HTTPD, *words, "127.0.0.1:0"], text=True,
                           stdin=subprocess.DEVNULL, capture_output=True)
        return p.stderr if p.returncode == 1 else ""

    cert, key = tls_words()
    for words, want in (
            ((cert, "key=" + TOP + "/client.key"), "not the certificate's"),
            ((cert, "key=" + TOP + "/locked.key"), "the TLS key"),
            ((cert, "key=" + TOP + "/server.pem"), "the TLS key"),
            (("cert=" + TOP + "/server.key", key), "the TLS certificate"),
            (("cert=" + TOP + "/cut.pem", key), "the TLS certificate"),
            (("cert=" + TOP + "/expired.pem", "key=" + TOP + "/expired.key"),
             "has expired"),
            ((cert, key, "client=must"), "the CAs of clients"),
            ((cert, key, "client=may", "ca=" + TOP + "/client.key"),
             "the CAs of clients")):
        said = says(*words)
        ok(want in said, "refused: %s" % said.strip())


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with Server() as server:
        keep_alive(server)
        bodies(server)
        malformed(server)
        refused_while_sending(server)
        pipelined(server)
        out_of_order(server)
        gone(server)
    idle()
    limits()
    crowds()
    room()
    busy_room()
    thousand()
    drain()
    unix()
    tls()
    room_of_tls()
    clients()
    broken_tls()
    print("1..%d" % count)
    return failed != 0


sys.exit(main())

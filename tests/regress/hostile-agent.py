# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""An ssh-agent that lies. usage: hostile-agent.py HOW SOCKET REAL

Lists the keys of the agent at REAL, or what HOW says, and answers what HOW
says to "sign"; writes a line as soon as it listens."""
import os
import socket
import struct
import sys

how, path, real = sys.argv[1:]


def read(s, size):
    data = b""
    while len(data) < size:
        more = s.recv(size - len(data))
        if not more:
            return None
        data += more
    return data


def message(s):
    head = read(s, 4)
    return head and read(s, struct.unpack(">I", head)[0])


def framed(body):
    return struct.pack(">I", len(body)) + body


def string(s):
    return framed(s)


def ask(body):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(real)
        s.sendall(framed(body))
        return framed(message(s))


def sign_other(body):
    """With the key of the request, but something else."""
    size, = struct.unpack(">I", body[1:5])
    return ask(body[:5 + size] + string(b"something else") + b"\0" * 4)


ANSWERS = {
    "garbage": lambda body: os.urandom(64),
    "http": lambda body: b"HTTP/1.0 400 Bad Request\r\n\r\n",
    "huge": lambda body: b"\xff\xff\xff\xff\x0c",
    "empty": lambda body: framed(b""),
    "short": lambda body: ask(body)[:-1],
    "long": lambda body: ask(body) + b"\0",
    "many": lambda body: framed(b"\x0c\xff\xff\xff\xff"),
    "silent": lambda body: b"",
    "other": sign_other,
    "fails": lambda body: framed(b"\5"),
}
FROM_THE_START = {"garbage", "http", "huge", "empty", "many", "mute"}
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(8)
print("ready", flush=True)
while True:
    client, _ = listener.accept()
    question = message(client)
    if not question:
        continue
    lies = question[0] == 13 or how in FROM_THE_START
    client.sendall(ANSWERS.get(how, ANSWERS["silent"])(question) if lies
                   else ask(question))
    if how in ("short", "silent", "mute"):
        client.recv(1)
    client.close()

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""A command's reports, 64 bytes each on its pipes, as packets of a socket.

usage: relay.py SOCKET LOG COMMAND...

For tests/fido/bin/plug. Goes to the background when it listens, and its
process id to standard output; the command ends with it.
"""
import os
import select
import socket
import subprocess
import sys

SOCKET, LOG, *COMMAND = sys.argv[1:]
REPORT = 64


def relay(client, command):
    """Until the client is gone."""
    answer = b""
    while True:
        for one in select.select([client, command.stdout], [], [])[0]:
            some = os.read(one.fileno(), REPORT)
            if not some:
                return
            if one is client:
                command.stdin.write(some)
                continue
            answer += some
            if len(answer) >= REPORT:
                client.send(answer[:REPORT])
                answer = answer[REPORT:]


listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(SOCKET)
listener.listen()
if pid := os.fork():
    print(pid)
    sys.exit()
os.dup2(os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
os.dup2(2, 1)
with subprocess.Popen(COMMAND, bufsize=0, stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE) as program:
    while program.poll() is None:
        connected, _ = listener.accept()
        with connected:
            relay(connected, program)

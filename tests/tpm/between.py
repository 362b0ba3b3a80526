# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""What lies between the command and a TPM of swtpm, and lies.

usage: between.py [--log FILE] [--secret FILE] [--fault RULE]... SOCKET TPM

Listens at SOCKET and SOCKET.ctrl, hands on to TPM and TPM.ctrl, goes to the
background as soon as it listens and prints its process id.

The log has a line a command: its name, the handles, the sessions with their
attributes, the answer's code. A line "SECRET" stands before a command that has
the bytes of FILE in clear, without the newline at their end.

A RULE is NAME[:N]=WHAT[*K]: what befalls the Nth (the first) command NAME, and
those behind it until it befell K of them (one; 0: all). NAME is a command as
the specification has it ("Sign"), "any", or "ctrl" for the control channel,
which knows hang and drop:
    rc:CODE     the TPM does not see it and this is the answer
    late:CODE   the TPM did it, and this is the answer all the same
    hang        no answer before SIGUSR1 comes
    drop, lost  the connection ends before, after the TPM has seen it
    cut:N       the first N octets of the answer, and then the end
    short:N     an answer of N octets, which says so
    long:N      N octets more, and the answer says so
    size:N      the answer says that it has N octets
    flip:N      one bit of the octet N is another; from the end when N < 0
    bytes:HEX   this is the answer
    noise:SEED  octets here and there are others
    count:N     it says that there are N, where a list begins in its body
"""
import argparse
import os
import random
import select
import signal
import socket
import struct
import sys
import threading

# Code: name and how many handles stand before the sessions (TPM 2.0 part 3)
COMMANDS = {
    0x120: ("EvictControl", 2), 0x121: ("HierarchyControl", 1),
    0x126: ("Clear", 1), 0x129: ("HierarchyChangeAuth", 1),
    0x12a: ("NV_DefineSpace", 1), 0x131: ("CreatePrimary", 1),
    0x137: ("NV_Write", 2), 0x139: ("DictionaryAttackLockReset", 1),
    0x13a: ("DictionaryAttackParameters", 1), 0x144: ("Startup", 0),
    0x145: ("Shutdown", 0), 0x147: ("ActivateCredential", 2),
    0x148: ("Certify", 2), 0x14e: ("NV_Read", 2), 0x150: ("ObjectChangeAuth", 2),
    0x151: ("PolicySecret", 2), 0x153: ("Create", 1), 0x156: ("Import", 1),
    0x157: ("Load", 1), 0x15d: ("Sign", 1), 0x161: ("ContextLoad", 0),
    0x162: ("ContextSave", 1), 0x165: ("FlushContext", 1),
    0x167: ("LoadExternal", 0), 0x168: ("MakeCredential", 1),
    0x169: ("NV_ReadPublic", 1), 0x16b: ("PolicyAuthValue", 1),
    0x16c: ("PolicyCommandCode", 1), 0x171: ("PolicyOR", 1),
    0x173: ("ReadPublic", 1), 0x174: ("RSA_Encrypt", 1),
    0x176: ("StartAuthSession", 2), 0x177: ("VerifySignature", 1),
    0x17a: ("GetCapability", 0), 0x17b: ("GetRandom", 0), 0x17d: ("Hash", 0),
    0x189: ("PolicyGetDigest", 1), 0x18a: ("TestParms", 0),
}
SESSIONS = 0x8002


class Rule:
    def __init__(self, text):
        what, how = text.split("=", 1)
        self.name, _, nth = what.partition(":")
        self.nth = int(nth or "1")
        how, _, times = how.partition("*")
        self.times = int(times or "1")
        self.how, _, self.value = how.partition(":")
        self.seen = self.done = 0
        if self.how == "noise":
            self.random = random.Random(int(self.value))

    def befalls(self, name):
        if self.name != name and (self.name != "any" or name == "ctrl"):
            return False
        self.seen += 1
        if self.seen < self.nth or 0 < self.times <= self.done:
            return False
        self.done += 1
        return True

    def number(self):
        return int(self.value, 0)


class Gone(Exception):
    pass


def read(s, size):
    data = b""
    while len(data) < size:
        more = s.recv(size - len(data))
        if not more:
            raise Gone
        data += more
    return data


def message(s):
    """A command or a response: both have their size in octets 2 to 5."""
    head = read(s, 10)
    return head + read(s, struct.unpack(">I", head[2:6])[0] - 10)


def code(octets):
    return struct.unpack(">I", octets[6:10])[0]


def only(number):
    return struct.pack(">HII", 0x8001, 10, number)


def sized(answer):
    return answer[:2] + struct.pack(">I", len(answer)) + answer[6:]


def flip(answer, rule):
    at = rule.number()
    changed = bytearray(answer)
    if -len(changed) <= at < len(changed):
        changed[at] ^= 1
    return bytes(changed)


def noise(answer, rule):
    changed = bytearray(answer)
    for _ in range(rule.random.randint(1, 4)):
        changed[rule.random.randrange(len(changed))] = \
            rule.random.choice((0, 1, 0x7f, 0x80, 0xff,
                                rule.random.randrange(256)))
    cut = rule.random.randrange(4 * len(changed))
    if cut < len(changed):
        del changed[max(cut, 10):]
    return sized(bytes(changed)) if rule.random.randrange(4) else bytes(changed)


# What becomes of an answer of the TPM
ANSWERS = {
    "late": lambda a, rule: only(rule.number()),
    "cut": lambda a, rule: a[:rule.number()],
    "short": lambda a, rule: sized(a[:rule.number()]),
    "long": lambda a, rule: sized(a + b"\xff" * rule.number()),
    "size": lambda a, rule: a[:2] + struct.pack(">I", rule.number()) + a[6:],
    "flip": flip,
    "noise": noise,
    # moreData, capability, count (part 3, 30.2)
    "count": lambda a, rule: a[:15] + struct.pack(">I", rule.number()) + a[19:],
}


class Between:
    def __init__(self, options):
        self.tpm = options.tpm
        self.rules = [Rule(text) for text in options.fault]
        self.log = open(options.log, "a", buffering=1) if options.log else None
        self.secret = None
        if options.secret:
            with open(options.secret, "rb") as f:
                self.secret = f.read().rstrip(b"\n")
        self.lock = threading.Lock()
        self.released = threading.Event()

    def say(self, text):
        if self.log:
            with self.lock:
                self.log.write(text + "\n")

    def watch(self, octets):
        if self.secret and self.secret in octets:
            self.say("SECRET")

    def describe(self, command):
        """Its name, its handles, its sessions, all in text."""
        name, handles = COMMANDS.get(code(command), ("%#x" % code(command), 0))
        at = 10 + 4 * handles
        words = ["%08x" % h
                 for h in struct.unpack(">%dI" % handles, command[10:at])]
        if struct.unpack(">H", command[:2])[0] == SESSIONS:
            end = at + 4 + struct.unpack(">I", command[at:at + 4])[0]
            at += 4
            while at < end:
                session, size = struct.unpack(">IH", command[at:at + 6])
                at += 6 + size
                words.append("%08x/%02x" % (session, command[at]))
                at += 3 + struct.unpack(">H", command[at + 1:at + 3])[0]
        return name, words

    def rule(self, name):
        with self.lock:
            hit = [rule for rule in self.rules if rule.befalls(name)]
        return hit[0] if hit else None

    def wait(self, s):
        """Until it is let go, or nobody waits for it."""
        while not self.released.wait(0.02):
            if select.select([s], [], [], 0)[0] and \
                    not s.recv(1, socket.MSG_PEEK):
                raise Gone

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.tpm)
            s.sendall(command)
            return message(s)

    def answer(self, s, command):
        """What is said to the command; None ends the connection."""
        name, words = self.describe(command)
        self.watch(command)
        rule = self.rule(name)
        how = rule.how if rule else None
        if how == "hang":
            self.say(" ".join([name] + words + ["hangs"]))
            self.wait(s)
        if how in ("rc", "bytes", "drop"):
            octets = {"rc": lambda: only(rule.number()),
                      "bytes": lambda: bytes.fromhex(rule.value),
                      "drop": lambda: None}[how]()
            self.say(" ".join([name] + words + [how + ":" + rule.value]))
            return octets
        octets = self.ask(command)
        words.append("= %#x" % code(octets))
        if how:
            words.append(how + ":" + rule.value)
        self.say(" ".join([name] + words))
        if how == "lost":
            return None
        return ANSWERS[how](octets, rule) if how in ANSWERS else octets

    def data(self, s):
        while True:
            octets = self.answer(s, message(s))
            if octets is None:
                return
            s.sendall(octets)
            if octets[2:6] != struct.pack(">I", len(octets)):
                return  # else both wait

    def control(self, s):
        rule = self.rule("ctrl")
        if rule and rule.how == "drop":
            self.say("ctrl drop")
            return
        if rule and rule.how == "hang":
            self.wait(s)
        with socket.socket(socket.AF_UNIX) as tpm:
            tpm.connect(self.tpm + ".ctrl")
            while True:
                for end in select.select([s, tpm], [], [])[0]:
                    octets = end.recv(4096)
                    if not octets:
                        return
                    if end is s:
                        self.say("ctrl %d" % octets[3])
                        self.watch(octets)
                        tpm.sendall(octets)
                    else:
                        s.sendall(octets)

    def serve(self, listener, each):
        while True:
            s, _ = listener.accept()
            threading.Thread(target=self.one, args=(s, each),
                             daemon=True).start()

    def one(self, s, each):
        with s:
            try:
                each(s)
            except (Gone, OSError):
                pass  # either end may go at any time


def listen(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen(8)
    return s


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log")
    parser.add_argument("--secret")
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("socket")
    parser.add_argument("tpm")
    options = parser.parse_args()
    data, control = listen(options.socket), listen(options.socket + ".ctrl")
    pid = os.fork()
    if pid:
        print(pid, flush=True)
        os._exit(0)
    # Whoever reads our output shall see its end
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    between = Between(options)
    signal.signal(signal.SIGUSR1, lambda *_: between.released.set())
    for listener, each in ((data, between.data), (control, between.control)):
        threading.Thread(target=between.serve, args=(listener, each),
                         daemon=True).start()
    while True:
        signal.pause()


sys.exit(main())

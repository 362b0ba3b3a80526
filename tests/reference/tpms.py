#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""usage: tpms.py JUDGE SRCDIR

Offers and evidence of tests/fuzz/corpus/tpm, and what becomes of them when
octets of theirs change ($TPMS_EACH=1: each), before tpm.py and before JUDGE, which is countersign's
reader: both have to come to the same.
"""
import datetime
import os
import random
import struct
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import der as d
import path
import tpm

EACH = int(os.environ.get("TPMS_EACH", "19"))
NOW = datetime.datetime(2027, 1, 15, 8)
judge_path, srcdir = sys.argv[1:3]
root_path = os.path.join(srcdir, "tests/vectors/tpm/root.pem")
corpus = os.path.join(srcdir, "tests/fuzz/corpus/tpm")
count = failed = 0


def report(good, name):
    global count, failed
    count += 1
    failed += not good
    print("ok" if good else "not ok", count, "-", name, flush=True)


with open(root_path, "rb") as file:
    roots = [path.Certificate(x509.load_pem_x509_certificate(
        file.read()).public_bytes(Encoding.DER))]


def theirs(case):
    kept, message = case
    try:
        if kept:
            return "proven " + tpm.judge(kept, message, roots, NOW)
        return "proven " + tpm.judge_offer(message, roots, NOW)
    except d.Refused as refused:
        return "refused" if refused.args[0] == tpm.REFUSED else "malformed"


def ours(cases):
    frames = b"".join(struct.pack(">II", len(kept), len(message)) + kept +
                      message for kept, message in cases)
    done = subprocess.run([judge_path, root_path, "1800000000"],
                          input=frames, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().splitlines()


def read(name):
    with open(os.path.join(corpus, name), "rb") as file:
        data = file.read()
    n = struct.unpack(">H", data[:2])[0]
    return data[2:2 + n], data[2 + n:]


def changed(message, rng):
    """Some octets of it, by one bit or as a whole; cut short; grown."""
    for i in range(rng.randrange(EACH), len(message), EACH):
        bit = rng.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))
        yield message[:i] + bytes([message[i] ^ bit]) + message[i + 1:]
    for i in range(rng.randrange(3 * EACH), len(message), 3 * EACH):
        yield message[:i]
    yield message + b"\0"


names = sorted(name for name in os.listdir(corpus)
               if name.split("-")[0] in ("proven", "refused", "malformed"))
cases = [read(name) for name in names]
for name, case, our in zip(names, cases, ours(cases)):
    their = theirs(case)
    report(our == their and name.startswith(our.split()[0]),
           f"{name}: {our}, {their}")
rng = random.Random(2)
for name, (kept, message) in zip(names, cases):
    mutants = [(kept, one) for one in changed(message, rng)]
    if kept:
        mutants += [(one, message) for one in changed(kept, rng)]
    both = list(zip(ours(mutants), map(theirs, mutants)))
    differ = [i for i, (our, their) in enumerate(both)
              if our.split()[:1] == ["proven"] or
              their.startswith("proven")]
    taken = [i for i in differ if both[i][0] == both[i][1]]
    report(len(both) == len(mutants) and differ == taken,
           f"{name}: {len(both)} changed, {len(taken)} taken by both, "
           f"{len(differ) - len(taken)} by one")
print(f"1..{count}")
sys.exit(failed != 0)

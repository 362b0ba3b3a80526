# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""TAP: countersign and the reference make and judge the same messages.

usage: both.py COUNTERSIGN SRCDIR; in an empty folder.
"""
import base64
import datetime
import itertools
import json
import os
import random
import subprocess
import sys

from asn1crypto import pem
from cryptography.hazmat.primitives import serialization

import cases
import credential
import der as d
import messages as m
import reference as r
import touches
import verdict as v

COUNTERSIGN, VECTORS = sys.argv[1], sys.argv[2] + "/tests/vectors/"
EVERY = int(os.environ.get("SAMPLE", 1))
count = failed = 0


def ok(holds, name, why=""):
    global count, failed
    count, failed = count + 1, failed + (not holds)
    print("ok" if holds else "not ok", count, "-", name)
    if not holds:
        print("#", why)


def countersign(*words, status=0):
    done = subprocess.run((COUNTERSIGN,) + words, capture_output=True,
                          stdin=subprocess.DEVNULL, start_new_session=True)
    if status is not None and done.returncode != status:
        raise SystemExit(f"Bail out! {words}: {done.stderr.decode()}")
    return done.stdout


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)
    return name


def judged(message, anchors, now=cases.NOW, **context):
    """By the reference: state or reason, and the rest."""
    try:
        found = v.verify(message, anchors, now, cases.WHERE, **context)
        return found["state"], found
    except d.Refused as refused:
        return refused.args[0], refused.args[1]


def asked(message, owners, **context):
    """By countersign, the same."""
    write("message", message)
    write("owners", owners.encode())
    words = itertools.chain(*(
        ("--" + name.replace("_", "-"), str(value))[:1 + (value is not True)]
        for name, value in context.items()))
    found = json.loads(countersign(
        "verify", "--json", "--owners", "owners", "--authority", cases.WHERE,
        "--at", "2026-11-21T12:00:00Z", *words, "message", status=None))
    return found.get("reason", found["state"]), found


# Where the page leaves the reason open, and what the reference then says
READINGS = {
    # whether a shape is wrong, or one that the page leaves out
    "cms: 1 1 0 3 0 2 twice": "malformed",
    "cms: 1 1 0 3 0 3 another tag": "malformed",
    # whether what cannot be a signature has a shape
    "cms: 1 1 0 3 0 5 emptied": "signature-invalid",
    "csr/malformed-empty-signature": "pop-invalid",
    "cms/malformed-signature-empty": "read", "cms/malformed-signature-1025":
    "read", "cms/malformed-digest-65": "signature-invalid",
    "cms/malformed-digest-empty": "signature-invalid",
    "cms/malformed-digest-integer": "signature-invalid",
    "cms/malformed-protection-mac": "signature-invalid",
    "cms/malformed-protection-more": "signature-invalid",
    # what is ignored need not have its standard's shape
    "csr/malformed-subject-integer": "read",
    # whether an unknown algorithm has to have one
    "csr/malformed-algorithm-empty": "unsupported",
    "csr/malformed-algorithm-three": "unsupported",
    # whether a time with a thirteenth month is DER
    "tbs/malformed-month-13": "not-der", "cms/malformed-time-month-13":
    "not-der", "tbs/malformed-version-negative": "unsupported",
    # when a critical extension and the key of a holder are looked at
    "tbs/extensions-critical": "unsupported",
    "grant: 8 other end": "unsupported", "grant: 8 0 other end": "unsupported",
    "grant: 8 0 1 other end": "unsupported",
    "grant: 8 0 1 1 other end": "unsupported",
    # whether a stranger's use is none of the grant, or not by its holder
    "credential/signature-invalid-holder.der": "grant-invalid"}


def agree(name, mine, theirs):
    return mine == READINGS.get(name, theirs) and \
        (mine == "approved") == (theirs == "approved")


def same(mine, theirs):
    """What both say of an approved message."""
    return all(theirs[name] == mine[name] for name in (
        "agent", "owner", "max_lifetime", "max_issuances")) and \
        v.time(mine["not_after"]) == datetime.datetime.strptime(
            theirs["not_after"], "%Y-%m-%dT%H:%M:%SZ") and \
        {bit for bit, holds in theirs["assurance"].items() if holds} - {
            "by_policy"} == mine["assurance"]


def sampled(those):
    """All, or of N one by chance: $SAMPLE, as tests/unit/sample.h has it."""
    chance = random.Random(os.environ.get("SAMPLE_SEED", "20261122"))
    return (one for one in those if chance.randrange(EVERY) == 0)


def judge_ours(those):
    for expected, name, message, *context in sampled(those):
        context = dict(*context)
        owners = context.pop("owners", cases.OWNERS)
        write("list.crl", b"".join(pem.armor("X509 CRL", der)
                                   for der in context.pop("lists", ())))
        mine, why = judged(message, v.read_owners(owners), **context)
        if "group" in context:
            context["quorum_group"] = context.pop("group")
        other, found = asked(message, owners, **context)
        if expected == "refused":
            ok("approved" not in (mine, other), name, f"{mine} and {other}")
        else:
            ok(agree(name, mine, other) and expected in (None, mine),
               f"{mine}: {name}", f"expected {expected}, reference {mine} "
               f"{why}, countersign {other} {found.get('error')}")
        if mine == other == "approved":
            ok(same(why, found), "with the same limits", (why, found))


def remembered(last, recorded):
    """A store that has this counter of any key."""
    d.check(last != "broken", "store-unavailable")
    return None if last == "none" else int(last), recorded


def judge_kept(expect, owners):
    """The vectors of the verdict; their names begin with it."""
    folder = VECTORS + "verdict/"
    with open(folder + owners) as file:
        anchors = v.read_owners(file.read(), folder)
    with open(folder + expect) as file:
        lines = [line.split() for line in file if line[0] != "#"]
    for name, words in lines:
        words = dict(one.partition("=")[::2] for one in words.split(","))
        with open(folder + name + ".pem", "rb") as file:
            mine, found = judged(
                file.read(), anchors, group=words.get("group"),
                nonce=bytes.fromhex(words.get("nonce", "")) or None,
                trust_domain=words.get("td"),
                quorum=int(words.get("quorum", 0)),
                composite="composite" in words,
                counters="last" in words and (lambda *_, of=words: remembered(
                    of["last"], "recorded" in of)))
        ok(f"{name}-".startswith(mine + "-"), name, f"{mine} {found}")
        if mine == "approved":
            bits = {"hardware", "asserted", "present", "verified"} & set(words)
            ok(found["assurance"] == bits and
               found["owner"] == words.get("principal", found["owner"]) and
               int(words.get("lifetime", 0)) in (0, found["max_lifetime"]),
               "and what else is expected", found)


def judge_rules():
    """The vectors of the verdict under a rule, as the list has them."""
    folder, anchors = VECTORS + "verdict/", {}
    for name in ("owners", "owners-ca", "owners-sk"):
        with open(folder + name) as file:
            anchors[name] = v.read_owners(file.read(), folder)
    with open(folder + "rules") as file:
        rows = [line.split() for line in file if line[0] != "#"]
    for owners, name, words, expected in rows:
        rule, evidence = v.read_rule(words)
        with open(folder + name + ".pem", "rb") as file:
            mine, found = judged(
                file.read(), anchors[owners], policy=[rule],
                evidence=evidence)
        ok(mine == expected, f"{name} under {words}: {expected}",
           f"{mine} {found}")


def judge_parts(kind, read):
    """Vectors of one format; their names begin with the reason, if any."""
    reasons = sorted(set(READINGS.values()) | {
        "bad-identifier", "grant-invalid", "no-approval", "too-large"})
    for name in sorted(os.listdir(VECTORS + kind)):
        with open(VECTORS + kind + "/" + name, "rb") as file:
            der = file.read()
        name = name.removesuffix(".der")
        expected = next((reason for reason in reasons
                         if f"{name}-".startswith(reason + "-")), "read")
        try:
            with d.otherwise("malformed"):
                read(der)
            mine, why = "read", ""
        except d.Refused as refused:
            mine, why = refused.args
        name = f"{kind}/{name}"
        ok(mine == READINGS.get(name, expected), name, f"{mine} {why}")


def read_tbs(der):
    d.walk(der)
    r.read_tbs(der)


def read_cms(der):
    """Whoever signed it: the key is not there."""
    approval = d.make(0x30, d.CMS, der)
    d.walk(approval)
    d.check(r.is_bound(r.read_approval(approval)), "signature-invalid")


def judge_credentials():
    """Vectors of section 7, with and without an authority of owners."""
    folder = VECTORS + "credential/"
    lines = {}
    for name in ("owners", "owners-ca", "owners-sk"):
        with open(folder + name) as file:
            lines[name] = v.read_owners(file.read(), folder)
    for name in sorted(os.listdir(folder)):
        if name.endswith(".der"):
            with open(folder + name, "rb") as file:
                der = file.read()
            anchors = lines[next((kind for kind in ("owners-ca", "owners-sk")
                                  if kind[6:] in name), "owners")]
            try:
                mine, why = credential.verify(
                    der, anchors, cases.NOW, cases.WHERE), ""
            except d.Refused as refused:
                mine, why = refused.args
            name = "credential/" + name
            ok(mine == READINGS[name] if name in READINGS else
               name.startswith((f"credential/{mine}-", f"credential/{mine}.")),
               name, f"{mine} {why}")


def same_tbs(read, found):
    """What show --json says of an approval, and the reference."""
    text = {"approval_id": read["approvalId"].hex(),
            "tbs_sha256": read["hash"].hex(),
            "decision": ("deny", "approve")[read["decision"]],
            "owner": read["owner"], "authority": read["authority"],
            "owner_key": fingerprint(read["ownerKeyHash"]),
            "not_before": f"{v.time(read['notBefore']):%Y-%m-%dT%H:%M:%SZ}",
            "not_after": f"{v.time(read['notAfter']):%Y-%m-%dT%H:%M:%SZ}",
            "max_lifetime": read["maxLifetime"],
            "max_issuances": read["maxIssuances"]}
    if "purpose" in read:
        text["purpose"] = read["purpose"]
    if "nonce" in read:
        text["nonce"] = read["nonce"].hex()
    return all(found.get(name) == value for name, value in text.items()) and \
        len(found["subjects"]) == len(read["subjects"])


def fingerprint(key_hash):
    return "SHA256:" + base64.b64encode(key_hash).decode().rstrip("=")


def keys_as_files():
    for name, key in cases.KEYS.items():
        write(name + ".key", key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        os.chmod(name + ".key", 0o600)
        write(name + ".pub", key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo))


def clock():
    return datetime.datetime.now(datetime.timezone.utc).replace(
        microsecond=0, tzinfo=None)


def their_request(name, key="agent", *words, agent=cases.AGENT):
    return write(name, countersign("request", "--id", agent, "--key",
                                   key + ".key", *words))


def their_approval(name, key, *words):
    data = countersign("sign", "--key", f"file:{key}.key", "--yes", *words)
    shown = json.loads(countersign("show", "--json", write(name, data)))
    (_, _, der), = pem.unarmor(data, True)
    ok(same_tbs(r.read_approval(der), shown["objects"][0]),
       name + ": shown as read", shown)
    return name


def judge_file(expected, name, files, at=0, owners=cases.OWNERS, **context):
    """Files of countersign by the reference, beside one another."""
    anchors = v.read_owners(owners)
    message = b"".join(open(one, "rb").read() for one in files)
    now = clock() + at * cases.SECOND
    mine, found = judged(message, anchors, now, **context)
    ok(mine == expected, name, f"{mine} {found}")


def judge_theirs():
    """What countersign makes of file keys."""
    keys_as_files()
    alice = ("--owner", cases.ALICE)
    for agent, owner in itertools.product(
            ("agent", "agent384", "agentrsa", "agent25519"),
            ("alice", "alice384", "alicersa", "alice25519")):
        name = f"{owner} for {agent}"
        of = their_request("csr", agent, "--purpose", "to see", *alice)
        for words in ((), ("--pss",)) if owner == "alicersa" else ((),):
            approval = their_approval("approval", owner, *alice, "--purpose",
                                      "seen", "--uses", "3", of, *words)
            write("composite", countersign(
                "attach", "--key", agent + ".key", of, approval))
            judge_file("approved", name, [of, approval])
            judge_file("approved", name + ", composite", ["composite"])
            judge_file("not-yet-valid", name + ", before", [of, approval],
                       -3600)
            judge_file("expired", name + ", later", [of, approval], 901)
        shown = json.loads(countersign("show", "--json", of))["objects"][0]
        (_, _, der), = pem.unarmor(open(of, "rb").read(), True)
        read = r.read_request(der)
        ok(shown["request_digest"] == read["requestDigest"].hex() and
           shown["key_hash"] == fingerprint(read["agentKeyHash"]),
           name + ": the request, too", shown)


def judge_subjects():
    """The same of every kind of subject, a deny and a nonce."""
    alice = ("--owner", cases.ALICE)
    csrs = [their_request(f"{i}.csr", agent=f"{cases.AGENT}/{i}")
            for i in range(3)]
    batch = their_approval("batch", "alice", *alice, *csrs)
    keys = [their_request(f"{key}.csr", key)
            for key in ("agent", "agent384", "agentrsa")]
    bound = their_approval("bound", "alice", *alice, "--bind", "key", *keys)
    for one, other in zip(csrs, keys):
        judge_file("approved", "one of a batch: " + one, [one, batch])
        judge_file("approved", "one of the keys: " + other, [other, bound])
        judge_file("binding-mismatch", "not of the keys", [one, bound])
    again = their_request("again.csr", "agent", "--purpose", "once more")
    judge_file("approved", "a key, again", [again, bound])
    renewed = their_approval("renewed", "alice", *alice, "--renewable", "8h",
                             keys[0])
    judge_file("approved", "renewable", [again, renewed], 8 * 3600 - 600)
    nonce = bytes(range(32))
    asked_for = their_approval("asked", "alice", *alice, "--nonce",
                               nonce.hex(), keys[0])
    judge_file("approved", "nonce", [keys[0], asked_for], nonce=nonce)
    judge_file("wrong-nonce", "another", [keys[0], asked_for],
               nonce=nonce[1:])
    judge_file("wrong-nonce", "none", [keys[0], asked_for])
    no = their_approval("no", "alice", *alice, "--deny", keys[0])
    plain = their_approval("plain", "bob", "--owner", cases.BOB, keys[0])
    judge_file("denied", "deny", [keys[0], no])
    judge_file("denied", "deny and approve", [keys[0], plain, no])
    judge_file("quorum-missing", "one of two", [keys[0], plain], quorum=2)
    for holder in ("holder", "holder25519"):
        grant = their_approval(
            "grant", "alice", *alice, "--bind",
            "grant=wimse://corp.example/agent", "--holder", holder + ".pub")
        use = write("use", countersign(
            "sign", "--yes", "--under", grant, "--key", holder + ".key",
            keys[0]))
        judge_file("approved", "under a grant", [keys[0], use])
        judge_file("grant-invalid", "a grant alone", [keys[0], grant])


def judge_certificates():
    """The same of owners by certificate."""
    now = clock()
    key, of = cases.KEYS, their_request("csr")
    root, middle = (
        m.certificate(key[name], name, key["root"], "root", now, ca=True)
        for name in ("root", "middle"))
    words = cases.USUAL + ',owner-san="email:*@corp.example",crl="list.crl"'
    lines = cases.line("*", words, root, "x509-ca")
    write("list.crl", b"".join(
        pem.armor("X509 CRL", m.revocations(name, key[name], now))
        for name in ("root", "middle")))
    for owner in ("alice", "alice384", "alicersa", "alice25519"):
        leaf = m.certificate(
            key[owner], owner, key["middle"], "middle", now,
            purposes=[m.OURS], names=[m.x509.RFC822Name(cases.ALICE[7:])])
        write("chain", b"".join(pem.armor("CERTIFICATE", der)
                                for der in (leaf, middle)))
        approval = their_approval("approval", owner, "--owner", cases.ALICE,
                                  "--certificate", "chain", of)
        name = f"{owner}, by certificate"
        judge_file("approved", name, [of, approval], owners=lines)
        judge_file("path-invalid", name + ", later", [of, approval], 86400,
                   owners=lines)
        judge_file("wrong-owner", name + ", elsewhere", [of, approval],
                   owners=lines.replace("corp.example\",crl", "b\",crl"))
        judge_file("unknown-owner-key", name + ", unknown", [of, approval],
                   owners="")


def judge_vectors():
    """What does not ask countersign."""
    for kind, read in (("csr", r.read_request), ("tbs", read_tbs),
                       ("cms", read_cms)):
        judge_parts(kind, read)
    judge_kept("expect", "owners")
    judge_kept("expect-ca", "owners-ca")
    judge_kept("expect-sk", "owners-sk")
    judge_kept("matrix", "owners")
    judge_rules()
    judge_credentials()


if EVERY == 1:
    judge_vectors()
judge_ours(cases.ALL)
judge_ours(touches.ALL)
judge_theirs()
judge_subjects()
judge_certificates()
print(f"1..{count}")
sys.exit(failed > 0)

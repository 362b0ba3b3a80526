# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""TAP: countersign and reference.py make and judge the same messages.

usage: both.py COUNTERSIGN SRCDIR; in an empty folder.
"""
import datetime
import itertools
import json
import os
import random
import subprocess
import sys
from hashlib import sha256

from asn1crypto import pem
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import reference as r

COUNTERSIGN, VECTORS = sys.argv[1], sys.argv[2] + "/tests/vectors/verdict/"
NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.timezone.utc)
SECOND = datetime.timedelta(seconds=1)
WHERE = "https://corp.example"
AGENT = "wimse://corp.example/agent/a"
ALICE, BOB = "mailto:alice@corp.example", "mailto:bob@corp.example"
# What cannot be read has no order in the reference.
UNREADABLE = {"malformed", "not-der", "too-large", "unsupported",
              "bad-identifier", "no-approval", "wrong-type"}
# Approvals in a carrier that the reference does not read.
CARRIERS = {"duplicate-other-carrier", "unknown-owner-key-webauthn",
            "unknown-owner-key-sshsig", "unknown-owner-key-before-type"}
# Rules of an anchor that the reference does not read; a point of small order,
# which python3-cryptography takes for a key.
POLICY = {"touch-missing", "not-hardware", "window-too-long", "revoked",
          "lifetime-exceeded", "policy-refused", "not-yet-valid-key",
          "expired-key", "verification-missing", "unsupported-ed25519-weak"}
random = random.Random(53)
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


def judged(message, anchors, now=NOW, **context):
    try:
        return r.verify(message, anchors, now, WHERE, **context)["state"], ""
    except r.Refused as refused:
        return str(refused).split(" ")[0], str(refused)


def agree(mine, theirs):
    return mine == theirs or mine in UNREADABLE and theirs in UNREADABLE


# Keys: numbers from the seed, RSA from openssl

KEYS = {}
for name in ("agent", "agent384", "alice", "alice384", "bob", "holder",
             "mallory"):
    curve = ec.SECP384R1() if "384" in name else ec.SECP256R1()
    KEYS[name] = ec.derive_private_key(random.getrandbits(250), curve)
for name in ("agent25519", "alice25519", "holder25519"):
    KEYS[name] = ed25519.Ed25519PrivateKey.from_private_bytes(
        random.randbytes(32))
KEYS["alicersa"] = rsa.generate_private_key(65537, 2048)
KEYS["agentrsa"] = rsa.generate_private_key(65537, 2048)
for name, key in KEYS.items():
    write(name + ".key", key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    os.chmod(name + ".key", 0o600)
SPKI = {name: r.spki_of(key.public_key()) for name, key in KEYS.items()}
OWNERS = "".join(
    f'{owner} agents="wimse://corp.example/agent",no-touch-required,{grants}'
    f'max-window=90d spki {r.base64.b64encode(SPKI[name]).decode()}\n'
    for name, owner, grants in (
        ("alice", ALICE, "grants,"), ("alice384", ALICE, ""), ("bob", BOB, ""),
        ("alice25519", ALICE, ""), ("alicersa", ALICE, "grants,")))
write("owners", OWNERS.encode())
ANCHORS = r.read_owners(OWNERS)

# Messages of the reference


def request(key="agent", agent=AGENT, how=(), **more):
    return r.make_request(KEYS[key], agent, more.get("purpose"),
                          more.get("intended"), more.get("approvals", ()),
                          *how)


def subject(der, kind="request"):
    read = r.read_request(der)
    names = ("agentId", "agentKeyHash", "requestDigest")[:3 - (kind == "key")]
    return r.ApprovedSubject(kind, {name: read[name] for name in names})


def grant(prefix, holder):
    return r.ApprovedSubject("grant", {
        "agentPrefix": prefix, "holderKey": r.keys.PublicKeyInfo.load(
            SPKI[holder])})


def tbs(key, subjects, **fields):
    owner = key if key == "bob" else "alice"
    return r.make_tbs(**{
        "approvalId": random.randbytes(16),
        "owner": f"mailto:{owner}@corp.example",
        "ownerKeyHash": sha256(SPKI[key]).digest(), "authority": WHERE,
        "notBefore": NOW - 300 * SECOND, "notAfter": NOW + 900 * SECOND,
        "subjects": subjects, "maxLifetime": 3600, "maxIssuances": 1} | fields)


def signed(key, der, how=()):
    return r.make_cms(KEYS[key], der, NOW, *how)


def composite(*approvals, **more):
    return request(approvals=approvals, **more)


def plain(key="alice", how=(), of=None, **fields):
    return signed(key, tbs(key, [subject(of or BASE)], **fields), how)


BASE, OTHER = request(), request(agent=AGENT + "/b")
ELSE = request("agent384")
HOWS = {"": [(0,), (1,), (2,)], "384": [(0,), (1,), (2,)], "25519": [()],
        "rsa": [(i, pss) for i in range(3) for pss in (False, True)]}


def everyday():
    """Expected verdict, name, message."""
    for end, hows in HOWS.items():
        for how in hows:
            yield ("approved", f"alice's {end or 256} key {how}",
                   composite(plain("alice" + end, how)))
            of = request("agent" + end, how=how)
            yield ("approved", f"agent's {end or 256} key {how}", composite(
                plain(of=of), key="agent" + end, how=how))
    for kind in ("request", "key"):
        for others in (0, 1, 63):
            more = [r.ApprovedSubject(kind, dict(subject(
                OTHER, kind).native, agentId=f"{AGENT}/{i}"))
                for i in range(others)]
            at = random.randint(0, others)
            all_of_them = more[:at] + [subject(BASE, kind)] + more[at:]
            yield ("approved", f"{kind}, one of {others + 1}",
                   composite(signed("alice", tbs("alice", all_of_them))))
            if others:
                yield ("binding-mismatch", f"{kind}, none of {others}",
                       composite(signed("alice", tbs("alice", more))))
        yield ("binding-mismatch", f"{kind} of another agent", composite(
            signed("alice", tbs("alice", [subject(OTHER, kind)]))))
        yield ("binding-mismatch", f"{kind} of another key", composite(
            signed("alice", tbs("alice", [subject(ELSE, kind)]))))
    yield ("approved", "key, the request is another", composite(signed(
        "alice", tbs("alice", [subject(BASE, "key")])), purpose="new words"))
    yield ("binding-mismatch", "request, with another purpose", composite(
        plain(), purpose="new words"))
    both = [subject(BASE), subject(BASE, "key")]
    yield ("malformed", "request and key", composite(
        signed("alice", tbs("alice", both))))
    yield ("malformed", "a subject twice", composite(
        signed("alice", tbs("alice", both[:1] * 2))))
    yield "no-approval", "no approval", BASE
    yield "approved", "two owners", composite(plain(), plain("bob"))
    twice = plain()
    yield "duplicate", "one twice", composite(twice, twice)
    yield "unknown-owner-key", "mallory", composite(plain("mallory"))
    yield "signature-invalid", "mallory as alice", composite(signed(
        "mallory", tbs("alice", [subject(BASE)])))
    yield "wrong-owner", "alice's key for bob", composite(plain(owner=BOB))
    yield ("key-reuse", "an owner's key for an agent", composite(
        plain("bob", of=request("alice")), key="alice"))
    of = request(intended=BOB)
    yield ("wrong-owner", "bob was asked", composite(
        plain(of=of), intended=BOB))
    yield ("approved", "bob was asked, too", composite(
        plain(of=of), plain("bob", of=of), intended=BOB))
    of = request(agent="wimse://corp.example/other")
    yield ("agent-not-allowed", "an agent of others", composite(
        plain(of=of), agent="wimse://corp.example/other"))
    yield ("pop-invalid", "put in by somebody else",
           r.make(0x30, *r.children(composite(plain()))[:2],
                  r.children(BASE)[2]))


def fields():
    """One field at its bounds."""
    def case(expected, name, **more):
        return expected, name, composite(plain(**more))
    for n, expected in ((-1, "expired"), (0, "approved"), (1, "approved")):
        yield case(expected, f"until now {n:+}", notAfter=NOW + n * SECOND)
    for n, expected in ((-1, "approved"), (0, "approved"),
                        (1, "not-yet-valid")):
        yield case(expected, f"from now {n:+}", notBefore=NOW + n * SECOND)
    yield case("approved", "one second long", notBefore=NOW, notAfter=NOW)
    yield case("malformed", "ends first", notBefore=NOW + SECOND,
               notAfter=NOW)
    for n, expected in ((-1, "malformed"), (0, "malformed"), (1, "approved"),
                        (31536000, "approved"), (31536001, "malformed")):
        yield case(expected, f"lifetime {n}", maxLifetime=n)
    for n, expected in ((-1, "malformed"), (0, "malformed"), (1, "approved"),
                        (1000000, "approved"), (1000001, "malformed")):
        yield case(expected, f"issuances {n}", maxIssuances=n)
    for n in (15, 16, 64, 65):
        yield case("malformed" if n in (15, 65) else "wrong-nonce",
                   f"nonce of {n}", nonce=random.randbytes(n))
    for n in (0, 15, 17):
        yield case("malformed", f"id of {n}", approvalId=bytes(n))
    for n, expected in ((0, "malformed"), (1, "approved"), (1024, "approved"),
                        (1025, "malformed")):
        yield case(expected, f"purpose of {n}", purpose="p" * n)
    yield case("approved", "purpose of 1024 bytes", purpose="\u00fc" * 512)
    yield case("malformed", "purpose of 1026 bytes", purpose="\u00fc" * 513)
    for c in "\0\x07\n\x1b\x7f\x85\u200e\u200f\u061c\u202a\u202e\u2066\u2069":
        yield case("malformed", f"purpose with U+{ord(c):04X}",
                   purpose="a" + c + "b")
    yield case("approved", "purpose \u00e4\u20ac\U0001f600",
               purpose="\u00e4\u20ac\U0001f600")
    for critical, expected in ((False, "approved"), (True, "unsupported")):
        yield case(expected, f"an extension, critical {critical}", extensions=[
            {"type": "1.2.3", "critical": critical, "value": b"x"}])
    yield case("malformed", "no extension", extensions=[])
    yield case("malformed", "an extension twice", extensions=[
        {"type": "1.2.3", "value": b"x"}, {"type": "1.2.3", "value": b"y"}])
    yield case("unsupported", "version 2", version=2)
    yield case("wrong-authority", "another authority",
               authority=WHERE + "/other")
    for name in ("mailto:a.b_c+d-e@corp", "https://corp.example/a", "urn:a:b",
                 "https://corp.example:8443/?a=b", "tag:corp,2026:x",
                 "https://corp.example/A%20B", "ldap://corp/Ou=X", "a:b"):
        yield case("wrong-owner", name, owner=name)
        yield case("wrong-authority", name, authority=name)
    for name in ("", "corp", "mailto:", "mailto:a", "mailto:a@", "mailto:@b",
                 "mailto:A@corp", "mailto:a@Corp", "mailto:a@b@c",
                 "mailto:a@b,c@d", "MAILTO:a@b", "mailto:a%40b@c", "urn:\\",
                 "https://Corp.example", "HTTPS://corp.example", "urn:a#b",
                 "https://a@corp.example", AGENT, "spiffe://corp/a", "urn:a b",
                 'urn:"', "urn:<", "urn:>", "urn:^", "urn:{", "urn:|", "urn:}",
                 "urn:`", "urn:\x7f", "urn:" + "a" * 509, "1:a", ":a"):
        yield case("bad-identifier", "owner " + ascii(name), owner=name)
        yield case("bad-identifier" if name.split(":")[0] not in
                   ("wimse", "spiffe") else "wrong-authority",
                   "authority " + ascii(name), authority=name)


def agents():
    for name in ("wimse://a/b", "spiffe://corp.example/a/B_9.x-", "wimse://"
                 + "a" * 255 + "/b", "wimse://1.2.3.c/b", "wimse://a/..."):
        of = request(agent=name)
        yield ("agent-not-allowed", name[:40], composite(
            plain(of=of), agent=name))
    for name in ("wimse://a", "wimse://a/", "wimse://a/b/", "wimse://a//b",
                 "wimse:///b", "wimse://A/b", "WIMSE://a/b", "wimse:a/b",
                 "wimse://a/.", "wimse://a/../b", "wimse://1.2.3.4/b",
                 "wimse://9/b", "wimse://a:1/b", "wimse://u@a/b",
                 "wimse://a/b?c", "wimse://a/b#c", "wimse://a/%41",
                 "wimse://a/b c", "wimse://[::1]/b", "https://a/b", "",
                 "wimse://" + "a" * 256 + "/b", AGENT + "/" + "a" * 2048):
        yield ("bad-identifier", "agent " + name[:40], request(agent=name))


def grants():
    for owner, holder in itertools.product(("alice", "alicersa"),
                                           ("holder", "holder25519")):
        given = tbs(owner, [grant("wimse://corp.example/agent", holder)],
                    maxIssuances=5)
        pair = [signed(owner, given), signed(holder, tbs(
            holder, [subject(BASE)], underGrant=sha256(given).digest()))]
        yield "approved", f"a grant of {owner}", composite(*pair)
        yield "approved", "behind its use", composite(*pair[::-1])

    def case(expected, name, use=(), more=(), prefix=AGENT.rpartition("/")[0],
             owner="alice", holder="holder", by="holder", subjects=None,
             order=None):
        given = tbs(owner, [grant(prefix, holder)], **dict(more))
        uses = [signed(by, tbs(by, subjects or [subject(BASE)],
                                     **({"underGrant": sha256(given).digest()}
                                        | dict(use)))) for _ in range(2)]
        parts = {"grant": signed(owner, given), "use": uses[0],
                 "again": uses[1], "plain": plain(), "bob": plain("bob")}
        return expected, "grant: " + name, composite(*(
            parts[one] for one in order or ("grant", "use")))
    bad = "grant-invalid"
    yield case(bad, "alone", order=["grant"])
    yield case(bad, "not there", order=["use"])
    yield case(bad, "used twice", order=["grant", "use", "again"])
    yield case("approved", "beside bob", order=["bob", "grant", "use"])
    yield case(bad, "unused beside bob", order=["bob", "grant"])
    yield case(bad, "of another owner", {"owner": BOB})
    yield case("wrong-authority", "of another authority",
               more={"authority": WHERE + "/b"})
    yield case("signature-invalid", "of a holder who is another",
               by="mallory")
    yield case(bad, "the hash of another key", {"ownerKeyHash": bytes(32)})
    yield case(bad, "of one who may not", owner="alice384")
    yield case(bad, "another hash", {"underGrant": bytes(32)})
    yield case(bad, "from earlier", {"notBefore": NOW - 301 * SECOND})
    yield case(bad, "until later", {"notAfter": NOW + 901 * SECOND})
    yield case("approved", "within", {"notBefore": NOW, "notAfter": NOW,
                                      "maxLifetime": 1})
    yield case(bad, "longer lives", {"maxLifetime": 3601})
    yield case(bad, "more often", {"maxIssuances": 2})
    yield case(bad, "of other agents", prefix="wimse://corp.example/agent/b")
    yield case(bad, "no whole segment", prefix="wimse://corp.example/age")
    yield case("bad-identifier", "a whole domain",
               prefix="wimse://corp.example")
    yield case(bad, "for a key", subjects=[subject(BASE, "key")])
    yield case(bad, "for two", subjects=[subject(BASE), subject(OTHER)])
    yield case("binding-mismatch", "for another", subjects=[subject(OTHER)])
    yield case(bad, "under a grant", more={"underGrant": bytes(32)})
    yield case("key-reuse", "to the agent", holder="agent",
               by="agent")
    deny = {"decision": "deny", "maxLifetime": 1, "maxIssuances": 1}
    yield case(bad, "to deny", deny)
    yield bad, "two grants in one", composite(signed("alice", tbs("alice", [
        grant(AGENT, "holder"), grant(AGENT, "mallory")])))


def denials():
    deny = {"decision": "deny", "maxLifetime": 1, "maxIssuances": 1}
    yield "denied", "deny", composite(plain(**deny))
    yield "denied", "deny and approve", composite(plain(), plain(**deny))
    yield "denied", "approve and bob's no", composite(
        plain(), plain("bob", **deny))
    yield "malformed", "deny two uses", composite(
        plain(**deny | {"maxIssuances": 2}))
    yield "malformed", "deny two seconds", composite(
        plain(**deny | {"maxLifetime": 2}))
    yield "malformed", "deny a key", composite(signed("alice", tbs(
        "alice", [subject(BASE, "key")], **deny)))
    yield "malformed", "deny two", composite(signed("alice", tbs(
        "alice", [subject(BASE), subject(OTHER)], **deny)))
    yield "binding-mismatch", "deny another", composite(
        plain(of=OTHER, **deny))
    yield "expired", "denied once", composite(
        plain(notAfter=NOW - SECOND, **deny))
    yield "signature-invalid", "mallory's no", composite(signed(
        "mallory", tbs("alice", [subject(BASE)], **deny)))
    of = request(intended=BOB)
    yield "wrong-owner", "bob was asked, alice says no", composite(
        plain(of=of, **deny), intended=BOB)
    yield "denied", "bob was asked and says no", composite(
        plain("bob", of=of, **deny), intended=BOB)


def flips():
    """One bit wrong, somewhere."""
    messages = [composite(plain()), composite(plain("alicersa"), how=(1,)),
                composite(plain(), plain("bob"), purpose="x")]
    for i in range(60):
        message = bytearray(messages[i % len(messages)])
        at, bit = random.randrange(len(message)), 1 << random.randrange(8)
        message[at] ^= bit
        yield None, f"byte {at} ^ {bit} of message {i % len(messages)}", \
            bytes(message)


# Theirs


def asked(message, anchors="owners", now="2026-11-21T12:00:00Z"):
    write("message", message)
    found = json.loads(countersign(
        "verify", "--json", "--owners", anchors, "--authority", WHERE, "--at",
        now, "message", status=None))
    return found.get("reason", found["state"]), found


def same_limits(message, found):
    """What verify --json says of limits, and the reference."""
    mine = r.verify(message, ANCHORS, NOW, WHERE)
    return all(found[name] == value for name, value in mine.items()
               if name != "not_after") and \
        found["not_after"] == f"{mine['not_after']:%Y-%m-%dT%H:%M:%SZ}"


def same_tbs(read, found):
    """What show --json says of an approval, and the reference."""
    text = {"approval_id": read["approvalId"].hex(),
            "tbs_sha256": read["hash"].hex(), "decision": read["decision"],
            "owner": read["owner"], "authority": read["authority"],
            "owner_key": fingerprint(read["ownerKeyHash"]),
            "not_before": f"{read['notBefore']:%Y-%m-%dT%H:%M:%SZ}",
            "not_after": f"{read['notAfter']:%Y-%m-%dT%H:%M:%SZ}",
            "max_lifetime": read["maxLifetime"],
            "max_issuances": read["maxIssuances"]}
    if read["purpose"]:
        text["purpose"] = read["purpose"]
    return all(found.get(name) == value for name, value in text.items()) and \
        len(found["subjects"]) == len(read["subjects"])


def fingerprint(key_hash):
    return "SHA256:" + r.base64.b64encode(key_hash).decode().rstrip("=")


def judge_ours():
    for expected, name, message in itertools.chain(
            everyday(), fields(), agents(), grants(), denials(), flips()):
        mine, why = judged(message, ANCHORS)
        other, found = asked(message)
        ok(agree(mine, other) and agree(expected, mine) if expected else
           (mine == "approved") == (other == "approved"),
           f"{expected or mine}: {name}",
           f"expected {expected}, reference {mine} {why}, countersign {other} "
           f"{found.get('error')}")
        if mine == other == "approved":
            ok(same_limits(message, found), "with the same limits", found)


def judge_kept():
    """The vectors of the verdict, some of which know a nonce or a domain."""
    with open(VECTORS + "owners") as file:
        anchors = r.read_owners(file.read())
    for line in open(VECTORS + "expect"):
        name, _, words = line.strip().partition(" ")
        if name == "#" or name.startswith("not-composite"): # an issuer's
            continue
        words = dict(one.partition("=")[::2] for one in words.split(","))
        with open(VECTORS + name + ".pem", "rb") as file:
            mine, why = judged(
                file.read(), anchors,
                nonce=bytes.fromhex(words.get("nonce", "")) or None,
                trust_domain=words.get("td"))
        if any(name.startswith(one) for one in POLICY):
            ok(mine == "approved", f"{name}: a rule of the anchor", why)
        else:
            ok(name.startswith(mine) or
               name.startswith((*UNREADABLE, *CARRIERS)) and mine not in
               ("approved", "denied"), name, f"reference {mine} {why}")


def judge_theirs():
    """What countersign makes of file keys."""
    now = datetime.datetime.now(datetime.timezone.utc)
    for agent_key, owner_key in itertools.product(
            ("agent", "agent384", "agentrsa", "agent25519"),
            ("alice", "alice384", "alicersa", "alice25519")):
        of = countersign("request", "--id", AGENT, "--key", agent_key + ".key",
                         "--purpose", "to see", "--owner", ALICE)
        write("csr", of)
        name = f"{owner_key} for {agent_key}"
        approval = countersign(
            "sign", "--key", f"file:{owner_key}.key", "--owner", ALICE,
            "--yes", "--purpose", "seen", "--uses", "3", "csr")
        write("approval", approval)
        write("composite", countersign(
            "attach", "--key", agent_key + ".key", "csr", "approval"))
        for form in (of + approval, open("composite", "rb").read()):
            mine, why = judged(form, ANCHORS, now)
            ok(mine == "approved", name, why)
        (_, _, der), = pem.unarmor(approval, True)
        shown = json.loads(countersign("show", "--json", "approval"))
        ok(same_tbs(r.read_approval(der), shown["objects"][0]),
           "shown as read", shown)
        mine, why = judged(of + approval, ANCHORS, now - 6 * 60 * SECOND)
        ok(mine == "not-yet-valid", "not before", why)
        shown = json.loads(countersign("show", "--json", "csr"))["objects"][0]
        (_, _, der), = pem.unarmor(of, True)
        read = r.read_request(der)
        ok(shown["request_digest"] == read["requestDigest"].hex() and
           shown["key_hash"] == fingerprint(read["agentKeyHash"]),
           "the request, too", shown)


judge_kept()
judge_ours()
judge_theirs()
print(f"1..{count}")
sys.exit(failed > 0)

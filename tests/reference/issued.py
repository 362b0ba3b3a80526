# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: section 7, what an issuer signs.

usage: issued.py JUDGE SRCDIR DIR: holds tests/host/judge to the same answers
about the vectors, and about the credential, list and token that tests/host/issue
wrote to DIR, every octet of them changed. Prints TAP.
"""
import base64
import datetime
import glob
import hashlib
import json
import os
import re
import struct
import subprocess
import sys

from asn1crypto import core, pem

import credential
import der as d
import keys as k
import reference as r
from der import check

SIGNS = [d.make(0x30, d.oid("1.2.840." + arc), *null) for arc, *null in (
    ("10045.4.3.2",), ("10045.4.3.3",), ("113549.1.1.11", b"\5\0"))]
USES = [d.make(0x30, *(d.oid("1.3.6.1.5.5.7.3." + n) for n in order))
        for order in ("21", "12")]
POLICIES = [d.make(0x30, d.oid(d.OURS + f"5.{n}")) for n in range(1, 5)]
BITS = {1: 0x80, 2: 0x20, 3: 0x10}  # policy: its bit of assurance
NAME_TAGS = (3, 12, 18, 19, 20, 22, 28, 30)


def extension(arc, value, critical=False):
    name = d.oid(arc if "." in arc else d.X509 + arc)
    return d.make(0x30, name, b"\1\1\xff" if critical else b"",
                  d.make(4, value))


def read_time(der):
    """RFC 5280 4.1.2.5"""
    text = d.contents(der).decode("ascii")
    check(re.fullmatch(r"\d{12}Z" if der[0] == 0x17 else r"\d{14}Z", text))
    if der[0] == 0x17:
        text = ("20" if text < "50" else "19") + text
    else:
        check(der[0] == 0x18 and text >= "2050")
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ")


def check_name(der):
    check(der[0] == 0x30 and len(der) > 2)
    for part in d.children(der):
        check(part[0] == 0x31 and len(part) > 2)
        for one in d.children(part):
            _, value = d.fields(one, b"\x06.")
            check(value[0] in NAME_TAGS)


def values(der):
    """Extensions: their values by OID, in their order."""
    found = {}
    for one in d.children(der):
        name, *_, value = d.fields(one, b"\x06\x01?\x04")
        check(name not in found)
        found[name] = d.contents(value)
    return found


def one_inside(der, *tags):
    for tag in tags:
        check(der[0] == tag)
        inner, = d.children(der)
        der = inner
    return der


def bits_of(bindings):
    """What holds for every one."""
    bits = 0xf0
    for one in d.children(bindings):
        found = credential.read_binding(one)
        given = d.contents(d.children(one)[3])
        bits &= given[1] if len(given) > 1 else 0
        if found["kind"] == "digest":
            continue
        check(found["decision"] == 1)
        check(found["owner"] == found["binding"]["owner"])
        check(found["approvalId"] == found["binding"]["approvalId"])
        check("underGrant" not in found or len(given) == 1)
    return bits


def read_leaf(der, ours=True):
    """Takes out what may differ, writes it again, and compares. Others may have
    another order, and another identifier of the agent's key."""
    check(len(der) <= 63 * 1024, "too-large")
    d.walk(der, 2)
    version, serial, sign, issuer, validity, subject, spki, box = d.fields(
        der, b"\xa0\x02\x30\x30\x30\x30\x30\xa3")
    number = d.contents(serial)
    check(len(number) == 16 and 1 <= number[0] <= 0x7f)
    check(sign in SIGNS)
    check_name(issuer)
    start, end = (read_time(one) for one in d.children(validity))
    check(start < end)
    k.public_key(spki)
    found = values(one_inside(box, 0xa3))
    by = {arc: found.get(d.oid(d.X509 + arc))
          for arc in ("14", "17", "31", "32", "35", "37")}
    key_id = d.contents(one_inside(by["35"], 0x30))
    check(1 <= len(key_id) <= 32)
    agent = d.contents(one_inside(by["17"], 0x30))
    r.check_agent(agent.decode())
    url = b""
    if by["31"]:
        uri = one_inside(by["31"], 0x30, 0x30, 0xa0, 0xa0)
        text = d.contents(uri).decode("ascii")
        check(text.startswith(("http://", "https://")))
        r.check_authority(text)
        url = extension("31", d.make(0x30, d.make(0x30, d.make(
            0xa0, d.make(0xa0, d.make(0x86, text.encode()))))))
    bindings = found[d.oid(d.OURS + "3.1")]
    d.walk(bindings, 7)
    check(bindings[0] == 0x30 and 1 <= len(d.children(bindings)) <= 16)
    bits = bits_of(bindings)
    held = [one for n, one in enumerate(POLICIES) if n == 0 or bits & BITS[n]]
    own_id = hashlib.sha256(d.contents(d.children(spki)[1])[1:]).digest()[:20]
    uses = USES[0]
    extensions = d.children(box)[0]
    if not ours:
        check(by["14"][0] == 4)
        own_id = d.contents(by["14"])
        check(1 <= len(own_id) <= 32)
        check(by["37"] in USES)
        uses = by["37"]
        given = d.children(by["32"])
        check(sorted(given) == sorted(held))
        held = given
    again = [one for one in (
        extension("15", b"\3\2\7\x80", True),
        extension("19", d.make(0x30), True), extension("37", uses),
        extension("14", d.make(4, own_id)),
        extension("35", d.make(0x30, d.make(0x80, key_id))),
        extension("17", d.make(0x30, d.make(0x86, agent)), True),
        extension("32", d.make(0x30, *held)), url,
        extension(d.OURS + "3.1", bindings)) if one]
    if not ours:
        check(sorted(again) == sorted(d.children(extensions)))
        again = d.children(extensions)
    check(der == d.make(
        0x30, d.make(0xa0, b"\2\1\2"), serial, sign, issuer, validity,
        d.make(0x30), spki, d.make(0xa3, d.make(0x30, *again))))


def read_any(der):
    read_leaf(der, ours=False)


def read_crl(der):
    d.walk(der, 2)
    version, sign, issuer, this, until, *rest = d.children(der)
    check(der[0] == 0x30 and version == b"\2\1\1" and sign in SIGNS)
    check_name(issuer)
    check(read_time(this) < read_time(until))
    box = rest.pop()
    last = 0
    if rest:
        listed, = rest
        check(listed[0] == 0x30 and d.children(listed))
        for one in d.children(listed):
            serial, when = d.children(one)
            check(one[0] == 0x30 and serial[0] == 2)
            number = core.Integer.load(serial).native
            check(last < number and len(d.contents(serial)) <= 20)
            read_time(when)
            last = number
    found = values(one_inside(box, 0xa0))
    key_id = d.contents(one_inside(found[d.oid(d.X509 + "35")], 0x30))
    check(1 <= len(key_id) <= 32)
    number = core.Integer.load(found[d.oid(d.X509 + "20")]).native
    check(1 <= number < 1 << 63)
    check(box == d.make(0xa0, d.make(
        0x30, extension("35", d.make(0x30, d.make(0x80, key_id))),
        extension("20", core.Integer(number).dump()))))


def unbase64(text):
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    check(base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text)
    return raw


def once(pairs):
    check(len(dict(pairs)) == len(pairs))
    return dict(pairs)


def members(said, *names):
    check(isinstance(said, dict) and set(said) == set(names))
    return [said[name] for name in names]


def read_jwk(jwk):
    """As far as it tells by itself: a point may be off its curve."""
    kind = (jwk.get("kty"), jwk.get("crv"), jwk.get("alg"))
    if kind == ("OKP", "Ed25519", "Ed25519"):
        *_, x = members(jwk, "kty", "crv", "alg", "x")
        check(len(unbase64(x)) == 32)
        return
    if kind == ("RSA", None, "RS256"):
        _, _, e, n = members(jwk, "kty", "alg", "e", "n")
        check(e == "AQAB" and unbase64(n)[0] != 0)
        k.public_key(d.make(
            0x30, d.make(0x30, d.oid("1.2.840.113549.1.1.1"), b"\5\0"),
            d.make(3, b"\0" + d.make(0x30, core.Integer(
                int.from_bytes(unbase64(n), "big")).dump(), b"\2\3\1\0\1"))))
        return
    size = {("EC", "P-256", "ES256"): 32, ("EC", "P-384", "ES384"): 48}[kind]
    *_, x, y = members(jwk, "kty", "crv", "alg", "x", "y")
    check(len(unbase64(x)) == len(unbase64(y)) == size)


def read_wit(text):
    check(len(text) <= 65536 - 87, "too-large")
    head, payload = (json.loads(
        unbase64(one).decode(), object_pairs_hook=once)
        for one in text.decode("ascii").split("."))
    typ, alg, kid = members(head, "typ", "alg", "kid")
    check(typ == "wit+jwt" and alg == "ES256" and len(unbase64(kid)) == 32)
    agent = payload["sub"]
    r.check_agent(agent)
    claim = "https://" + agent.split("/")[2] + "/claims/owners"
    _, iat, exp, jti, cnf, owners = members(
        payload, "sub", "iat", "exp", "jti", "cnf", claim)
    check(type(iat) is type(exp) is int and 0 < iat < exp < 253402300800)
    check(re.fullmatch("[0-9a-f]{32}", jti))
    read_jwk(*members(cnf, "jwk"))
    check(isinstance(owners, list) and 1 <= len(owners) <= 16)
    for one in owners:
        read_owner(one)


def read_owner(one):
    owner, cnf, approval, amr = members(one, "sub", "cnf", "approval", "amr")
    r.check_owner(owner)
    read_jwk(*members(cnf, "jwk"))
    check(amr in ([x for n, x in enumerate(("hwk", "user", "pin"))
                   if bits >> n & 1] for bits in range(8)))
    which = "value" if "value" in approval else "sha256"
    number, kind, value = members(approval, "id", "type", which)
    check(re.fullmatch("[0-9a-f]{32}", number))
    check(kind in ("cms", "webauthn", "sshsig"))
    if which == "sha256":
        check(len(unbase64(value)) == 32)
        return
    d.walk(unbase64(value))
    found = r.read_approval(unbase64(value))
    check(found["carrier"] == {"cms": d.CMS, "webauthn": d.WEBAUTHN,
                               "sshsig": d.SSHSIG}[kind])
    check(len(found["der"]) <= 4096 and len(found["subjects"]) == 1)
    check(found["decision"] == 1 and found["owner"] == owner)
    check(found["approvalId"].hex() == number)
    check("underGrant" not in found or amr == [])


READERS = {"leaf": read_leaf, "any": read_any, "crl": read_crl, "wit": read_wit}


def takes(kind, message):
    try:
        with d.otherwise("malformed"):
            READERS[kind](message)
    except d.Refused:
        return "n"
    return "y"


def judged(kind, messages):
    out = subprocess.run(
        [JUDGE, kind], stdout=subprocess.PIPE, check=True,
        input=b"".join(struct.pack(">I", len(one)) + one
                       for one in messages)).stdout.decode()
    assert len(out) == len(messages)
    return out


def changed(message):
    """Each octet: a bit of it, and another letter."""
    for at, octet in enumerate(message):
        for other in (octet ^ 1, octet ^ 0x80, (octet + 7) & 0xff):
            yield message[:at] + bytes([other]) + message[at + 1:]
    for at in range(len(message)):
        yield message[:at]
    yield message + b"\0"


count = failed = 0


def agree(name, kind, messages):
    global count, failed
    messages = list(messages)
    ours = "".join(takes(kind, one) for one in messages)
    theirs = judged(kind, messages)
    wrong = [n for n, pair in enumerate(zip(ours, theirs))
             if pair[0] != pair[1]]
    count += 1
    failed += bool(wrong)
    print(f"{'not ' if wrong else ''}ok {count} - {name}: {len(messages)}, "
          f"{ours.count('y')} taken")
    for n in wrong[:5]:
        print(f"# {n}: {ours[n]} and {theirs[n]}: {messages[n].hex()}")
    return ours


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def texts_changed(text):
    """A token whose JSON has every octet changed."""
    parts = [unbase64(one) for one in text.decode().split(".")]
    for n, part in enumerate(parts):
        for one in changed(part):
            both = parts[:n] + [one] + parts[n + 1:]
            yield b".".join(base64.urlsafe_b64encode(x).rstrip(b"=")
                            for x in both)


def turned(body):
    """With its extensions the other way round."""
    *parts, box = d.children(body)
    listed = d.children(d.children(box)[0])
    return d.make(0x30, *parts, d.make(0xa3, d.make(0x30, *reversed(listed))))


def key_in(message, spki):
    """Where a key's bits are: off its curve is for others to find."""
    at = message.find(spki)
    return range(at + 26, at + len(spki)) if at >= 0 else range(0)


def changed_beside(body, *spkis):
    skip = {at for one in spkis for at in key_in(body, one)}
    return [one for n, one in enumerate(changed(body))
            if n // 3 not in skip or n >= 3 * len(body)]


def main():
    for kind, folder, good in (("leaf", "leaf", "good"), ("crl", "crl", "good"),
                               ("any", "leaf", ("good", "any"))):
        names = sorted(glob.glob(os.path.join(
            SRC, "tests/vectors", folder, "*.der")))
        said = agree(f"vectors, {kind}", kind, map(read, names))
        global count, failed
        count += 1
        wrong = [name for name, one in zip(names, said)
                 if (one == "y") != os.path.basename(name).startswith(good)]
        failed += bool(wrong)
        print(f"{'not ' if wrong else ''}ok {count} - as they are named")
        print("".join(f"# {name}\n" for name in wrong), end="")
    digest = read(SRC, "tests/vectors/leaf/good-digest.der")
    owner = d.children(d.children(values(one_inside(
        d.children(digest)[7], 0xa3))[d.oid(d.OURS + "3.1")])[0])[2]
    agree("a body, changed", "leaf", changed_beside(digest, owner))
    other = turned(digest)
    agree("another's body, changed", "any", changed_beside(
        other, owner, d.children(other)[6]))
    agree("a list, changed", "crl", changed(read(
        SRC, "tests/vectors/crl/good.der")))
    leaf = pem.unarmor(read(DIR, "leaf.pem"))[2]
    check(takes("leaf", d.children(leaf)[0]) == "y")
    agree("what was issued", "leaf", [d.children(leaf)[0]])
    check(takes("any", turned(d.children(leaf)[0])) == "y")
    agree("by another", "any", [turned(d.children(leaf)[0])])
    agree("its list", "crl", [d.children(read(DIR, "crl.der"))[0]])
    token = read(DIR, "wit.jwt").rsplit(b".", 1)[0]
    check(takes("wit", token) == "y")
    agree("its token", "wit", [token])
    if b'"sha256"' in unbase64(token.decode().split(".")[1]):
        # Approvals in full have tests of their own.
        agree("its token, changed", "wit", changed(token))
        agree("the JSON in it, changed", "wit", texts_changed(token))
    print(f"1..{count}")
    return failed != 0


if __name__ == "__main__":
    JUDGE, SRC, DIR = sys.argv[1:]
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: audit.py VERDICT DIR
# Makes the records of tests/vectors/audit anew, out of the messages of
# tests/vectors/verdict. The first of them are one log: each has the hash of the
# one before. The others have one fault each; the name begins with the reason
# that refuses it.

import base64
import hashlib
import os
import re
import sys

from der import ARC, bits, integer, octets, oid, parts, seq, take, tlv

verdict, out = sys.argv[1:]

AUTHORITY = b"https://corp.example"
AGENT = b"wimse://corp.example/agent/alice"
APPROVALS = oid(ARC + ".2.1")


def sha256(b):
    return hashlib.sha256(b).digest()


def write(name, data):
    with open(os.path.join(out, name + ".der"), "wb") as f:
        f.write(data)


def ia5(b):
    return tlv(0x16, b)


def utf8(text):
    return tlv(0x0C, text.encode())


def enum(n):
    return tlv(0x0A, bytes([n]))


def time(text):
    return tlv(0x18, text.encode())


def read(name):
    """What the blocks of a PEM bundle hold: request, approvals."""
    with open(os.path.join(verdict, name + ".pem")) as f:
        blocks = re.findall(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END", f.read(),
                            re.DOTALL)
    found = [(label, base64.b64decode(text)) for label, text in blocks]
    return (next(der for label, der in found if label != "OWNER APPROVAL"),
            [der for label, der in found if label == "OWNER APPROVAL"])


def owners(name):
    """Lines and keys (spki and fido2) of an owners file, by key hash."""
    found = {}
    with open(os.path.join(verdict, name)) as f:
        for n, line in enumerate(f, 1):
            words = re.sub(r'"[^"]*"', "", line).split()
            if len(words) > 3 and words[2] in ("spki", "fido2"):
                key = base64.b64decode(words[3])
                found[sha256(key)] = key, "%s:%d" % (name, n)
    return found


KEYS = owners("owners") | owners("owners-sk")


def tbs_of(approval):
    value = parts(approval)[1]
    if take(approval)[1].startswith(oid(ARC + ".4.1")):  # cms
        signed = parts(take(parts(value)[1])[1])
        return take(take(parts(signed[2])[1])[1])[1]
    return take(parts(value)[0])[1]


def subject_of(approval):
    return parts(parts(tbs_of(approval))[8])[0]


def entry(approval, role=0, assurance=b"\x03\x01\x00", holder=None):
    fields = parts(tbs_of(approval))
    key, line = KEYS.get(take(fields[4])[1], (holder, "owners:43"))
    return seq(enum(role), fields[3], key, assurance, utf8(line), approval)


def entries(approvals):
    """A use behind its grant, with the holder's key."""
    grants = {sha256(tbs_of(a)): a for a in approvals
              if subject_of(a)[0] == 0xA2}
    found = []
    for one in approvals:
        under = parts(tbs_of(one))[-1]
        if one in grants.values():
            continue
        if under[0] == 0x83:
            grant = grants[take(under)[1]]
            found += [entry(grant, 1), entry(
                one, 2, holder=parts(subject_of(grant))[1])]
        else:
            found.append(entry(one))
    return found


def claim(name, kind=1, edit=None, at="20261121120000Z",
          until="20261121130000Z"):
    request, approvals = read(name)
    info = parts(request)[0]
    fields = [enum(kind), ia5(AGENT), parts(info)[2], octets(sha256(info)),
              octets(bytes(range(1, 17))), time(at), time(until),
              octets(sha256(b"body")), seq(*entries(approvals))]
    if edit:
        edit(fields)
    return tlv(0xA0, *fields)


def denial(name):
    request, approvals = read(name)
    return tlv(0xA2, ia5(AGENT), octets(sha256(parts(request)[0])),
               entry(approvals[0]))


def issue(number, serial=bytes(range(1, 17))):
    return tlv(0xA1, integer(number), octets(serial),
               octets(sha256(b"credential")))


def revocation(what, name, reason="lost", actor="uid 0", live=2, tag=0xA3):
    return tlv(tag, enum(what), utf8(name), utf8(reason), utf8(actor),
               integer(live))


def floor(why="restored from a backup"):
    return tlv(0xA5, time("20261121120000Z"), utf8(why))


def record(number, previous, event, at="20261121120000Z", version=1,
           authority=AUTHORITY):
    return seq(integer(version), integer(number), octets(previous), time(at),
               ia5(authority), event)


def odd_line(fields):
    one = parts(parts(fields[8])[0])
    one[4] = utf8("\u202e\x1b[2J:7")
    fields[8] = seq(seq(*one))


HEX = "0123456789abcdef"
LOG = [
    ("claimed", claim("approved-bundle")),
    ("issued", issue(1)),
    ("claimed-wit", claim("approved-bundle", 2)),
    ("claimed-pair", claim("approved-bundle-pair")),
    ("claimed-quorum", claim("approved-bundle-quorum")),
    ("claimed-batch", claim("approved-bundle-batch")),
    ("claimed-fido2", claim("approved-fido2-bundle")),
    ("denied", denial("denied-bundle")),
    ("revoked-owner", revocation(1, "mailto:alice@corp.example")),
    ("revoked-key", revocation(2, HEX * 4, "\u20ac \u202e\x1b[2J", live=0)),
    ("revoked-agent", revocation(3, AGENT.decode(), "", live=2 ** 63 - 1)),
    ("revoked-grant", revocation(4, HEX * 4)),
    ("revoked-approval", revocation(5, HEX * 4)),
    ("revoked-approval-id", revocation(5, HEX * 2)),
    ("lifted", revocation(1, "mailto:alice@corp.example", tag=0xA4, live=0)),
    ("floor", floor()),
    ("floor-odd", floor("restored\u202e\x1b[2J\n")),
    ("claimed-odd", claim("approved-bundle", edit=odd_line)),
]


def good():
    before = bytes(32)
    for n, (name, event) in enumerate(LOG, 1):
        made = record(n, before, event)
        write("%02d-%s" % (n, name), made)
        before = sha256(made)
    write("last-number", record(2 ** 63 - 1, before, issue(2 ** 63 - 2)))


def claimed(name, field, value):
    def edit(fields):
        fields[field] = value

    write(name, record(9, bytes(32), claim("approved-bundle", edit=edit)))


def event(name, value):
    write(name, record(9, bytes(32), value))


KIND, ID, KEY, DIGEST, SERIAL, START, END, BODY, EACH = range(9)


def bad_claims():
    own = entries(read("approved-bundle")[1])[0]
    grant, use = entries(read("approved-bundle-pair")[1])
    fields = parts(own)

    def entry_with(name, field, value):
        claimed(name, EACH, seq(seq(*fields[:field], value,
                                    *fields[field + 1:])))

    claimed("malformed-kind-0", KIND, enum(0))
    claimed("malformed-kind-3", KIND, enum(3))
    claimed("bad-identifier-agent", ID, ia5(b"wimse://corp.example"))
    claimed("unsupported-key", KEY, seq(seq(oid("1.3.101.113")), bits(b"x")))
    claimed("malformed-digest-31", DIGEST, octets(bytes(31)))
    claimed("malformed-serial-0", SERIAL, octets(b""))
    claimed("malformed-serial-21", SERIAL, octets(bytes(21)))
    claimed("malformed-times", START, time("20261121130001Z"))
    claimed("malformed-body-33", BODY, octets(bytes(33)))
    claimed("malformed-no-approval", EACH, seq())
    claimed("malformed-use-alone", EACH, seq(use))
    claimed("malformed-grant-alone", EACH, seq(own, grant))
    claimed("malformed-grant-twice", EACH, seq(grant, grant, use))
    claimed("malformed-use-apart", EACH, seq(grant, own, use))
    claimed("malformed-use-before", EACH, seq(use, grant))
    claimed("too-large-17-approvals", EACH, seq(*[own] * 17))
    entry_with("malformed-role-3", 0, enum(3))
    entry_with("bad-identifier-owner", 1, ia5(b"mailto:Alice@corp.example"))
    entry_with("unsupported-owner-key", 2,
               seq(seq(oid("1.3.101.113")), bits(b"x")))
    entry_with("not-der-assurance", 3, b"\x03\x02\x05\x80")
    entry_with("unsupported-assurance", 3, b"\x03\x02\x03\x08")
    entry_with("malformed-line-4097", 4, utf8("x" * 4097))
    entry_with("not-der-line", 4, tlv(0x0C, b"caf\xe9"))
    entry_with("malformed-approval-octets", 5, octets(b""))
    entry_with("too-large-approval", 5, seq(octets(bytes(24 * 1024))))
    claimed("malformed-approval-more", EACH, seq(seq(*fields, b"\x05\0")))


def bad_events():
    grant = entries(read("approved-bundle-pair")[1])[0]
    request = read("denied-bundle")[0]
    event("malformed-claim-0", issue(0))
    event("malformed-claim-itself", issue(9))
    event("malformed-issue-serial", issue(1, b""))
    event("malformed-denial-role", tlv(
        0xA2, ia5(AGENT), octets(sha256(parts(request)[0])), grant))
    event("malformed-what-0", revocation(0, "x"))
    event("malformed-what-6", revocation(6, "x"))
    event("bad-identifier-revoked", revocation(1, "alice"))
    event("bad-identifier-revoked-agent", revocation(3, "alice"))
    event("malformed-name-empty", revocation(1, ""))
    event("malformed-name-upper", revocation(2, HEX.upper() * 4))
    event("malformed-name-63", revocation(2, HEX * 3 + HEX[:15]))
    event("malformed-name-key-id", revocation(2, HEX * 2))
    event("malformed-reason-1025", revocation(4, HEX * 4, "x" * 1025))
    event("malformed-actor-0", revocation(4, HEX * 4, actor=""))
    event("malformed-actor-257", revocation(4, HEX * 4, actor="x" * 257))
    event("malformed-live", tlv(0xA3, enum(4), utf8(HEX * 4), utf8(""),
                                utf8("x"), b"\x02\x01\xff"))
    event("malformed-live-huge", revocation(4, HEX * 4, live=2 ** 63))
    event("malformed-why-0", floor(""))
    event("malformed-why-257", floor("x" * 257))
    event("malformed-event-more", tlv(0xA5, *parts(floor()), b"\x05\0"))
    event("unsupported-event", tlv(0xA6, *parts(floor())))
    event("unsupported-event-seq", seq(*parts(floor())))


def bad_heads():
    write("unsupported-version-0", record(1, bytes(32), floor(), version=0))
    write("unsupported-version-2", record(1, bytes(32), floor(), version=2))
    write("malformed-sequence-0", record(0, bytes(32), floor()))
    write("malformed-sequence-huge", record(2 ** 63, bytes(32), floor()))
    write("malformed-previous-31", record(1, bytes(31), floor()))
    write("malformed-year", record(1, bytes(32), floor(), "19991231235959Z"))
    write("bad-identifier-authority",
          record(1, bytes(32), floor(), authority=b"corp"))
    write("not-der-trailing", record(1, bytes(32), floor()) + b"\0")
    write("malformed-more", seq(*parts(record(1, bytes(32), floor())),
                                b"\x05\0"))
    write("malformed-no-event", seq(*parts(record(1, bytes(32), floor()))[:5]))


os.makedirs(out, exist_ok=True)
good()
bad_claims()
bad_events()
bad_heads()

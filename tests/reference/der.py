# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: sections 1 and 3, identifiers and DER."""
import contextlib
import re

from asn1crypto import core, parser
from cryptography.exceptions import UnsupportedAlgorithm


class Refused(Exception):
    """Its first argument is a reason of section 9."""


def check(holds, reason="malformed", why=""):
    if not holds:
        raise Refused(reason, why)


@contextlib.contextmanager
def otherwise(reason):
    """What a library cannot read is refused for this reason."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError,
            ValueError, UnsupportedAlgorithm) as error:
        raise Refused(reason, repr(error)) from error


def make(tag, *parts):
    return parser.emit(tag >> 6, tag >> 5 & 1, tag & 31, b"".join(parts))


def contents(der):
    return parser.parse(der, True)[4]


def children(der):
    rest, found = contents(der), []
    while rest:
        found.append(rest[:parser.peek(rest)])
        rest = rest[len(found[-1]):]
    return found


def fields(der, tags):
    """Of a SEQUENCE, or [0] of one: its children, whose tags match."""
    found = children(der)
    check(der[0] in (0x30, 0xa0) and
          re.fullmatch(tags, bytes(one[0] for one in found), re.DOTALL))
    return found


def set_of(der):
    """The children of a SET, whose tag may not tell that it is one."""
    found = children(der)
    check(found == sorted(found), "not-der", "a SET that is not sorted")
    return found


def oid(dotted):
    return core.ObjectIdentifier(dotted).dump()


OURS, PKCS9, X509 = "1.3.6.1.4.1.32473.53.", "1.2.840.113549.1.9.", "2.5.29."
OWNER_APPROVAL, APPROVALS, PURPOSE, OWNER, CMS, WEBAUTHN, SSHSIG = (
    oid(OURS + arc) for arc in (
        "1.1", "2.1", "2.2", "2.3", "4.1", "4.2", "4.3"))
CONTENT_TYPE, DIGEST, SIGNED_AT, SMIME, PROTECTION, CERTIFICATE, CHALLENGE, \
    REQUESTED = (oid(PKCS9 + arc) for arc in (
        "3", "4", "5", "15", "52", "16.2.47", "7", "14"))
SIGNED_DATA, MICROSOFT = oid("1.2.840.113549.1.7.2"), \
    oid("1.3.6.1.4.1.311.2.1.14")
NAMES, *IGNORED = (oid(X509 + arc) for arc in ("17", "14", "15", "19", "37"))


@otherwise("not-der")
def walk(der, depth=1):
    """Whatever it is, it has one encoding; enters what the page names."""
    kind, constructed, tag, _, body, _ = parser.parse(der, True)
    inside = children(der) if constructed else []
    check(depth <= 32 and tag < 31 and der == make(der[0], body) and
          (kind or constructed == (tag in (16, 17))) and
          inside[1:2] != [b"\1\1\0"], "not-der")  # DEFAULT FALSE
    if der[0] == 0x31:
        set_of(der)
    if not kind and not constructed:
        value = core.load(make(2, body) if tag == 10 else der)
        check(type(value)(value.native).contents == body, "not-der")
    if inside and inside[0] == NAMES and inside[-1][0] == 4:
        inside += [contents(inside[-1])]
    if inside and inside[0] in (OWNER_APPROVAL, WEBAUTHN, SSHSIG) and \
            inside[-1][0] in (0xa0, 0x30):
        inside += [contents(one) for one in children(inside[-1])[:1]]
        check(len(inside[-1]) <= 16384, "too-large", "OwnerApprovalTBS")
    for one in inside:
        walk(one, depth + 1)


def attributes(der):
    """By type: each once, each with one value."""
    pairs = [fields(one, b"\x06\x31") for one in set_of(der)]
    values = {one: children(value) for one, value in pairs}
    check(len(pairs) <= 32, "too-large")
    check(len(values) == len(pairs) and
          all(len(value) == 1 for value in values.values()))
    return {one: value[0] for one, value in values.items()}


def extensions(der):
    """By type: each once, an unknown one not critical."""
    found = {}
    check(der[0] in (0x30, 0xa2))
    for one in children(der):
        name, *critical, value = fields(one, b"\x06\x01?\x04")
        check(name not in found)
        check(not critical or name in (NAMES, *IGNORED), "unsupported")
        found[name] = contents(value)
    check(len(found) <= 32, "too-large")
    return found

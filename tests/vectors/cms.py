#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: cms.py DIR
# Makes the CMS messages of tests/vectors/cms anew, over tbs/request.der and
# with fresh keys. The good ones come from `openssl cms -sign` (openssl-*), or
# are put together here and signed by python3-cryptography (edited-*). The
# others have one fault each and are signed where that still makes sense; the
# name begins with the reason that refuses it.

import hashlib
import os
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from der import ARC, integer, octets, oid, parts, seq, set_of, take, tlv

out = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
tbs_path = os.path.join(here, "tbs", "request.der")
work = tempfile.mkdtemp()

CONTENT_TYPE = ARC + ".1.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
SHA256 = seq(oid("2.16.840.1.101.3.4.2.1"))
SHA384 = seq(oid("2.16.840.1.101.3.4.2.2"))
ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))
PKCS9 = "1.2.840.113549.1.9."


def path(name):
    return os.path.join(work, name)


def write(name, data):
    with open(os.path.join(out, name + ".der"), "wb") as f:
        f.write(data)


def read(name):
    with open(os.path.join(out, name + ".der"), "rb") as f:
        return f.read()


def run(*cmd):
    subprocess.run(cmd, check=True, cwd=work, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def newkey(name, *options):
    run("openssl", "req", "-x509", "-newkey", *options, "-nodes", "-keyout",
        name + ".key", "-out", name + ".pem", "-subj", "/CN=" + name,
        "-days", "30000")


def cms(name, key, *options, content_type=CONTENT_TYPE, detached=False):
    run("openssl", "cms", "-sign", "-binary", "-in", tbs_path, "-signer",
        key + ".pem", "-inkey", key + ".key", "-outform", "DER", "-out",
        "cms.der", *([] if detached else ["-nodetach"]),
        *(["-econtent_type", content_type] if content_type else []), *options)
    with open(path("cms.der"), "rb") as f:
        write(name, f.read())


def by_openssl():
    newkey("p256", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    newkey("p384", "ec", "-pkeyopt", "ec_paramgen_curve:P-384")
    newkey("rsa2048", "rsa:2048")
    cms("openssl-p256", "p256")
    cms("openssl-p256-nocerts", "p256", "-nocerts")
    cms("openssl-p256-keyid", "p256", "-keyid")
    cms("openssl-p256-nosmimecap", "p256", "-nosmimecap")
    cms("openssl-p256-small", "p256", "-keyid", "-nocerts", "-nosmimecap")
    cms("openssl-p256-sha512", "p256", "-md", "sha512", "-nocerts")
    cms("openssl-p256-cades", "p256", "-cades", "-nocerts")
    cms("openssl-p256-certfile", "p256", "-certfile", "p384.pem")
    cms("openssl-p384", "p384")
    cms("openssl-p384-sha384", "p384", "-md", "sha384", "-nocerts")
    cms("openssl-rsa2048", "rsa2048")
    cms("openssl-rsa2048-pss", "rsa2048", "-keyopt", "rsa_padding_mode:pss",
        "-nocerts")
    # and what is refused
    cms("unsupported-no-attributes", "p256", "-noattr", "-nocerts")
    cms("unsupported-two-signers", "p256", "-nocerts", "-signer", "p384.pem",
        "-inkey", "p384.key")
    cms("unsupported-data", "p256", "-nocerts", content_type=None)
    cms("unsupported-content-type", "p256", "-nocerts",
        content_type="1.3.6.1.4.1.32473.54")
    cms("unsupported-receipt-request", "p256", "-nocerts",
        "-receipt_request_all", "-receipt_request_to", "a@corp.example")
    cms("malformed-detached", "p256", "-nocerts", detached=True)
    cms("not-der-stream", "p256", "-nocerts", "-stream")
    run("openssl", "cms", "-digest_create", "-binary", "-in", tbs_path,
        "-outform", "DER", "-out", "cms.der")
    with open(path("cms.der"), "rb") as f:
        write("unsupported-digested-data", f.read())


# Put together here; a part that is not given is as it should be.


def attr(dotted, *values):
    return seq(oid(dotted), set_of(*values))


def attrs(**more):
    """The three, each of which may be replaced, or left out by b""."""
    digest = hashlib.sha256(TBS).digest()
    each = {
        "type": attr(PKCS9 + "3", oid(CONTENT_TYPE)),
        "digest": attr(PKCS9 + "4", octets(digest)),
        "time": attr(PKCS9 + "5", tlv(0x17, b"260101000000Z")),
    }
    each.update(more)
    return sorted(a for a in each.values() if a)


def protection(digest, alg):
    return attr(PKCS9 + "52", seq(digest, tlv(0xA1, take(alg)[1])))


def signer(attributes, version=3, sid=None, digest=SHA256, alg=ECDSA_SHA256,
           sig=None, tail=b""):
    body = b"".join(attributes)
    if sig is None:
        sig = key.sign(tlv(0x31, body), ec.ECDSA(hashes.SHA256()))
    return seq(integer(version), sid or tlv(0x80, bytes(32)), digest,
               tlv(0xA0, body), alg, octets(sig), tail)


def content(body=None, content_type=CONTENT_TYPE, tail=b""):
    return seq(oid(content_type), tlv(0xA0, body or octets(TBS), tail))


def message(signers, version=3, digests=SHA256, encap=None, between=b"",
            tail=b"", set_tag=0x31):
    return seq(oid(SIGNED_DATA), tlv(0xA0, seq(
        integer(version), tlv(0x31, digests), encap or content(),
        between, tlv(set_tag, signers), tail)))


def also_good():
    plain = attrs()
    write("edited-p256", message(signer(plain)))
    write("edited-p256-protection", message(signer(
        attrs(more=protection(SHA256, ECDSA_SHA256)))))
    write("edited-p256-null", message(signer(
        plain, digest=seq(parts(SHA256)[0], b"\x05\0")),
        digests=seq(parts(SHA256)[0], b"\x05\0")))
    write("edited-p256-2050", message(signer(attrs(
        time=attr(PKCS9 + "5", tlv(0x18, b"20500101000000Z"))))))
    write("edited-p256-empty-certificates",
          message(signer(plain), between=tlv(0xA0)))


def unsupported():
    plain = attrs()
    write("unsupported-unsigned-attributes", message(signer(
        plain, tail=tlv(0xA1, attr("1.3.6.1.4.1.32473.1", b"\x05\0")))))
    write("unsupported-empty-unsigned-attributes",
          message(signer(plain, tail=tlv(0xA1))))
    write("unsupported-crls", message(
        signer(plain), between=tlv(0xA1, seq())))
    write("unsupported-certificates-and-crls", message(
        signer(plain), between=tlv(0xA0) + tlv(0xA1, seq())))
    write("unsupported-unknown-attribute", message(signer(
        attrs(more=attr("1.3.6.1.4.1.32473.1", b"\x05\0")))))
    for version in 1, 2, 4, 5:
        write("unsupported-version-%d" % version,
              message(signer(plain), version=version))
    for version in 0, 2, 4:
        write("unsupported-signer-version-%d" % version,
              message(signer(plain, version=version)))
    write("unsupported-two-digests",
          message(signer(plain), digests=SHA256 + SHA384))
    write("unsupported-two-equal-signers",
          message(signer(plain, sig=b"x") * 2))
    write("unsupported-data-inside", message(
        signer(plain), encap=content(content_type="1.2.840.113549.1.7.1")))
    write("unsupported-attributes-absent", message(seq(
        integer(3), tlv(0x80, bytes(32)), SHA256, ECDSA_SHA256,
        octets(b"x"))))
    write("signature-invalid-protection-digest", message(signer(
        attrs(more=protection(SHA384, ECDSA_SHA256)))))
    write("signature-invalid-protection-algorithm", message(signer(
        attrs(more=protection(SHA256, seq(oid("1.2.840.10045.4.3.3")))))))


def malformed():
    def one(name, **more):
        write("malformed-" + name, message(signer(attrs(**more))))

    for name in "type", "digest", "time":
        one("without-" + name, **{name: b""})
        a = [x for x in attrs() if x not in attrs(**{name: b""})][0]
        one("twice-" + name, more=a)
    write("malformed-no-attribute", message(signer([])))
    now = tlv(0x17, b"260101000000Z")
    one("type-of-data", type=attr(PKCS9 + "3", oid("1.2.840.113549.1.7.1")))
    one("two-values", time=attr(PKCS9 + "5", now,
                                tlv(0x17, b"270101000000Z")))
    one("no-value", time=attr(PKCS9 + "5"))
    one("time-generalized-2026",
        time=attr(PKCS9 + "5", tlv(0x18, b"20260101000000Z")))
    one("time-month-13", time=attr(PKCS9 + "5", tlv(0x17, b"261301000000Z")))
    one("time-integer", time=attr(PKCS9 + "5", integer(1)))
    one("digest-empty", digest=attr(PKCS9 + "4", octets(b"")))
    one("digest-65", digest=attr(PKCS9 + "4", octets(bytes(65))))
    one("digest-integer", digest=attr(PKCS9 + "4", integer(1)))
    one("attribute-more", time=seq(oid(PKCS9 + "5"), set_of(now), b"\x05\0"))
    one("two-smime-capabilities", more=attr(PKCS9 + "15", seq()),
        again=attr(PKCS9 + "15", seq(SHA256)))
    one("protection-mac", more=attr(PKCS9 + "52", seq(
        SHA256, tlv(0xA2, take(ECDSA_SHA256)[1]))))
    one("protection-more", more=attr(PKCS9 + "52", seq(
        SHA256, tlv(0xA1, take(ECDSA_SHA256)[1]), b"\x05\0")))
    plain = attrs()
    write("malformed-digests-differ",
          message(signer(plain, digest=SHA384)))
    write("malformed-digest-null-once", message(signer(
        plain, digest=seq(parts(SHA256)[0], b"\x05\0"))))
    write("malformed-no-digest", message(signer(plain), digests=b""))
    write("malformed-v1-by-key", message(signer(plain, version=1)))
    write("malformed-v3-by-issuer",
          message(signer(plain, sid=seq(seq(), integer(1)))))
    write("malformed-signature-empty", message(signer(plain, sig=b"")))
    write("malformed-signature-1025",
          message(signer(plain, sig=bytes(1025))))
    write("malformed-no-signer", message(b""))
    write("malformed-signer-more",
          message(signer(plain, tail=b"\x05\0")))
    write("malformed-signed-data-more",
          message(signer(plain), tail=b"\x05\0"))
    write("malformed-signers-sequence",
          message(signer(plain), set_tag=0x30))
    write("malformed-extra-tag", message(
        signer(plain), encap=content(body=tlv(0x30, octets(TBS)))))
    write("malformed-content-more", message(
        signer(plain), encap=content(tail=octets(b""))))
    write("malformed-attribute-certificate", message(
        signer(plain), between=tlv(0xA0, tlv(0xA2, b"\x05\0"))))
    write("malformed-content-info-more", seq(*parts(
        message(signer(plain))), b"\x05\0"))
    write("malformed-two-signed-data", seq(
        oid(SIGNED_DATA), tlv(0xA0, *parts(parts(
            message(signer(plain)))[1]) * 2)))


def not_der():
    plain = attrs()
    write("not-der-unsorted-attributes",
          message(signer(list(reversed(plain)))))
    certs = [parts(parts(parts(read("openssl-" + k))[1])[0])[3]
             for k in ("p256", "p384")]
    both = sorted((take(c)[1] for c in certs), reverse=True)
    write("not-der-unsorted-certificates",
          message(signer(plain), between=tlv(0xA0, *both)))
    write("not-der-unsorted-digests",
          message(signer(plain), digests=SHA384 + SHA256))
    write("not-der-content-constructed", message(signer(plain), encap=content(
        body=tlv(0x24, octets(TBS[:100]), octets(TBS[100:])))))
    good = message(signer(plain))
    write("not-der-trailing", good + b"\0")
    write("not-der-truncated", good[:-1])
    write("not-der-indefinite", b"\x30\x80" + take(good)[1] + b"\0\0")
    write("not-der-version-padded",
          good.replace(b"\x02\x01\x03\x31", b"\x02\x02\0\x03\x31", 1))


os.makedirs(out, exist_ok=True)
with open(tbs_path, "rb") as f:
    TBS = f.read()
by_openssl()
with open(path("p256.key"), "rb") as f:
    key = serialization.load_pem_private_key(f.read(), None)
also_good()
unsupported()
malformed()
not_der()
for file in os.listdir(work):
    os.remove(path(file))
os.rmdir(work)

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: csr.py DIR
# Makes the requests of tests/vectors/csr anew, with fresh keys. The good ones
# come from `openssl req` (openssl-*), certtool of GnuTLS (certtool-*) and
# python3-cryptography (python-*). The others are one of them with one fault
# and signed again; the name begins with the reason that refuses it. The tests
# read what is checked in; nothing runs this but a person who wants another.

import os
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from der import ARC, bits, integer, octets, oid, parts, seq, set_of, take, tlv

AGENT = b"wimse://corp.example/agent/alice"
AT_APPROVALS, AT_PURPOSE, AT_OWNER = ARC + ".2.1", ARC + ".2.2", ARC + ".2.3"
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
SAN = "2.5.29.17"
ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))

CONFIG = """
oid_section = oids
[req]
prompt = no
distinguished_name = dn
req_extensions = %(ext)s
%(attrs)s
[dn]
%(dn)s
[min]
subjectAltName = URI:%(agent)s
[full]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth,serverAuth
subjectAltName = critical,URI:%(agent)s
subjectKeyIdentifier = hash
[oids]
purpose = %(purpose)s
[purpose]
purpose = reads the mailing list of the committee
[secret]
challengePassword = not so secret
"""

out = sys.argv[1]
work = tempfile.mkdtemp()


def run(*cmd):
    subprocess.run(cmd, check=True, cwd=work, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def path(name):
    return os.path.join(work, name)


def write(name, data):
    with open(os.path.join(out, name + ".der"), "wb") as f:
        f.write(data)


def read(name):
    with open(os.path.join(out, name + ".der"), "rb") as f:
        return f.read()


def genkey(name, *options):
    run("openssl", "genpkey", "-out", name + ".key", *options)


def ec_options(curve):
    return "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve


def rsa_options(size):
    return "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % size


def req(name, key, *options, ext="min", dn="CN = alice", attrs=""):
    """A request by openssl req, stored under its name."""
    with open(path("req.cnf"), "w") as f:
        f.write(CONFIG % {"ext": ext, "dn": dn, "agent": AGENT.decode(),
                          "purpose": AT_PURPOSE,
                          "attrs": attrs and "attributes = " + attrs})
    run("openssl", "req", "-new", "-config", "req.cnf", "-key", key + ".key",
        "-outform", "DER", "-out", "req.der", *options)
    with open(path("req.der"), "rb") as f:
        write(name, f.read())


def by_openssl():
    genkey("p256", *ec_options("P-256"))
    genkey("p384", *ec_options("P-384"))
    genkey("rsa2048", *rsa_options(2048))
    genkey("rsa3072", *rsa_options(3072))
    genkey("ed25519", "-algorithm", "ED25519")
    req("openssl-p256", "p256")
    req("openssl-p256-full", "p256", ext="full",
        dn="C = DE\nO = Corp Example\nOU = agents\nCN = al\u00efce")
    req("openssl-p256-sha512", "p256", "-sha512")
    req("openssl-p256-purpose", "p256", attrs="purpose")
    req("openssl-p256-no-subject", "p256", "-subj", "/")
    req("openssl-p384", "p384")
    req("openssl-p384-sha384", "p384", "-sha384")
    req("openssl-rsa2048", "rsa2048")
    req("openssl-rsa3072-pss", "rsa3072", "-sigopt", "rsa_padding_mode:pss")
    req("openssl-ed25519", "ed25519")


def unsupported_by_openssl():
    def one(name, *options):
        genkey(name, *options)
        req("unsupported-" + name, name)

    req("unsupported-challenge-password", "p256", attrs="secret")
    one("rsa-1024", *rsa_options(1024))
    one("rsa-2047", *rsa_options(2047))
    one("rsa-4104", *rsa_options(4104))
    one("rsa-e3", *rsa_options(2048), "-pkeyopt", "rsa_keygen_pubexp:3")
    one("rsa-pss-key", "-algorithm", "RSA-PSS",
        "-pkeyopt", "rsa_keygen_bits:2048")
    one("p521", *ec_options("P-521"))
    one("secp256k1", *ec_options("secp256k1"))
    one("explicit-ec", *ec_options("P-256"), "-pkeyopt",
        "ec_param_enc:explicit")
    one("ed448", "-algorithm", "ED448")
    run("openssl", "ec", "-in", "p256.key", "-conv_form", "compressed",
        "-out", "compressed-point.key")
    req("unsupported-compressed-point", "compressed-point")
    run("openssl", "ec", "-in", "p256.key", "-conv_form", "hybrid",
        "-out", "hybrid-point.key")
    req("unsupported-hybrid-point", "hybrid-point")


def by_certtool():
    with open(path("template"), "w") as f:
        f.write('uri = "%s"\ncn = "alice"\nsigning_key\ntls_www_client\n' %
                AGENT.decode())
    for key in "p256", "rsa2048":
        run("certtool", "--generate-request", "--template", "template",
            "--load-privkey", key + ".key", "--outder", "--outfile", "c.der")
        with open(path("c.der"), "rb") as f:
            write("certtool-" + key, f.read())


def by_python():
    name = x509.UniformResourceIdentifier(AGENT.decode())
    usage = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH])
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )
    write("python-p256", csr.public_bytes(serialization.Encoding.DER))


# Requests put together here: a part that is not given is openssl-p256's.


def sign(info, alg=ECDSA_SHA256):
    return seq(info, alg, bits(key.sign(info, ec.ECDSA(hashes.SHA256()))))


def attr(dotted, *values):
    return seq(oid(dotted), set_of(*values))


def ext(dotted, value, critical=b""):
    return seq(oid(dotted), critical, octets(value))


def names(*each):
    return seq(*[tlv(tag, text) for tag, text in each])


def san(*each, critical=b""):
    return ext(SAN, names(*each), critical)


GOOD_SAN = san((0x86, AGENT))
TRUE = b"\x01\x01\xff"


def extensions(*each):
    return attr(EXTENSION_REQUEST, seq(*each))


def info(*attrs, version=b"\x02\x01\x00", subject=None, spki=None,
         unsorted=False):
    base = parts(parts(read("openssl-p256"))[0])
    if not unsorted:
        attrs = sorted(attrs)
    return seq(version, subject if subject is not None else base[1],
               spki or base[2], tlv(0xA0, *attrs))


def bad(name, *attrs, **more):
    write(name, sign(info(*(attrs or [extensions(GOOD_SAN)]), **more)))


def utf8(text):
    return tlv(0x0C, text)


def other(value):
    """An attribute that nobody knows."""
    return attr("1.3.6.1.4.1.32473.1", value)


def name_of(value, dotted="2.5.4.3"):
    return seq(set_of(seq(oid(dotted), value)))


def nested(n):
    value = b""
    for _ in range(n):
        value = seq(value)
    return value


def also_good():
    """What the tools above do not write."""
    full = [extensions(GOOD_SAN), attr(AT_PURPOSE, utf8(b"reads \xe2\x82\xac")),
            attr(AT_OWNER, tlv(0x16, b"mailto:alice@corp.example")),
            attr("1.2.840.113549.1.9.16.2.59", seq(octets(b"evidence")))]
    bad("edited-all-attributes", *full)
    bad("edited-approvals", *full,
        attr(AT_APPROVALS, seq(seq(oid(ARC + ".4.1"), seq()),
                               seq(oid(ARC + ".4.2"), seq()))))
    bad("edited-32-attributes", extensions(GOOD_SAN),
        *[attr("1.3.6.1.4.1.32473.1.%d" % i, b"\x05\0") for i in range(31)])
    bad("edited-spiffe", extensions(san((0x86, b"spiffe://corp.example/a"))))
    bad("edited-unknown-extension",
        extensions(GOOD_SAN, ext("1.3.6.1.4.1.32473.1", b"\xff")))
    bad("edited-subject-types", subject=seq(*[take(name_of(
        tlv(tag, text)))[1] for tag, text in (
            (0x03, b"\0x"), (0x0C, b"\xe2\x82\xac"), (0x12, b"1"),
            (0x13, b"x"), (0x14, b"\xe9"), (0x16, b"x"),
            (0x1C, b"\0\1\xf6\0"), (0x1E, b"\x20\xac"))]))
    bad("edited-depth-32", extensions(GOOD_SAN), other(nested(27)))


def not_der():
    good = read("openssl-p256")
    body = take(good)[1]
    plain = extensions(GOOD_SAN)
    write("not-der-indefinite-length", b"\x30\x80" + body + b"\0\0")
    write("not-der-long-length",
          b"\x30\x83\0" + len(body).to_bytes(2, "big") + body)
    write("not-der-trailing-garbage", good + b"\0")
    write("not-der-truncated", good[:-1])
    write("not-der-empty-length", b"\x30")
    for name, critical in ("critical-false", b"\x01\x01\0"), \
            ("boolean-01", b"\x01\x01\x01"), ("boolean-empty", b"\x01\0"):
        bad("not-der-" + name, extensions(san((0x86, AGENT),
                                              critical=critical)))
    bad("not-der-unsorted-attributes", unsorted=True,
        *sorted([plain, attr(AT_PURPOSE, utf8(b"x"))], reverse=True))
    cn, ou = [seq(oid("2.5.4." + t), utf8(b"x")) for t in ("3", "11")]
    bad("not-der-unsorted-subject", subject=seq(tlv(0x31, ou, cn)))
    bad("not-der-version-padded", version=b"\x02\x02\0\0")
    bad("not-der-high-tag", plain, other(b"\x9f\x1f\x01\0"))
    bad("not-der-depth-33", plain, other(nested(28)))
    bad("not-der-oid-padded", plain, other(b"\x06\x03\x2a\x80\x03"))
    bad("not-der-null-with-content", plain, other(b"\x05\x01\0"))
    bad("not-der-time-without-seconds", plain,
        other(tlv(0x17, b"2601010000Z")))
    bad("not-der-utf8-broken", plain, attr(AT_PURPOSE, utf8(b"\xc3")))
    bad("not-der-bmp-odd", plain, subject=name_of(tlv(0x1E, b"\0a\0")))
    bad("not-der-bmp-surrogate", plain,
        subject=name_of(tlv(0x1E, b"\0a\xd8\0")))
    bad("not-der-universal-odd", plain,
        subject=name_of(tlv(0x1C, b"\0\0\0a\0\0")))
    bad("not-der-universal-beyond", plain,
        subject=name_of(tlv(0x1C, b"\0\x11\0\0")))
    bad("not-der-constructed-octets", attr(EXTENSION_REQUEST, seq(seq(
        oid(SAN), tlv(0x24, octets(names((0x86, AGENT))))))))
    inside = names((0x86, AGENT))
    bad("not-der-inside-extension", extensions(ext(
        SAN, b"\x30\x81" + inside[1:])))
    bad("not-der-behind-extension-value", extensions(ext(SAN, inside + b"\0")))
    one, alg, sig = parts(good)
    write("not-der-signature-padding", seq(one, alg, tlv(
        0x03, b"\x01", take(sig)[1][1:-1], b"\x01")))


def malformed():
    plain = extensions(GOOD_SAN)
    purpose = attr(AT_PURPOSE, utf8(b"x"))
    bad("malformed-duplicate-attribute", plain, purpose,
        attr(AT_PURPOSE, utf8(b"y")))
    bad("malformed-duplicate-unknown-attribute", plain, other(b"\x05\0"),
        other(b"\x02\x01\0"))
    bad("malformed-two-extension-requests", plain,
        extensions(GOOD_SAN, ext("2.5.29.15", b"\x03\x02\x07\x80")))
    bad("malformed-duplicate-extension", extensions(
        GOOD_SAN, san((0x86, b"wimse://corp.example/agent/bob"))))
    bad("malformed-duplicate-unknown-extension", extensions(
        GOOD_SAN, ext("2.5.29.15", b""), ext("2.5.29.15", b"")))
    bad("malformed-two-values", plain,
        attr(AT_PURPOSE, utf8(b"x"), utf8(b"y")))
    bad("malformed-two-extension-values", attr(
        EXTENSION_REQUEST, seq(GOOD_SAN), seq(GOOD_SAN)))
    bad("malformed-no-value", plain, attr(AT_PURPOSE))
    bad("malformed-version-1", version=b"\x02\x01\x01")
    bad("malformed-purpose-empty", plain, attr(AT_PURPOSE, utf8(b"")))
    bad("malformed-purpose-1025", plain, attr(AT_PURPOSE, utf8(b"x" * 1025)))
    bad("malformed-purpose-printable", plain,
        attr(AT_PURPOSE, tlv(0x13, b"x")))
    bad("malformed-owner-utf8", plain,
        attr(AT_OWNER, utf8(b"mailto:alice@corp.example")))
    bad("malformed-subject-octets", subject=seq(octets(b"alice")))
    bad("malformed-subject-empty-set", subject=seq(set_of()))
    bad("malformed-subject-integer", subject=name_of(integer(1)))
    bad("malformed-critical-behind-value", attr(EXTENSION_REQUEST, seq(seq(
        oid(SAN), octets(names((0x86, AGENT))), TRUE))))
    bad("malformed-extension-without-value",
        attr(EXTENSION_REQUEST, seq(seq(oid(SAN), TRUE))))
    bad("malformed-approvals-octets", plain, attr(AT_APPROVALS, octets(b"")))
    good = read("openssl-p256")
    one, alg, sig = parts(good)
    base = parts(one)
    write("malformed-no-attributes", sign(seq(*base[:3])))
    write("malformed-two-attribute-sets", sign(seq(*base, base[3])))
    write("malformed-empty-signature", seq(one, alg, bits(b"")))
    write("malformed-no-signature", seq(one, alg))
    write("malformed-two-signatures", seq(one, alg, sig, sig))
    write("malformed-algorithm-empty", seq(one, seq(), sig))
    write("malformed-algorithm-three",
          seq(one, seq(oid("1.2.840.10045.4.3.2"), b"\x05\0\x05\0"), sig))


def other_reasons():
    plain = extensions(GOOD_SAN)
    bad("unsupported-critical-extension", extensions(
        GOOD_SAN, ext("1.3.6.1.4.1.32473.1", b"", TRUE)))
    bad("unsupported-microsoft-extensions", plain,
        attr("1.3.6.1.4.1.311.2.1.14", seq(GOOD_SAN)))
    rsa = parts(parts(read("openssl-rsa2048"))[0])[2]
    alg, key_bits = parts(rsa)
    bad("unsupported-rsa-no-null",
        spki=seq(seq(parts(alg)[0]), key_bits))
    alg, key_bits = parts(parts(parts(read("openssl-p256"))[0])[2])
    bad("unsupported-point-at-infinity", spki=seq(alg, bits(b"\0")))
    bad("unsupported-point-too-long",
        spki=seq(alg, bits(take(key_bits)[1][1:] + b"\0")))
    bad("unsupported-ed25519-null", spki=seq(
        seq(oid("1.3.101.112"), b"\x05\0"), bits(bytes(32))))
    bad("too-large-33-attributes", plain,
        *[attr("1.3.6.1.4.1.32473.1.%d" % i, b"\x05\0") for i in range(32)])
    bad("too-large-33-extensions", extensions(GOOD_SAN, *[
        ext("1.3.6.1.4.1.32473.1.%d" % i, b"") for i in range(32)]))
    bad("too-large-17-approvals", plain,
        attr(AT_APPROVALS, seq(*[seq()] * 17)))
    bad("no-approval-empty-list", plain, attr(AT_APPROVALS, seq()))


def bad_identifier():
    def uri(name, text):
        bad("bad-identifier-" + name, extensions(san((0x86, text))))

    bad("bad-identifier-no-extension-request",
        attr(AT_PURPOSE, utf8(b"x")))
    bad("bad-identifier-no-attribute", tlv(0x30)[2:])
    bad("bad-identifier-no-extension", attr(EXTENSION_REQUEST, seq()))
    bad("bad-identifier-no-name", extensions(san()))
    bad("bad-identifier-two-names", extensions(san(
        (0x86, AGENT), (0x86, b"wimse://corp.example/agent/bob"))))
    bad("bad-identifier-uri-and-dns", extensions(san(
        (0x86, AGENT), (0x82, b"corp.example"))))
    bad("bad-identifier-dns", extensions(san((0x82, b"corp.example"))))
    bad("bad-identifier-constructed", extensions(san(
        (0xA6, tlv(0x16, AGENT)))))
    uri("https", b"https://corp.example/agent/alice")
    uri("upper-case", b"wimse://Corp.example/agent/alice")
    uri("no-path", b"wimse://corp.example")
    uri("trailing-slash", b"wimse://corp.example/agent/")
    uri("dot-segment", b"wimse://corp.example/agent/../bob")
    uri("percent", b"wimse://corp.example/agent/%61lice")
    uri("port", b"wimse://corp.example:443/agent/alice")
    uri("nul", b"wimse://corp.example/agent/alice\0")
    uri("too-long", b"wimse://corp.example/".ljust(2049, b"a"))
    bad("bad-identifier-owner", extensions(GOOD_SAN),
        attr(AT_OWNER, tlv(0x16, b"mailto:Alice@corp.example")))


os.makedirs(out, exist_ok=True)
by_openssl()
with open(path("p256.key"), "rb") as f:
    key = serialization.load_pem_private_key(f.read(), None)
unsupported_by_openssl()
by_certtool()
by_python()
also_good()
not_der()
malformed()
other_reasons()
bad_identifier()
for file in os.listdir(work):
    os.remove(path(file))
os.rmdir(work)

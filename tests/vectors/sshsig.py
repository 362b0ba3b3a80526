#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: sshsig.py DIR
# Makes the values of tests/vectors/sshsig anew, over tbs/request.der and with
# fresh keys. The good ones come from `ssh-keygen -Y sign` (keygen-*), or are
# put together here and signed by python3-cryptography (edited-*), those of
# security keys among them. The others have one fault each; the name begins
# with the reason that refuses it.

import hashlib
import os
import subprocess
import sys
import tempfile
from base64 import b64decode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from der import octets, seq

out = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
tbs_path = os.path.join(here, "tbs", "request.der")
work = tempfile.mkdtemp()
NAME = b"owner-approval@countersign"
SK_EC = b"sk-ecdsa-sha2-nistp256@openssh.com"
SK_ED = b"sk-ssh-ed25519@openssh.com"

with open(tbs_path, "rb") as f:
    TBS = f.read()


def put(name, blob, more=b""):
    with open(os.path.join(out, name + ".der"), "wb") as f:
        f.write(seq(octets(TBS), octets(blob), more))


def u32(n):
    return n.to_bytes(4, "big")


def string(s):
    return u32(len(s)) + s


def mpint(n):
    return string(n.to_bytes(n.bit_length() // 8 + 1, "big"))


def run(*cmd):
    subprocess.run(cmd, check=True, cwd=work, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def keygen(name, kind, *options, digest="sha512"):
    run("ssh-keygen", "-q", "-t", kind, *options, "-N", "", "-C", "", "-f",
        name)
    with open(os.path.join(work, "tbs"), "wb") as f:
        f.write(TBS)
    run("ssh-keygen", "-q", "-Y", "sign", "-O", "hashalg=" + digest, "-n",
        NAME.decode(), "-f", name, "tbs")
    path = os.path.join(work, "tbs.sig")
    with open(path, encoding="ascii") as f:
        text = f.read().splitlines()
    os.unlink(path)
    blob = b64decode("".join(text[1:-1]))
    put("keygen-" + name, blob)
    return blob


def signed(digest="sha512", name=NAME, message=TBS):
    return b"SSHSIG" + string(name) + string(b"") + string(
        digest.encode()) + string(hashlib.new(digest, message).digest())


def blob(key, signature, digest=b"sha512", name=NAME, reserved=b"",
         version=1, magic=b"SSHSIG", more=b""):
    return magic + u32(version) + string(key) + string(name) + string(
        reserved) + string(digest) + string(signature) + more


def raw(key):
    return key.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def point(key, form=serialization.PublicFormat.UncompressedPoint):
    return key.public_key().public_bytes(serialization.Encoding.X962, form)


ED = ed25519.Ed25519PrivateKey.generate()
EC = ec.generate_private_key(ec.SECP256R1())
EC384 = ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(65537, 2048)
ED_KEY = string(b"ssh-ed25519") + string(raw(ED))
EC_NAME = b"ecdsa-sha2-nistp256"


def ec_key(curve=b"nistp256", q=point(EC), name=EC_NAME):
    return string(name) + string(curve) + string(q)


def rsa_key(key=RSA, exponent=65537):
    n = key.public_key().public_numbers().n
    return string(b"ssh-rsa") + mpint(exponent) + mpint(n)


def ed_sig(sig=None, name=b"ssh-ed25519", more=b""):
    return string(name) + string(sig or ED.sign(signed())) + more


def pair(key, bytes_, digest):
    return utils.decode_dss_signature(key.sign(bytes_, ec.ECDSA(digest)))


def ec_sig(inner=None, name=EC_NAME, more=b""):
    if inner is None:
        r, s = pair(EC, signed(), hashes.SHA256())
        inner = mpint(r) + mpint(s)
    return string(name) + string(inner) + more


def rsa_sig(name=b"rsa-sha2-512", digest=None, sig=None):
    return string(name) + string(sig or RSA.sign(
        signed(), PKCS1v15(), digest or hashes.SHA512()))


def sk_bytes(flags, counter, application=b"ssh:"):
    return hashlib.sha256(application).digest() + bytes([flags]) + u32(
        counter) + hashlib.sha256(signed()).digest()


def sk_ed(flags=1, counter=7, application=b"ssh:", cut=0, more=b""):
    key = string(SK_ED) + string(raw(ED)) + string(application)
    sig = string(SK_ED) + string(ED.sign(sk_bytes(
        flags, counter, application))) + bytes([flags]) + u32(counter)
    return blob(key, sig[:len(sig) - cut] + more)


def sk_ec(flags=1, counter=7, application=b"ssh:", name=SK_EC):
    key = string(SK_EC) + string(b"nistp256") + string(point(EC)) + string(
        application)
    r, s = pair(EC, sk_bytes(flags, counter, application), hashes.SHA256())
    return blob(key, string(name) + string(mpint(r) + mpint(s)) + bytes(
        [flags]) + u32(counter))


def good():
    keygen("ed25519", "ed25519")
    keygen("ed25519-sha256", "ed25519", digest="sha256")
    keygen("p256", "ecdsa", "-b", "256")
    keygen("p384", "ecdsa", "-b", "384", digest="sha256")
    keygen("rsa3072", "rsa", "-b", "3072")
    keygen("rsa2048-sha256", "rsa", "-b", "2048", digest="sha256")
    put("edited-ed25519", blob(ED_KEY, ed_sig()))
    put("edited-p256", blob(ec_key(), ec_sig()))
    put("edited-rsa-sha2-256", blob(rsa_key(), rsa_sig(
        b"rsa-sha2-256", hashes.SHA256())))
    put("edited-sk-ed25519", sk_ed())
    put("edited-sk-ed25519-verified", sk_ed(5, 0xfffffffe))
    put("edited-sk-ed25519-untouched", sk_ed(0, 0))
    put("edited-sk-ecdsa", sk_ec())
    put("edited-sk-ecdsa-verified", sk_ec(5, application=b"ssh:alice"))
    r, s = pair(EC384, signed("sha256"), hashes.SHA384())
    put("edited-p384", blob(
        ec_key(b"nistp384", point(EC384), b"ecdsa-sha2-nistp384"),
        ec_sig(mpint(r) + mpint(s), b"ecdsa-sha2-nistp384"), b"sha256"))


def terms():
    sig = ed_sig()
    whole = blob(ED_KEY, sig)
    put("malformed-empty", b"")
    put("malformed-magic", blob(ED_KEY, sig, magic=b"SSHSIH"))
    put("malformed-armour", b"-----BEGIN SSH SIGNATURE-----\n")
    put("malformed-behind", whole + b"\0")
    put("malformed-three", whole, octets(b""))
    put("malformed-namespace", blob(ED_KEY, sig, name=b"file"))
    put("malformed-namespace-none", blob(ED_KEY, sig, name=b""))
    put("malformed-namespace-longer", blob(ED_KEY, sig, name=NAME + b"\0"))
    put("malformed-namespace-shorter", blob(ED_KEY, sig, name=NAME[:-1]))
    put("malformed-reserved", blob(ED_KEY, sig, reserved=b"\0"))
    put("unsupported-version-0", blob(ED_KEY, sig, version=0))
    put("unsupported-version-2", blob(ED_KEY, sig, version=2))
    for name in (b"sha1", b"sha384", b"", b"SHA512", b"sha512\0"):
        put("unsupported-hash-" + str(len(name)) + name[:4].decode(),
            blob(ED_KEY, sig, digest=name))
    put("too-large-blob", blob(ED_KEY, sig, more=b"\0" * 9000))


def keys():
    sig = ed_sig()
    for name in (b"ssh-dss", b"ssh-ed25519-cert-v01@openssh.com",
                 b"ecdsa-sha2-nistp521", b"ssh-ed448", b"rsa-sha2-512",
                 b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
                 SK_EC[:-12] + b"-cert-v01@openssh.com", b""):
        put("unsupported-key-" + (name.decode().split("@")[0] or "none"),
            blob(string(name) + string(raw(ED)), sig))
    put("malformed-key-none", blob(b"", sig))
    put("malformed-key-behind", blob(ED_KEY + b"\0", sig))
    put("malformed-key-curve", blob(ec_key(b"nistp384"), ec_sig()))
    put("malformed-key-curve-none", blob(ec_key(b""), ec_sig()))
    put("unsupported-key-compressed", blob(ec_key(q=point(
        EC, serialization.PublicFormat.CompressedPoint)), ec_sig()))
    put("unsupported-key-short", blob(ec_key(q=point(EC)[:-1]), ec_sig()))
    put("unsupported-key-infinity", blob(ec_key(q=b"\0"), ec_sig()))
    put("unsupported-key-ed25519-33", blob(
        string(b"ssh-ed25519") + string(raw(ED) + b"\0"), sig))
    put("unsupported-key-exponent", blob(rsa_key(exponent=3), rsa_sig()))
    put("unsupported-key-rsa1024", blob(rsa_key(rsa.generate_private_key(
        65537, 1024)), rsa_sig()))
    n = RSA.public_key().public_numbers().n.to_bytes(256, "big")
    start = string(b"ssh-rsa") + mpint(65537)
    put("malformed-key-negative", blob(start + string(n), rsa_sig()))
    put("malformed-key-padded", blob(start + string(b"\0\0" + n), rsa_sig()))
    put("malformed-key-zero", blob(start + string(b""), rsa_sig()))
    put("unsupported-key-even", blob(
        start + string(b"\0" + n[:-1] + b"\2"), rsa_sig()))
    put("malformed-key-exponent-padded", blob(
        string(b"ssh-rsa") + string(b"\0\1\0\1") + string(b"\0" + n),
        rsa_sig()))
    put("malformed-application-none", sk_ed(application=b""))
    put("malformed-application-control", sk_ed(application=b"ssh:\n"))
    put("malformed-application-bytes", sk_ed(application=b"ssh:\xff"))
    put("malformed-application-long", sk_ed(application=b"s" * 257))
    put("too-large-key", blob(string(b"x") + b"\0" * 4096, sig))


def signatures():
    r, s = pair(EC, signed(), hashes.SHA256())
    big = r.to_bytes(33, "big")
    put("malformed-sig-none", blob(ED_KEY, b""))
    put("malformed-sig-63", blob(ED_KEY, ed_sig(b"\1" * 63)))
    put("malformed-sig-65", blob(ED_KEY, ed_sig(b"\1" * 65)))
    put("malformed-sig-behind", blob(ED_KEY, ed_sig(more=b"\0")))
    put("malformed-sig-flags", blob(ED_KEY, ed_sig(more=b"\1\0\0\0\1")))
    put("malformed-sig-other", blob(ED_KEY, ed_sig(name=EC_NAME)))
    put("malformed-sig-sk", blob(ED_KEY, ed_sig(name=SK_ED)))
    put("malformed-sig-rsa", blob(ED_KEY, ed_sig(name=b"rsa-sha2-512")))
    put("malformed-sig-plain", sk_ec(name=EC_NAME))
    put("unsupported-sig-webauthn", sk_ec(
        name=b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com"))
    put("unsupported-sig-sha1", blob(rsa_key(), rsa_sig(
        b"ssh-rsa", hashes.SHA1())))
    put("unsupported-sig-name", blob(ED_KEY, ed_sig(name=b"")))
    put("malformed-sig-rsa-short", blob(rsa_key(), rsa_sig(sig=b"\1" * 255)))
    put("malformed-sig-rsa-long", blob(rsa_key(), rsa_sig(sig=b"\0" * 257)))
    for name, inner in (
            ("none", b""), ("one", mpint(r)),
            ("three", mpint(r) + mpint(s) + mpint(s)),
            ("zero", string(b"") + mpint(s)),
            ("zero-octet", string(b"\0") + mpint(s)),
            ("s-zero", mpint(r) + string(b"")),
            ("negative", string(b"\xff" + big[1:]) + mpint(s)),
            ("padded", string(b"\0\x01" + big[2:]) + mpint(s)),
            ("s-padded", mpint(r) + string(b"\0\x7f")),
            ("long", string(b"\1" + big[1:]) + mpint(s)),
            ("s-long", mpint(r) + string(b"\1" + big[1:])),
            ("behind", mpint(r) + mpint(s) + b"\0"),
            ("der", b"\x30\x06\x02\1\1\x02\1\1")):
        put("malformed-ec-" + name, blob(ec_key(), ec_sig(inner)))
    for flags in (0x02, 0x08, 0x19, 0x41, 0x81, 0xc5):
        put(f"malformed-flags-{flags:02x}", sk_ed(flags))
    put("malformed-flags-none", sk_ed(cut=5))
    put("malformed-flags-cut", sk_ed(cut=1))
    put("malformed-flags-behind", sk_ed(more=b"\0"))


os.makedirs(out, exist_ok=True)
good()
terms()
keys()
signatures()

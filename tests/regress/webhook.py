# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Calls of a CA's webhooks, in the shape that step-ca gives them.

    webhook.py enrich CSR
    webhook.py authorize TEMPLATE ANSWER KEY [NAME=JSON ...]
    webhook.py certificate TEMPLATE ANSWER
    webhook.py proven LIBRARY CERTIFICATE OWNERS AUTHORITY

CSR and KEY (a SubjectPublicKeyInfo) are DER, ANSWER is what the ENRICHING call
was answered. The template is applied as step-ca does, as far as ours goes; a
NAME is then another member of the certificate than it says. `certificate`
writes what openssl ca wants to know of it. `proven` asks libcountersign whose
approval a certificate (DER) has.
"""

import base64
import ctypes
import datetime
import json
import re
import sys
import time

SHAPE = {
    "version": 0, "subject": {}, "rawSubject": None, "issuer": {},
    "serialNumber": None, "dnsNames": None, "emailAddresses": None,
    "ipAddresses": None, "uris": None, "sans": None, "extensions": None,
    "keyUsage": None, "extKeyUsage": [], "unknownExtKeyUsage": None,
    "subjectKeyId": None, "authorityKeyId": None, "ocspServer": None,
    "issuingCertificateURL": None, "crlDistributionPoints": None,
    "policyIdentifiers": None, "basicConstraints": None,
    "nameConstraints": None, "signatureAlgorithm": "",
}


def b64(octets):
    return base64.b64encode(octets).decode()


def read(name):
    with open(name, "rb") as f:
        return f.read()


def call(member, what):
    now = datetime.datetime.now(datetime.timezone.utc)
    body = {"timestamp": now.isoformat(), "provisionerName": "agents",
            member: what}
    # What a later release may say, too
    body["authorizationPrincipal"] = "somebody"
    sys.stdout.write(json.dumps(body, separators=(",", ":")))


def enrich(csr):
    """The parsed fields are an agent's words, and not what is in it here."""
    what = {n: SHAPE[n] for n in (
        "version", "rawSubject", "dnsNames", "emailAddresses", "ipAddresses",
        "sans", "extensions", "keyUsage", "extKeyUsage",
        "unknownExtKeyUsage", "basicConstraints", "signatureAlgorithm")}
    what["subject"] = {"commonName": "root"}
    what["uris"] = ["spiffe://corp.example/agent/other"]
    what["publicKey"] = b64(b"0\0")
    what["publicKeyAlgorithm"] = "ECDSA"
    what["raw"] = b64(read(csr))
    call("x509CertificateRequest", what)


def apply(template, answer):
    data = json.loads(read(answer))["data"]
    text = re.sub(r"\{\{ toJson \.Webhooks\.countersign\.(\w+) \}\}",
                  lambda m: json.dumps(data[m.group(1)]),
                  read(template).decode())
    cert = dict(SHAPE)
    cert.update(json.loads(text))
    cert["serialNumber"] = int(cert["serialNumber"], 0)
    cert["basicConstraints"].setdefault("maxPathLen", 0)
    return cert


def authorize(template, answer, key, *others):
    cert = apply(template, answer)
    cert["publicKey"] = b64(read(key))
    cert["publicKeyAlgorithm"] = "ECDSA"
    cert["raw"] = None
    for other in others:
        name, value = other.split("=", 1)
        cert[name] = json.loads(value)
    call("x509Certificate", cert)


def certificate(template, answer):
    cert = apply(template, answer)
    # In the order of Go's crypto/x509
    lines = ["[leaf]", "keyUsage = critical, " + ", ".join(cert["keyUsage"]),
             "extendedKeyUsage = " + ", ".join(cert["extKeyUsage"]),
             "basicConstraints = critical, CA:FALSE",
             "subjectKeyIdentifier = hash",
             "authorityKeyIdentifier = keyid",
             "subjectAltName = critical, URI:" + cert["uris"][0],
             "certificatePolicies = " + ", ".join(cert["policyIdentifiers"])]
    for x in cert["extensions"]:
        lines.append("%s = DER:%s" % (
            x["id"], base64.b64decode(x["value"]).hex()))
    lines.append("# serial %032x" % cert["serialNumber"])
    for name in ("notBefore", "notAfter"):
        lines.append("# %s %s" % (name, re.sub("[-:T]", "", cert[name])))
    print("\n".join(lines))


class Bytes(ctypes.Structure):
    _fields_ = [("ptr", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Question(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("certificate", Bytes),
                ("anchors", ctypes.c_void_p), ("owner", ctypes.c_char_p),
                ("owner_key", Bytes), ("authority", ctypes.c_char_p),
                ("now", ctypes.c_int64), ("keys", ctypes.c_void_p)]


def proven(library, certificate, owners, authority):
    """As a relying party whose TLS has checked the path."""
    lib = ctypes.CDLL(library)
    anchors, answer = ctypes.c_void_p(), ctypes.c_void_p()
    lib.countersign_credential_text.restype = ctypes.c_char_p
    if lib.countersign_anchors_load(owners.encode(), ctypes.byref(anchors),
                                    None) != 0:
        sys.exit("owners")
    der = read(certificate)
    question = Question(
        size=ctypes.sizeof(Question), certificate=Bytes(der, len(der)),
        anchors=anchors, authority=authority.encode(), now=int(time.time()))
    if lib.countersign_credential_check(ctypes.byref(question),
                                        ctypes.byref(answer), None) != 0:
        sys.exit("no answer")
    state = lib.countersign_credential_state(answer)
    print(("refused", "proven", "the issuer's word")[state],
          lib.countersign_credential_text(answer).decode())


if __name__ == "__main__":
    {"enrich": enrich, "authorize": authorize,
     "certificate": certificate, "proven": proven}[sys.argv[1]](*sys.argv[2:])

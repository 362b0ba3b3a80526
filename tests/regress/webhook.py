# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Calls of a CA's webhooks, in the shape that step-ca gives them.

    webhook.py enrich CSR
    webhook.py authorize TEMPLATE ANSWER KEY [NAME=JSON ...]
    webhook.py certificate TEMPLATE ANSWER

CSR and KEY (a SubjectPublicKeyInfo) are DER, ANSWER is what the ENRICHING call
was answered. The template is applied as step-ca does, as far as ours goes; a
NAME is then another member of the certificate than it says. `certificate`
writes what openssl ca wants to know of it.
"""

import base64
import datetime
import json
import re
import sys

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
    lines = ["[leaf]", "basicConstraints = CA:FALSE",
             "keyUsage = critical, " + ", ".join(cert["keyUsage"]),
             "extendedKeyUsage = " + ", ".join(cert["extKeyUsage"]),
             "subjectAltName = critical, URI:" + cert["uris"][0],
             "certificatePolicies = " + ", ".join(cert["policyIdentifiers"]),
             "subjectKeyIdentifier = hash",
             "authorityKeyIdentifier = keyid"]
    for x in cert["extensions"]:
        lines.append("%s = DER:%s" % (
            x["id"], base64.b64decode(x["value"]).hex()))
    lines.append("# serial %032x" % cert["serialNumber"])
    for name in ("notBefore", "notAfter"):
        lines.append("# %s %s" % (name, re.sub("[-:T]", "", cert[name])))
    print("\n".join(lines))


if __name__ == "__main__":
    {"enrich": enrich, "authorize": authorize,
     "certificate": certificate}[sys.argv[1]](*sys.argv[2:])

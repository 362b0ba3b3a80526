# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Messages of the reference for both.py to judge: (verdict that is expected,
name, message, what the verifier is told besides)."""
import base64
import datetime
import itertools
import random
from hashlib import sha256

from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import der as d
import keys as k
import messages as m

NOW = datetime.datetime(2026, 11, 21, 12)
SECOND = datetime.timedelta(seconds=1)
WHERE = "https://corp.example"
AGENT = "wimse://corp.example/agent/a"
ALICE, BOB, CAROL = (f"mailto:{name}@corp.example"
                     for name in ("alice", "bob", "carol"))
random = random.Random(53)

# Keys: numbers from the seed, RSA as it comes

KEYS = {}
for name in ("agent", "agent384", "alice", "alice384", "bob", "holder",
             "mallory", "carol", "root", "middle", "lower", "lowest", "leaf"):
    curve = ec.SECP384R1() if "384" in name else ec.SECP256R1()
    KEYS[name] = ec.derive_private_key(random.getrandbits(250), curve)
for name in ("agent25519", "alice25519", "holder25519"):
    KEYS[name] = ed25519.Ed25519PrivateKey.from_private_bytes(
        random.randbytes(32))
for name in ("agentrsa", "alicersa"):
    KEYS[name] = rsa.generate_private_key(65537, 2048)
SPKI = {name: k.spki_of(key.public_key()) for name, key in KEYS.items()}


def line(owner, options, key, kind="spki"):
    return f"{owner} {options} {kind} {base64.b64encode(key).decode()}\n"


USUAL = 'agents="wimse://corp.example/agent",no-touch-required'
OWNERS = "".join(
    line(owner, USUAL + options, SPKI[name]) for owner, name, options in (
        (ALICE, "alice", ",grants"), (ALICE, "alicersa", ",grants"),
        (ALICE, "alice384", ""), (ALICE, "alice25519", ""), (BOB, "bob", ""),
        (CAROL, "carol", "")))

# Messages


def request(key="agent", agent=AGENT, **more):
    return m.request(KEYS[key], agent, **more)


def subject(der, kind="request", **more):
    return m.subject(kind, m.read_request(der) | more)


def grant(prefix, holder):
    return m.subject("grant", {"agentPrefix": prefix,
                               "holderKey": SPKI[holder]})


def extension(oid, critical=b"", value=b"x"):
    return d.make(0x30, d.oid(oid), critical, d.make(4, value))


def tbs(key, subjects, **values):
    values = {
        "approvalId": random.randbytes(16),
        "owner": f"mailto:{key if key in ('bob', 'carol') else 'alice'}"
                 "@corp.example",
        "ownerKeyHash": sha256(SPKI[key]).digest(), "authority": WHERE,
        "notBefore": NOW - 300 * SECOND, "notAfter": NOW + 900 * SECOND,
        "subjects": subjects, "maxLifetime": 3600, "maxIssuances": 1} | values
    return m.tbs(**{name: f"{value:%Y%m%d%H%M%SZ}" if isinstance(
        value, datetime.datetime) else value
        for name, value in values.items()})


def signed(key, der, how=(), **more):
    return m.cms(KEYS[key], der, NOW, how, **more)


def composite(*approvals, **more):
    return request(approvals=approvals, **more)


def plain(key="alice", how=(), of=None, **fields):
    return signed(key, tbs(key, [subject(of or BASE)], **fields), how)


BASE, OTHER = request(), request(agent=AGENT + "/b")
ELSE = request("agent384")
SHA2 = ("sha256", "sha384", "sha512")
HOWS = {"": [(name,) for name in SHA2], "384": [(name,) for name in SHA2],
        "25519": [()],
        "rsa": [(name, pss) for name in SHA2 for pss in (False, True)]}
DENY = {"decision": 0, "maxLifetime": 1, "maxIssuances": 1}


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
            more = [subject(OTHER, kind, agentId=f"{AGENT}/{i}")
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
           d.make(0x30, *d.children(composite(plain()))[:2],
                  d.children(BASE)[2]))


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
    for critical, expected in ((b"", "approved"), (b"\1\1\0", "not-der"),
                               (b"\1\1\xff", "unsupported")):
        yield case(expected, f"an extension, critical {critical}",
                   extensions=d.make(0xa2, extension("1.2.3", critical)))
    yield case("malformed", "no extension", extensions=d.make(0xa2))
    yield case("malformed", "an extension twice", extensions=d.make(
        0xa2, extension("1.2.3"), extension("1.2.3", value=b"y")))
    for n, expected in ((32, "approved"), (33, "too-large")):
        yield case(expected, f"{n} extensions", extensions=d.make(0xa2, *(
            extension(f"1.2.{i}") for i in range(n))))
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
        under = {"underGrant": sha256(given).digest()} | dict(use)
        uses = [signed(by, tbs(by, subjects or [subject(BASE)], **under))
                for _ in range(2)]
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
    for intended, expected in ((ALICE, bad), (BOB, "wrong-owner")):
        of = request(intended=intended)
        given = tbs("alice", [grant("wimse://corp.example/agent", "holder")])
        yield expected, "grant: of another owner, whom the request names", \
            composite(signed("alice", given), signed("holder", tbs(
                "holder", [subject(of)], owner=BOB,
                underGrant=sha256(given).digest())), intended=intended)
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
    yield case(bad, "to deny", DENY)
    yield bad, "two grants in one", composite(signed("alice", tbs("alice", [
        grant(AGENT, "holder"), grant(AGENT, "mallory")])))


def denials():
    yield "denied", "deny", composite(plain(**DENY))
    yield "denied", "deny and approve", composite(plain(), plain(**DENY))
    yield "denied", "approve and bob's no", composite(
        plain(), plain("bob", **DENY))
    yield "malformed", "deny two uses", composite(
        plain(**DENY | {"maxIssuances": 2}))
    yield "malformed", "deny two seconds", composite(
        plain(**DENY | {"maxLifetime": 2}))
    yield "malformed", "deny a key", composite(signed("alice", tbs(
        "alice", [subject(BASE, "key")], **DENY)))
    yield "malformed", "deny two", composite(signed("alice", tbs(
        "alice", [subject(BASE), subject(OTHER)], **DENY)))
    yield "binding-mismatch", "deny another", composite(
        plain(of=OTHER, **DENY))
    yield "expired", "denied once", composite(
        plain(notAfter=NOW - SECOND, **DENY))
    yield "signature-invalid", "mallory's no", composite(signed(
        "mallory", tbs("alice", [subject(BASE)], **DENY)))
    of = request(intended=BOB)
    yield "wrong-owner", "bob was asked, alice says no", composite(
        plain(of=of, **DENY), intended=BOB)
    yield "denied", "bob was asked and says no", composite(
        plain("bob", of=of, **DENY), intended=BOB)


def order():
    """Two faults: the step of section 9 that comes first names it."""
    of, late = request("alice"), {"notAfter": NOW - SECOND}
    long, away = {"notAfter": NOW + 2 * m.DAY}, {"authority": WHERE + "/b"}
    for expected, name, *approvals in (
            ("key-reuse", "binding", plain("bob")),
            ("key-reuse", "owner", plain("bob", of=of, owner=ALICE)),
            ("signature-invalid", "signature", signed("mallory", tbs(
                "bob", [subject(of)]))),
            ("unknown-owner-key", "key", plain("mallory", of=of)),
            ("duplicate", "twice", *[plain("bob", of=of)] * 2)):
        yield expected, "key-reuse, " + name, composite(*approvals,
                                                        key="alice")
    for expected, *approvals in (
            ("too-large", plain(maxLifetime=0), *[
                plain() for _ in range(16)]),
            ("approved", *[plain() for _ in range(16)]),
            ("duplicate", *[plain()] * 2, plain("mallory")),
            ("unknown-owner-key", signed("mallory", tbs(
                "alice", [subject(BASE)])), plain("mallory")),
            ("signature-invalid", plain(of=OTHER), signed("mallory", tbs(
                "bob", [subject(BASE)]))),
            ("wrong-authority", plain(**away, **late)),
            ("expired", plain(**long), plain("bob", **late)),
            ("expired", plain(), plain("bob", **DENY, **late)),
            ("window-too-long", plain(), plain("bob", **DENY, **long)),
            ("denied", plain(**DENY), plain("bob"))):
        yield expected, f"order: {expected}", composite(*approvals)


def bundles():
    """A request and its approvals beside one another."""
    def case(expected, name, of, *blocks, **context):
        return expected, "bundle: " + name, b"".join(
            pem.armor(label, der) for label, der in (
                ("CERTIFICATE REQUEST", of), *blocks)), context
    ours = "OWNER APPROVAL"
    one, two, no = plain(), plain("bob"), plain("bob", **DENY)
    yield case("approved", "one", BASE, (ours, one))
    yield case("approved", "two", BASE, (ours, one), (ours, two))
    yield case("approved", "CMS", BASE, ("CMS", d.children(one)[1]))
    yield case("no-approval", "none", BASE)
    yield case("malformed", "beside a composite", composite(one), (ours, one))
    yield case("malformed", "two requests", BASE, (
        "CERTIFICATE REQUEST", BASE), (ours, one))
    yield case("too-large", "17", BASE, *[
        (ours, plain()) for _ in range(17)])
    for name, of, block, expected in (
            ("one", BASE, one, "not-composite"), ("a no", BASE, no, "denied"),
            ("composite", composite(one), None, "approved")):
        yield case(expected, "for an issuer, " + name, of, *(
            [(ours, block)] if block else []), composite=True)
    yield case("not-composite", "for an issuer, one and a no", BASE,
               (ours, one), (ours, no), composite=True)
    of = request(intended=ALICE)
    yield case("approved", "for an issuer, alice was asked", of,
               (ours, plain(of=of)), composite=True)
    yield case("wrong-owner", "for an issuer, bob was asked", request(
        intended=BOB), (ours, plain(of=request(intended=BOB))), composite=True)


def options():
    """A line of the owners file, and what it says of an approval."""
    def case(expected, words, fields=(), agent=None, owner=ALICE, more="",
             quorum=None, how=()):
        of = request(agent=agent or AGENT)
        return expected, f"line: {words} {fields or ''} {agent or ''}", \
            composite(plain(of=of, how=how, **dict(fields)),
                      agent=agent or AGENT), {
                "owners": line(owner, words, SPKI["alice"]) + more,
                **(quorum or {})}
    free, here = "no-touch-required", 'agents="wimse://corp.example/agent"'
    usual = here + "," + free
    not_allowed = "agent-not-allowed"
    yield case("approved", usual)
    yield case(not_allowed, free)
    yield case(not_allowed, 'agents="",' + free)
    for agents, agent, expected in (
            ("wimse://corp.example/agent", AGENT, "approved"),
            (AGENT, AGENT, "approved"),
            (AGENT, AGENT + "/b/c", "approved"),
            (AGENT, AGENT + "b", not_allowed),
            (AGENT + "/b", AGENT, not_allowed),
            ("wimse://corp.example/b " + AGENT, AGENT, "approved"),
            ("wimse://corp.example/b wimse://b/agent", AGENT, not_allowed),
            ("spiffe://corp.example/agent", AGENT, not_allowed)):
        yield case(expected, f'agents="{agents}",{free}', agent=agent)
    for words, span, expected in (
            ("", 86400, "approved"), ("", 86401, "window-too-long"),
            (",max-window=20m", 1200, "approved"),
            (",max-window=20m", 1201, "window-too-long"),
            (",max-window=1w", 604800, "approved"),
            (",max-window=2d", 172801, "window-too-long"),
            (",max-window=90s", 91, "window-too-long"),
            (",grants", 86401, "window-too-long")):
        yield case(expected, usual + words, {
            "notBefore": NOW, "notAfter": NOW + span * SECOND})
    for words, fields, expected in (
            ("max-lifetime=10m", {"maxLifetime": 600}, "approved"),
            ("max-lifetime=10m", {"maxLifetime": 601}, "lifetime-exceeded"),
            ("max-issuances=2", {"maxIssuances": 2}, "approved"),
            ("max-issuances=2", {"maxIssuances": 3}, "policy-refused"),
            ("shared-key", {}, "approved"), ("hardware", {}, "approved"),
            ('group="ops"', {}, "approved"), ("grants", {}, "approved")):
        yield case(expected, usual + "," + words, fields)
    now, later, before = (f"{NOW + n * SECOND:%Y%m%d%H%M%SZ}"
                          for n in (0, 1, -1))
    for name, at, expected in (
            ("valid-after", before, "approved"),
            ("valid-after", now, "approved"),
            ("valid-after", later, "not-yet-valid"),
            ("valid-before", later, "approved"),
            ("valid-before", now, "expired"),
            ("valid-before", before, "expired"),
            ("revoked", later, "approved"), ("revoked", now, "revoked"),
            ("revoked", before, "revoked")):
        yield case(expected, f"{usual},{name}={at}")
    yield case("touch-missing", here)
    yield case("touch-missing", here + ",hardware")
    piv = ',attested="yubikey-piv:123,touch={},pin={}"'
    for touch, pin, words, expected in (
            ("always", "always", "", "approved"),
            ("always", "once", "", "approved"),
            ("never", "always", "", "touch-missing"),
            ("cached", "always", "", "touch-missing"),
            ("always", "always", ",verify-required", "approved"),
            ("always", "always", ",hardware-required", "approved"),
            ("never", "always", "," + free, "approved")):
        yield case(expected, here + piv.format(touch, pin) + words)
    yield case("not-hardware", usual + ",hardware-required")
    yield case("not-hardware", usual + ",hardware,hardware-required")
    yield case("approved", usual + ',attested="tpm2:IFX",hardware-required')
    yield case("touch-missing", here + ',attested="tpm2:IFX"')
    # two faults of a line: the earlier in the order of section 9
    gone, ended = f",revoked={before}", f",valid-before={before}"
    yield case(not_allowed, free + gone)
    yield case("window-too-long", usual + ",max-window=1s" + gone)
    yield case("lifetime-exceeded", usual + ",max-lifetime=1s" + gone)
    yield case("policy-refused", usual + ",max-issuances=1" + gone,
               {"maxIssuances": 2})
    yield case("revoked", here + gone)
    yield case(None, usual + gone + ended)
    yield case(None, usual + ended + ",max-window=1s")
    yield case(None, usual + ",max-lifetime=1s,max-window=1s")
    yield case("touch-missing", here + ",hardware-required")
    yield case("expired", free, {"notAfter": NOW - SECOND})
    yield case("wrong-owner", usual, owner=BOB)
    yield case("unknown-owner-key", usual, {"ownerKeyHash": bytes(32)})
    yield case("signature-invalid", usual, {
        "ownerKeyHash": sha256(SPKI["bob"]).digest()},
        more=line(BOB, usual, SPKI["bob"]))
    # what a line says of its grants
    for words, fields, expected in (
            (",grants", {}, "approved"), ("", {}, "grant-invalid"),
            (",grants", {"notAfter": NOW + 90 * 86400 * SECOND - 300 * SECOND},
             "approved"),
            (",grants", {"notAfter": NOW + 90 * 86400 * SECOND},
             "window-too-long"),
            (",grants,max-window=1h", {"notAfter": NOW + 3600 * SECOND},
             "window-too-long"),
            (",grants,max-lifetime=1h", {"maxLifetime": 3601},
             "lifetime-exceeded"),
            (",grants,max-issuances=1", {"maxIssuances": 2},
             "policy-refused")):
        given = tbs("alice", [grant("wimse://corp.example/agent", "holder")],
                    **fields)
        yield expected, f"line of a granter: {words} {fields}", composite(
            signed("alice", given), signed("holder", tbs(
                "holder", [subject(BASE)],
                underGrant=sha256(given).digest()))), {
            "owners": line(ALICE, usual + words, SPKI["alice"])}


def quorums():
    """Owners, each with a group; grants as owner>holder."""
    usual = USUAL + ",grants"
    owners = line(ALICE, usual + ',group="ops"', SPKI["alice"]) + \
        line(ALICE, usual + ',group="ops"', SPKI["alice384"]) + \
        line(BOB, usual + ',group="ops"', SPKI["bob"]) + \
        line(CAROL, usual, SPKI["carol"])

    def pair(owner, holder):
        given = tbs(owner, [grant("wimse://corp.example/agent", holder)])
        name = owner if owner in ("bob", "carol") else "alice"
        return [signed(owner, given), signed(holder, tbs(
            holder, [subject(BASE)], owner=f"mailto:{name}@corp.example",
            underGrant=sha256(given).digest()))]

    missing = "quorum-missing"
    for names, quorum, group, expected in (
            ("alice", 1, None, "approved"), ("alice", 2, None, missing),
            ("alice bob", 2, None, "approved"),
            ("alice bob", 3, None, missing),
            ("alice alice384", 2, None, missing),
            ("alice alice384 bob", 2, None, "approved"),
            ("alice bob carol", 3, None, "approved"),
            ("alice bob", 2, "ops", "approved"),
            ("alice carol", 2, "ops", missing),
            ("alice carol", 1, "ops", "approved"),
            ("carol", 1, "ops", missing), ("alice", 1, "op", missing),
            ("alice>holder bob", 2, None, "approved"),
            ("alice>holder bob>mallory", 2, "ops", "approved"),
            ("alice>holder bob>holder", 2, None, missing),
            ("alice>bob bob", 2, None, missing),
            ("alice>bob bob carol", 2, None, "approved"),
            ("alice>bob bob carol", 3, None, missing),
            ("alice>bob bob>carol carol", 2, None, missing),
            ("alice>carol bob carol", 3, None, missing),
            ("alice>carol bob carol", 2, "ops", "approved"),
            ("alice>carol bob>carol carol", 2, "ops", missing),
            ("alice alice384>carol bob>carol", 2, None, missing),
            ("alice>holder bob>holder carol>holder", 2, None, missing)):
        approvals = []
        for name in names.split():
            approvals += pair(*name.split(">")) if ">" in name \
                else [plain(name)]
        for turn in (approvals, approvals[::-1])[:len(approvals)]:
            yield expected, f"{quorum} of {group}: {names}", composite(
                *turn), {"owners": owners, "quorum": quorum,
                         **({"group": group} if group else {})}


def with_lists(case, *lists):
    *rest, context = case
    return *rest, context | {"lists": lists}


def authorities():
    """x509-ca: root, middle, lower and lowest; leaf of one of them."""
    def ca(name, by, **more):
        return m.certificate(KEYS[name], name, KEYS[by], by, NOW, ca=True,
                             **more)

    mail, link = x509.RFC822Name, x509.UniformResourceIdentifier
    root = ca("root", "root")
    alice = {"purposes": [m.OURS], "names": [mail("alice@corp.example")]}
    usual = USUAL + ',owner-san="email:*@corp.example"'
    open_ = ",no-revocation"

    def leaf(by="root", **more):
        return m.certificate(KEYS["leaf"], "leaf", KEYS[by], by, NOW,
                             **alice | more)

    def case(expected, name, *certificates, words=usual + open_, more="",
             anchor=root, attributes=(), **fields):
        body = tbs("leaf", [subject(BASE)], **fields)
        return expected, "authority: " + name, composite(signed(
            "leaf", body, certificates=certificates or [leaf()],
            more=attributes)), {
            "owners": line("*", words, anchor, "x509-ca") + more}

    bad = "path-invalid"
    yield case("approved", "itself")
    yield case("unknown-owner-key", "another's certificate", m.certificate(
        KEYS["alice"], "leaf", KEYS["root"], "root", NOW, **alice))
    between = [ca("middle", "root"), ca("lower", "middle"),
               ca("lowest", "lower")]
    by = ("root", "middle", "lower", "lowest")
    for n in range(4):
        yield case("approved", f"{n} between", leaf(by[n]), *between[:n])
        if n:
            yield case(bad, f"{n} between, one lacks", leaf(by[n]),
                       *between[:n - 1])
            yield case("approved", f"{n} between, one is trusted", leaf(by[n]),
                       *between[1:n], anchor=between[0])
    yield case(bad, "4 between", leaf("alice"), *between,
               ca("alice", "lowest"))
    for length, expected in ((0, bad), (1, "approved")):
        yield case(expected, f"pathlen {length}", leaf("lower"), ca(
            "middle", "root", length=length), between[1])
    yield case(bad, "no CA", leaf("middle"), m.certificate(
        KEYS["middle"], "middle", KEYS["root"], "root", NOW))
    for name, more, expected in (
            ("no purpose", {"purposes": []}, bad),
            ("any purpose", {"purposes": [x509.ObjectIdentifier(
                "2.5.29.37.0")]}, bad),
            ("two purposes", {"purposes": [m.OURS, x509.ObjectIdentifier(
                "1.3.6.1.5.5.7.3.2")]}, "approved"),
            ("no usage", {"usage": None}, bad),
            ("key_agreement", {"usage": "key_agreement"}, bad),
            ("content_commitment", {"usage": "content_commitment"}, bad),
            ("too early", {"start": 0.001}, bad),
            ("just now", {"start": 0}, "approved"),
            ("too late", {"end": -0.001}, bad),
            ("to now", {"end": 0}, bad),
            ("a CA", {"ca": True}, bad),
            ("no name", {"names": []}, bad),
            ("two names", {"names": alice["names"] + [
                mail("bob@corp.example")]}, bad),
            ("a link beside", {"names": alice["names"] + [
                link("https://corp.example/a")]}, "approved"),
            ("an agent's name beside", {"names": alice["names"] + [
                link(AGENT)]}, bad),
            ("an agent's NAME beside", {"names": alice["names"] + [
                link("SPIFFE://corp/a")]}, bad),
            ("upper case", {"names": [mail("Alice@Corp.example")]},
             "approved"),
            ("another's name", {"names": [mail("bob@corp.example")]},
             "wrong-owner"),
            ("another domain", {"names": [mail("alice@corp.example.org")]},
             "wrong-owner"),
            ("bindings", {"more": [(x509.UnrecognizedExtension(
                x509.ObjectIdentifier(d.OURS + "3.1"), b"0\0"), False)]},
             bad),
            ("an unknown extension", {"more": [(x509.UnrecognizedExtension(
                x509.ObjectIdentifier("1.2.3"), b"\5\0"), False)]},
             "approved"),
            ("an unknown critical one", {"more": [(x509.UnrecognizedExtension(
                x509.ObjectIdentifier("1.2.3"), b"\5\0"), True)]}, bad)):
        yield case(expected, "leaf: " + name, leaf(**more))
    for name, purposes, expected in (
            ("ours", [m.OURS], "approved"),
            ("any", [x509.ObjectIdentifier("2.5.29.37.0")], "approved"),
            ("mail", [x509.ObjectIdentifier("1.3.6.1.5.5.7.3.4")], bad)):
        yield case(expected, "between for " + name, leaf("middle"),
                   ca("middle", "root", purposes=purposes))
        yield case(expected if name != "mail" else None, "root for " + name,
                   leaf("root"), anchor=ca("root", "root", purposes=purposes))
    other = usual + open_ + ",eku=1.3.6.1.5.5.7.3.4"
    yield case("approved", "eku", leaf(purposes=[x509.ObjectIdentifier(
        "1.3.6.1.5.5.7.3.4")]), words=other)
    yield case(bad, "eku, ours", words=other)
    prefix = USUAL + open_ + ',owner-san="uri:https://corp.example/people"'
    for name, expected in (
            ("https://corp.example/people", "approved"),
            ("https://corp.example/people/a", "approved"),
            ("https://corp.example/peoples", "wrong-owner"),
            ("https://corp.example/people/../a", "wrong-owner"),
            ("https://corp.example/people/./a", "wrong-owner"),
            ("https://corp.example/people/a/..", "wrong-owner"),
            ("https://corp.example/people/..a", "approved"),
            ("https://corp.example/", "wrong-owner")):
        yield case(expected, name, leaf(names=[link(name)]), words=prefix,
                   owner=name)
    yield case("revoked", "a line of the key", more=line(
        ALICE, USUAL + ",revoked=20260101000000Z", SPKI["leaf"]))
    yield case("touch-missing", "touch", words=usual.replace(
        ",no-touch-required", "") + open_)
    yield case("window-too-long", "two days", notAfter=NOW + 2 * m.DAY)
    yield case("lifetime-exceeded", "a limit", words=usual + open_ +
               ",max-lifetime=1m")
    yield case("agent-not-allowed", "an agent", words=(usual + open_).replace(
        "example/agent", "example/b"))
    yield case(bad, "two leaves", leaf(), leaf())
    good, middle = leaf(), between[0]
    serial, above = (x509.load_der_x509_certificate(der).serial_number
                     for der in (good, middle))

    def revoked(by, *serials, key=None, **days):
        return m.revocations(by, KEYS[key or by], NOW, serials, **days)

    listed = usual + ',crl="list.crl"'
    for name, found, expected in (
            ("none is revoked", revoked("root"), "approved"),
            ("another is", revoked("root", serial + 1), "approved"),
            ("revoked", revoked("root", serial), bad),
            ("old", revoked("root", end=-0.5), bad),
            ("to now", revoked("root", end=0), bad),
            ("early", revoked("root", start=0.5), bad),
            ("of another", revoked("middle"), bad),
            ("forged", revoked("root", key="middle"), bad)):
        yield with_lists(case(expected, "list: " + name, good, words=listed),
                         found)
    for name, found, expected in (
            ("both", [revoked("root"), revoked("middle")], "approved"),
            ("root's alone", [revoked("root")], bad),
            ("the other's", [revoked("middle")], bad),
            ("a revoked authority", [revoked("root", above),
                                     revoked("middle")], bad)):
        yield with_lists(case(expected, "lists: " + name, leaf("middle"),
                              middle, words=listed), *found)


def changed(der, enters=True):
    """The same with one fault, for each node."""
    tag, body = der[0], d.contents(der)
    yield "emptied", d.make(tag)
    yield "twice", der + der
    yield "away", b""
    yield "another tag", d.make(tag ^ 1, body)
    yield "longer", d.make(tag, body, b"\0")
    yield "other end", d.make(tag, body[:-1], bytes([body[-1] ^ 1])) \
        if body else der + b"\5\0"
    if enters and tag & 0x20:
        inside = d.children(der)
        for i, one in enumerate(inside):
            for what, other in changed(one):
                yield f"{i} {what}", d.make(tag, *inside[:i], other,
                                            *inside[i + 1:])


def mutants():
    """Signed again above the fault."""
    body = tbs("alice", [subject(BASE)], purpose="p", nonce=bytes(16),
               extensions=d.make(0xa2, extension("1.2.3")))
    for name, der in changed(body):
        yield None, "tbs: " + name, composite(signed("alice", der))
    for name, der in changed(tbs("alice", [grant("wimse://a/b", "holder")])):
        yield None, "grant: " + name, composite(signed("alice", der))
    for name, der in changed(plain()):
        yield None, "cms: " + name, composite(der)
    of = request(purpose="p", intended=ALICE)
    whole = composite(plain(of=of), purpose="p", intended=ALICE)
    info, algorithm, _ = d.children(whole)
    for name, der in changed(info):
        if not name.startswith("3 3 1 0 0 "):  # seen above
            signature = KEYS["agent"].sign(der, *m.scheme(KEYS["agent"])[2])
            yield None, "request: " + name, d.make(
                0x30, der, algorithm, d.make(3, b"\0", signature))


def flips():
    """One bit wrong, somewhere: refused, for whatever reason."""
    messages = [composite(plain()), composite(plain("alicersa", (None, True))),
                composite(plain(), plain("bob"), purpose="x")]
    for i in range(60):
        message = bytearray(messages[i % len(messages)])
        at, bit = random.randrange(len(message)), 1 << random.randrange(8)
        message[at] ^= bit
        yield "refused", f"byte {at} ^ {bit} of message {i % len(messages)}", \
            bytes(message)


ALL = itertools.chain(everyday(), fields(), agents(), grants(), denials(),
                      order(), bundles(), options(), quorums(), authorities(),
                      mutants(), flips())

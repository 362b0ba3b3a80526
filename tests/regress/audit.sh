#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The audit log of a store: what an operator reads, what a third party checks
# without us, and what somebody who may write to the database cannot hide.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need sqlite3 jq openssl

for python in python3 /usr/bin/python3; do
	"$python" -c 'import asn1crypto, cryptography' 2>/dev/null && break
	python=
done
[ -n "$python" ] || {
	echo "Bail out! no Python with asn1crypto and cryptography"
	exit 1
}
export PYTHONDONTWRITEBYTECODE=1
modules=$BUILDDIR/.libs
vectors=$SRCDIR/tests/vectors/audit

second() { # a reader that shares no line with ours
	"$python" "$SRCDIR/tests/reference/audit.py" "$@"
}
sql() {
	sqlite3 -bail "$1" "$2"
}

ok "a store in which something happened" \
    "$BUILDDIR/tests/host/bin/auditfill" "$modules" sqlite:good.db \
    "$vectors/01-claimed.der" "$vectors/04-claimed-pair.der" \
    "$vectors/05-claimed-quorum.der" "$vectors/08-denied.der" \
    "$vectors/09-revoked-owner.der" "$vectors/15-lifted.der"

# Reading.
ok "is listed" countersign audit list --store sqlite:good.db
says "a claim" out "claimed  wimse://corp.example/agent/alice by mailto:alice@corp.example"
says "what was issued for it" out "issued   claim 1, serial 0102030405060708"
says "a revocation" out "revoked  owner mailto:alice@corp.example by uid 0"
ok "by a plain path" countersign audit list --store good.db
countersign audit list --store good.db --json >list.json
is "as many records as in the table" "$(jq '.records | length' list.json)" \
    "$(sql good.db 'SELECT count(*) FROM audit')"
is "of one event" "$(countersign audit list --store good.db --event issued \
    --json | jq '[.records[].event] | unique[]')" '"issued"'
is "of an owner: the claims, what was issued, the revocations" \
    "$(countersign audit list --store good.db --json \
    --owner mailto:bob@corp.example |
    jq -c '[.records[].event] | unique')" '["claimed","issued"]'
is "the last ones" "$(countersign audit list --store good.db --last 2 --json |
    jq -c '[.records[].event]')" '["revoked","lifted"]'
is "the last ones of an event" \
    "$(countersign audit list --store good.db --last 1 --event issued --json |
    jq '.records | length')" 1
ok "of another agent" countersign audit list --store good.db \
    --agent wimse://corp.example/agent/nobody
says "nothing" out "no record fits"
is "until before it" "$(countersign audit list --store good.db --json \
    --until 2026-11-21T11:59:59Z | jq '.records | length')" 0
ok "shown" countersign audit show --store good.db 1
says "with its approval" out "owner: mailto:alice@corp.example"
says "which still holds" out "approvals, checked again: good"
countersign audit show --store good.db --json 1 >show.json
is "and its key" "$(jq -r .approvals[0].key.key_hash show.json | cut -c 1-7)" \
    SHA256:
exits 1 "a record that is not there" countersign audit show --store good.db 99
exits 2 "no number" countersign audit show --store good.db 1x
exits 2 "no store" countersign audit list
exits 9 "a store that is not there" countersign audit verify --store none.db

# Checking.
ok "checked" countersign audit verify --store good.db
says "and its approvals" out "approvals checked again: 6"
head=$(sed -n 's/^head: //p' out)
is "a second reader finds the same" "$(second good.db)" \
    "head $head, approvals 6"
ok "against the head that was noted" \
    countersign audit verify --store good.db --head "$head"
is "which JSON has, too" "$(countersign audit verify --store good.db --json |
    jq -r '"\(.head.sequence):\(.head.hash)"')" "$head"
exits 2 "no head" countersign audit verify --store good.db --head 7
exits 2 "two things to check" countersign audit verify --store good.db \
    --file x

# Somebody edits the database. tampered NAME TEXT SQL
tampered() {
	rm -f bad.db*
	cp good.db bad.db
	sql bad.db "$3" >sql.out || {
		report 1 "$1: sqlite3"
		return
	}
	exits 1 "$1" countersign audit verify --store bad.db
	says "$1: where" err "$2"
	! second bad.db >second.out
	report $? "$1: the second reader"
}
sql good.db 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
tampered "a record is gone" "expected record 3, found record 4" \
    'DELETE FROM audit WHERE sequence = 3'
tampered "two are swapped" "record 3: calls itself record 5" \
    'UPDATE audit SET sequence = -1 WHERE sequence = 3;
    UPDATE audit SET sequence = 3 WHERE sequence = 5;
    UPDATE audit SET sequence = 5 WHERE sequence = -1'
tampered "the end is gone" "expected record" \
    'DELETE FROM audit WHERE sequence > 6'
tampered "an octet of the first record" "record 1: " \
    "UPDATE audit SET record = CAST(substr(record, 1, 60) ||
    x'00' || substr(record, 62) AS BLOB) WHERE sequence = 1"
tampered "a claim without its record" "claim" \
    'UPDATE claim SET number = 99 WHERE number = 1'
tampered "a record without its claim" "record 1: the store does not have" \
    'DELETE FROM claim WHERE number = 1'
tampered "another credential" "record 2: the store does not have" \
    "UPDATE claim SET credential = x'00' WHERE number = 1"
tampered "a denial is gone" "the store does not have" 'DELETE FROM denial'

# Whoever can write everything writes the chain anew: rechain SQL
rechain() {
	rm -f bad.db*
	cp good.db bad.db
	"$python" - "$1" <<'END'
import hashlib
import sqlite3
import sys

db = sqlite3.connect("bad.db")
db.executescript(sys.argv[1])
before, number = bytes(32), 0
rows = db.execute("SELECT sequence, record FROM audit ORDER BY 1").fetchall()
for number, record in rows:
    at = record.index(b"\x04\x20") + 2
    record = record[:at] + before + record[at + 32:]
    db.execute("UPDATE audit SET record = ? WHERE sequence = ?",
               (record, number))
    before = hashlib.sha256(record).digest()
db.execute("UPDATE meta SET value_int = ?, value_blob = ?"
           " WHERE name = 'head'", (number, before))
db.commit()
END
}
last=${head%%:*}
rechain "UPDATE audit SET record = CAST(replace(CAST(record AS TEXT),
    'uid 0', 'uid 1') AS BLOB) WHERE sequence = $last"
ok "edited, with a chain of its own" countersign audit verify --store bad.db
exits 1 "is found by the head that was noted" \
    countersign audit verify --store bad.db --head "$head"
! second bad.db "$head" >second.out
report $? "by the second reader, too"
rechain "DELETE FROM audit WHERE sequence = $last"
exits 1 "cut, with a head of its own" \
    countersign audit verify --store bad.db --head "$head"
says "is found by it, too" err "which was noted"
rechain "DELETE FROM audit WHERE sequence >= $((last - 1))"
exits 1 "cut so far that a row has no record" \
    countersign audit verify --store bad.db
# An approval says what it says, whoever writes the log.
rechain "UPDATE audit SET record = CAST(replace(CAST(record AS TEXT),
    'agent/alice', 'agent/mally') AS BLOB) WHERE sequence = 1;
    UPDATE claim SET agent_id = 'wimse://corp.example/agent/mally'
    WHERE number = 1"
exits 1 "another agent in the record, the claim and the approval" \
    countersign audit verify --store bad.db
says "is found by what the owner signed" err "record 1: approval 1: messageDigest is not the hash"
! second bad.db >second.out
report $? "by the second reader"
is "for the same reason" "$(cut -d ' ' -f 1 second.out)" signature-invalid

# Export.
ok "as JSON lines" countersign audit export --store good.db -o log.jsonl
is "a line a record" "$(wc -l <log.jsonl)" "$last"
is "in a chain that jq and sha256sum follow" "$(
	before=$(printf '%064d' 0)
	while read -r line; do
		echo "$line" | command jq -r .previous | grep -qx "$before" ||
		    echo "previous of $line"
		before=$(echo "$line" | command jq -r .der |
		    openssl base64 -d -A | openssl dgst -sha256 -r |
		    cut -d ' ' -f 1)
		echo "$line" | command jq -r .hash | grep -qx "$before" ||
		    echo "hash of $line"
	done <log.jsonl
	echo "$before"
)" "${head#*:}"
ok "checked without a store" countersign audit verify --file log.jsonl
says "to the same head" out "head: $head"
exits 9 "a file that is there" \
    countersign audit export --store good.db -o log.jsonl
ok "and is to be replaced" \
    countersign audit export --store good.db -o log.jsonl -f
ok "to standard output" countersign audit export --store good.db
same "the same" out log.jsonl
sed 's/"owner":"mailto:alice/"owner":"mailto:mally/' log.jsonl >bad.jsonl
exits 3 "a field beside the record" \
    countersign audit verify --file bad.jsonl
sed 3d log.jsonl >bad.jsonl
exits 1 "a line is gone" countersign audit verify --file bad.jsonl
sed '$d' log.jsonl >bad.jsonl
ok "the last line is gone" countersign audit verify --file bad.jsonl
exits 1 "which the head tells" \
    countersign audit verify --file bad.jsonl --head "$head"
ok "as DER" countersign audit export --store good.db --format der -o log.der
ok "checked" countersign audit verify --file log.der --head "$head"
is "every record whole" "$(openssl asn1parse -inform DER -in log.der |
    grep -c '^ *[0-9]*:d=0')" "$last"
printf '\0' >>log.der
exits 3 "and nothing behind" countersign audit verify --file log.der
ok "a part" countersign audit export --store good.db --from 3 --to 4 -o part
is "of two" "$(wc -l <part)" 2
ok "checked from where it begins" countersign audit verify --file part
says "which it says" out "the first is record: 3"
exits 1 "a head before that" \
    countersign audit verify --file part --head "1:${head#*:}"
exits 2 "the end before the beginning" \
    countersign audit export --store good.db --from 4 --to 3

# The same facts for who knows in-toto, signed by the operator.
new_key operator.key
openssl pkey -in operator.key -pubout -out operator.pub
printf credential >credential
exits 2 "statements without a key" \
    countersign audit export --store good.db --format dsse
exits 2 "a key without statements" \
    countersign audit export --store good.db --key operator.key
for kind in EC ED25519 RSA; do
	case $kind in
	EC) set -- -pkeyopt ec_paramgen_curve:P-384 ;;
	RSA) set -- -pkeyopt rsa_keygen_bits:2048 ;;
	*) set -- ;;
	esac
	openssl genpkey -quiet -algorithm $kind "$@" -out other.key 2>/dev/null
	openssl pkey -in other.key -pubout -out other.pub
	ok "statements by $kind" countersign audit export --store good.db \
	    --format dsse --key other.key -o log.dsse -f
	is "verify" "$("$python" "$SRCDIR/tests/reference/dsse.py" other.pub \
	    credential <log.dsse)" 3
done
ok "statements by P-256" countersign audit export --store good.db \
    --format dsse --key file:operator.key -o log.dsse -f
is "verify" "$("$python" "$SRCDIR/tests/reference/dsse.py" operator.pub \
    credential <log.dsse)" 3
! "$python" "$SRCDIR/tests/reference/dsse.py" other.pub credential \
    <log.dsse >dsse.out 2>&1
report $? "by no other key"
head -n 1 log.dsse | command jq -r .payload | openssl base64 -d -A >body
{
	printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c <body)"
	cat body
} >pae
head -n 1 log.dsse | command jq -r '.signatures[0].sig' |
    openssl base64 -d -A >sig
ok "openssl agrees" openssl dgst -sha256 -verify operator.pub \
    -signature sig pae

# What others wrote reaches no terminal: here words turn text round and clear
# the screen.
ok "a record with escape sequences" \
    "$BUILDDIR/tests/host/bin/auditfill" "$modules" sqlite:odd.db \
    "$vectors/18-claimed-odd.der" "$vectors/17-floor-odd.der"
ok "is listed" countersign audit list --store odd.db
cat out >odd
says "escaped" odd '\u{202E}\u{1B}[2J'
for n in 1 2 3; do
	ok "record $n is shown" countersign audit show --store odd.db $n
	cat out >>odd
done
says "the line of an owners file, too" odd '\u{202E}\u{1B}[2J:7'
ok "checked" countersign audit verify --store odd.db
for format in jsonl dsse; do
	set --
	[ $format = jsonl ] || set -- --key operator.key
	ok "and exported as $format" \
	    countersign audit export --store odd.db --format $format "$@"
	cat out >>odd
done
silent "no escape" odd "$(printf '\033')"
silent "no bidi" odd "$(printf '\342\200\256')"

# The key is gone from the owners file, and the certificate of a CA is of no
# use any more: nobody is asked, and the approvals hold.
ok "a record of a security key" \
    "$BUILDDIR/tests/host/bin/auditfill" "$modules" sqlite:key.db \
    "$vectors/07-claimed-fido2.der"
ok "checked without an owners file" countersign audit verify --store key.db
ok "and by the second reader" second key.db

done_testing

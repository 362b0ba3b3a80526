#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The command as a client of a running server: owners hand in what they sign,
# operators ask and act over the admin socket, with the words that they would
# have for its store.
# shellcheck disable=SC2016,SC2154,SC2317 # words for jq; server.sh's; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
need python3
bob=mailto:bob@corp.example

ok "an instance" new_server i
policy=$(find i -name policy.conf)
sed -i 's/batches = no/batches = yes/' "$policy"
sed -i 's|^}|\tpath "/agent/pair" { groups = {"*"}\n\t\tquorum = 2 }\n}|' "$policy"
new_key bob.key
countersign owners add --key file:bob.key --owner $bob \
    --agents "$base/pair" --no-touch-required --file bob.owners i/owners.d \
    >owner.out
ok "serves" start_server i
ok "secrets of TLS are asked for" env "SSLKEYLOGFILE=$PWD/secrets" \
    "$COUNTERSIGN" status --server "$admin"
[ ! -e secrets ]
report $? "in vain: there is no such file"
store=sqlite:$PWD/$(cd i && find . -name "store.db" | sed "s,^./,i/,")
ok "its store is where it is thought" countersign status --store "$store"
ask() { # NAME: as its agent does, and prints the status
	web /v1/credentials -H 'Content-Type: application/x-pem-file' \
	    -H 'Accept: application/json' --data-binary "@$1.base"
}
sign() {
	countersign sign --key file:alice.key --owner "$alice" --yes \
	    --submit "$url" --server-ca i/ca.pem "$@"
}

# Owners
request mail --owner "$alice"
is "an agent asks" "$(ask mail)" 202
ok "its owner hands in an approval" sign mail.base
says "which the server takes" out "to $url: approved: the agent may fetch it"
is "the agent asks again" "$(ask mail)" 200
ok "and has its credential" jq -e '.x509 | startswith("-----BEGIN CERT")' body
request away --owner "$alice"
is "another" "$(ask away)" 202
ok "is denied" sign --deny --for 1h away.base
says "which the server takes, too" out "denied"
is "for good" "$(ask away)" 403
says "and says so" body '"reason":"denied"'
request early --owner "$alice"
ok "an approval before anybody asked" sign early.base
is "waits for its request" "$(ask early)" 200
request one --owner "$alice"
request two --owner "$alice"
is "one of two" "$(ask one)" 202
is "and two" "$(ask two)" 202
ok "both in one signature" sign --json one.base two.base
ok "are both complete" jq -e '[.submitted[].state] == ["ready", "ready"]' out
is "one" "$(ask one)" 200
is "two" "$(ask two)" 200

# Two owners, he first whom the request names
beside() { # OPTIONS OF SIGN...: bob
	countersign sign --key file:bob.key --owner "$bob" --yes \
	    --submit "$url" --server-ca i/ca.pem "$@"
}
mkdir pair
request pair/pay --owner "$alice"
is "an agent that two have to approve" "$(ask pair/pay)" 202
ok "he who is named" sign pair/pay.base
says "is not enough" out "noted: more owners have to approve"
is "the agent" "$(ask pair/pay)" 202
exits 1 "the other" beside pair/pay.base
says "has to know that he is the other" err "--cosign signs beside"
ok "and does" beside --cosign pair/pay.base
says "which is enough" out "approved: the agent may fetch it"
is "the agent has its credential" "$(ask pair/pay)" 200
jq -r .x509 body | openssl x509 -outform DER -out pay.der
ok "of the one" grep -aq "$alice" pay.der
ok "and the other" grep -aq $bob pay.der
request pair/spend --owner "$alice"
is "another of theirs" "$(ask pair/spend)" 202
ok "may be denied by who is not named" beside --cosign --deny pair/spend.base
is "for good" "$(ask pair/spend)" 403

new_key nobody.key
request other --owner "$alice"
exits 1 "an approval by nobody" countersign sign --key file:nobody.key --yes \
    --owner "$alice" --submit "$url" --server-ca i/ca.pem -o bob.approval \
    other.base
says "is refused" err "unknown-owner-key"
says "not lost" err "bob.approval has it"
exits 1 "a server that nobody trusts" countersign sign --key file:alice.key \
    --yes --owner "$alice" --submit "$url" other.base
says "is told nothing" err "not good for 127.0.0.1"

# Operators: what the server says is what its store has
both() { # VERB WORDS...: of the store, and of the server
	verb=$1
	shift
	# shellcheck disable=SC2086 # "audit list" is two words
	{
		countersign $verb --store "$store" "$@" >of.store &&
		    countersign $verb --server "$admin" "$@" >of.server
	}
}
alike() { # VERB WORDS...
	both "$@" && sed -i '/^store: /d' of.store &&
	    sed -i '/^server: /d' of.server && diff of.store of.server
}
alike_json() { # VERB WORDS...
	both "$@" --json && jq -S 'del(.store)' of.store >a &&
	    jq -S 'del(.server)' of.server >b && diff a b
}
mail=$base/mail
key=$(countersign status --store "$store" --json | jq -r '.denied[0].owner_key')
tbs=$(countersign show --json bob.approval | jq -r '.objects[0].tbs_sha256')
id=$(countersign show --json bob.approval | jq -r '.objects[0].approval_id')
ok "status" alike status
ok "status --json" alike_json status
ok "has credentials" jq -e '(.credentials | length) > 3 and .live > 3 and
    (.denied | length) == 2 and .engine == "sqlite"' b
ok "status of an agent" alike_json status --agent "$mail"
ok "is of that alone" jq -e '[.credentials[].agent] | unique ==
    ["'"$mail"'"]' b
ok "status of an owner" alike_json status --owner "$alice"
ok "status of a key" alike_json status --key "$key"
ok "has something" jq -e '.credentials != [] and .denied != []' b
ok "status of a grant" alike_json status --grant "$tbs"
ok "status of an approval" alike_json status --approval "$id"
ok "has nothing" jq -e '.credentials == []' b
ok "revoke" countersign revoke --server "$admin" --agent "$mail" \
    --reason 'sent mail to "strangers" & ünknown'
says "says what" out "revoked: agent $mail"
says "who, as the kernel knows him" out "by: uid $(id -u)"
says "what it ended" out "credentials ended: "
says "each of them" out ", $mail"
ok "is in the store" countersign status --store "$store" --agent "$mail"
says "with its reason" out 'sent mail to "strangers" & ünknown'
ok "status of what ended" alike_json status --agent "$mail"
ok "it did" jq -e '.credentials[0].state == "ended" and
    .revoked[0].in_force' b
exits 1 "again" countersign revoke --server "$admin" --agent "$mail" \
    --reason again
says "is revoked already" err "revoked"
is "the agent is refused" "$(ask mail)" 403
ok "lift" countersign revoke --server "$admin" --agent "$mail" --lift \
    --reason 'it was a mistake'
says "says what" out "lifted: agent $mail"
exits 1 "again" countersign revoke --server "$admin" --agent "$mail" --lift \
    --reason 'it was a mistake'
ok "revoke a key" countersign revoke --server "$admin" --key "$key" \
    --reason 'stolen' --json
ok "ends all of its" jq -e '.ended > 1 and .ended <= (.credentials | length)
    and .what == "key" and .name == "'"$key"'" and (has("store") | not)' out
ok "revoke an approval" countersign revoke --server "$admin" --approval "$id" \
    --reason 'not known here'
says "of which there was nothing" out "no credential of this store"
ok "revoke a grant" countersign revoke --server "$admin" --grant "$tbs" \
    --reason 'not known here'
ok "revoke an owner" countersign revoke --server "$admin" --owner $bob \
    --reason 'left'
ok "status with all of that" alike_json status

# Its log
ok "audit list" alike 'audit list'
ok "audit list --json" alike_json 'audit list'
ok "audit list of an owner" alike_json 'audit list' --owner "$alice" --last 2
ok "audit show" alike 'audit show' 1
exits 1 "none that is not there" countersign audit show --server "$admin" 9999
ok "audit export" alike 'audit export' --from 2 --to 5
ok "audit verify" countersign audit verify --server "$admin" --json
mv out chain
ok "ends where the store's ends" sh -c '"$0" audit verify --store "$1" --json |
    jq -S "{head, records, approvals}" >a &&
    jq -S "{head, records, approvals}" chain >b && diff a b' \
    "$COUNTERSIGN" "$store"
ok "says what it did not look at" countersign audit verify --server "$admin"
says "the store" out "note: the log alone"
head=$(sed -n 's/^head: //p' out)
ok "a head that was noted" countersign audit verify --server "$admin" \
    --head "$head"
exits 1 "and one that never was" countersign audit verify \
    --server "$admin" --head "${head%%:*}:$(echo "${head#*:}" |
	tr 0-9a-f 1-9a-f0)"

# Long ones come in parts
ok "the end" stop_server
n=250
for i in $(seq $n); do
	countersign revoke --store "$store" --agent "$base/x$i" \
	    --reason "$(printf '%01000d' 7)" >/dev/null || break
done
ok "serves again" start_server i
ok "a list longer than an answer" alike_json status --agent "$base/x$n"
ok "all of it" alike_json status
ok "so long" jq -e ".revoked | length > $n" b
ok "a log longer than an answer" alike_json 'audit list'
ok "is a chain" countersign audit verify --server "$admin"

# A store whose texts are none
damage() { # VALUE
	python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.execute("UPDATE revocation SET reason = " + sys.argv[2] + """
        WHERE number = (SELECT MIN(number) FROM revocation)""")' \
	    "${store#sqlite:}" "$1"
}
issuer() {
	tr ' ' '\n' <"/proc/$server_pid/task/$server_pid/children" | sort
}
issuer >before
ok "bytes that are no text" damage "CAST(x'ff' AS TEXT)"
exits 9 "are none that are told" countersign status --server "$admin"
says "as is said" err "what the store holds is no text"
ok "once they are" damage "'left'"
ok "they are" countersign status --server "$admin"
issuer >after
ok "and nobody ended for them" cmp before after

# One that gives what it likes
fake=
trap 'end_fake; end_server; rm -rf "$top"' EXIT
end_fake() {
	[ -z "$fake" ] || kill "$fake" 2>/dev/null
	fake=
	rm -f fake.sock up
}
gives() { # HEAD EACH [LACKS]
	end_fake
	mkfifo up || return
	python3 "$SRCDIR/tests/regress/hostile-admin.py" fake.sock "$@" >up &
	fake=$!
	read -r there <up && [ "$there" = there ]
}
of_fake() {
	setsid -w timeout 20 "$COUNTERSIGN" "$@" --server fake.sock
}
ok "a log of three records, one by one" gives 3 1
ok "has its end" of_fake audit list
is "behind them" "$(grep -c broken: out)" 3
ok "and so have its last ones" of_fake audit list --last 2
is "which are two" "$(grep -c broken: out)" 2
ok "a log that goes on" gives 3 2
exits 3 "is none" of_fake audit list
says "as it goes on" err "sequence is no number behind the last one"
ok "a log that stops before its end" gives 3 0
exits 1 "is none, either" of_fake audit list
exits 1 "nor up to a number" of_fake audit export --from 1 --to 2
says "which it had to have" err "lacks record 1 of 2"
ok "a log without one of its records" gives 3 3 2
exits 1 "is no whole one" of_fake audit list
says "as it says" err "lacks record 2 of 3"
ok "a log of none" gives 0 1
ok "has none" of_fake audit list
says "and says so" out "no record fits"
end_fake

# Who is not there, and who is no server
ok "it ends" stop_server
exits 9 "nobody there" countersign status --server "$admin"
says "at that socket" err "admin.sock: cannot connect: "
exits 9 "no socket" countersign revoke --server none --agent "$mail" \
    --reason x
says "of that name" err "none: cannot connect: No such file or directory"
exits 2 "neither" countersign status
says "of the two" err "--store or --server is missing"
exits 2 "both" countersign status --store "$store" --server "$admin"
exits 2 "a file and a server" countersign audit verify --file chain \
    --server "$admin"
says "do not go together" err "--file does not go with --server"
done_testing

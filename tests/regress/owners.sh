#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign owners: who may approve what, as a verifier reads it.
# shellcheck disable=SC2016,SC2317 # words for jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

alice=mailto:alice@corp.example
for key in a b c d; do
	new_key $key.key
done
agents='agents="wimse://corp.example/agent/alice"'
{
	echo '# keys of the test'
	anchor $alice "$agents,no-touch-required" a.key
	anchor $alice "$agents" b.key
	echo
	anchor mailto:bob@corp.example \
	    'no-touch-required,shared-key,hardware' c.key
	anchor mailto:bob@corp.example \
	    "$agents,no-touch-required,valid-before=20261201000000Z,revoked=20261101000000Z" \
	    d.key
} >owners

at='--at 2026-11-21T12:00:00Z'
# shellcheck disable=SC2086 # two words
{
	ok "check" countersign owners check $at owners
	cp out checked
	ok "check --json" countersign owners check $at --json owners
	cp out checked.json
	ok "list" countersign owners list $at owners
	cp out listed
	ok "list --json" countersign owners list $at --json owners
	cp out listed.json
}
says "counts" checked "good: owners (keys: 4, warnings: 5)"
says "a touch that no key proves" checked "owners:3: no such key"
is "warns of the right lines" "$(command jq -r '.warnings[] |
    "\(.line) \(.warning)"' checked.json | tr '\n' ,)" \
    "3 touch-missing,5 no-agents,5 shared-key,5 hardware-asserted,6 revoked,"
ok "the same number" jq -e '.ok and .keys == 4 and .path == "owners"' \
    checked.json
is "statuses" "$(command jq -r '.list[].status' listed.json | tr '\n' ,)" \
    "valid,valid,valid,revoked,"
says "in words" listed "status: revoked"
ok "an expired key" countersign owners check --at 2026-12-01T00:00:00Z owners
says "revoked comes first" out "owners:6: the key is revoked"

ok "one owner's keys" countersign owners list --json --owner $alice owners
is "are two" "$(command jq '.list | length' out)" 2
ok "who may approve an agent" countersign owners list --json \
    --agent wimse://corp.example/agent/alice/mail owners
is "three lines name it" "$(command jq -r '.list[].line' out | tr '\n' ,)" \
    2,3,6,
ok "nobody" countersign owners list --agent wimse://corp.example/other owners
says "is said" out "no key fits"
exits 2 "an agent that is none" countersign owners list --agent alice owners

cp owners twice
anchor $alice "$agents" a.key >>twice
exits 3 "a key twice" countersign owners check twice
says "file and line" err "twice:7: key: expected each key once"
says "and the first" err "twice:2"
empty "nothing is good" out
{
	cat owners
	echo "$alice agnets=\"x\" spki AAAA"
} >wrong
exits 3 "an option that is none" countersign owners check wrong
says "file, line, what was meant" err "wrong:7:"
says "did you mean" err "agents"
exits 3 "list refuses it, too" countersign owners list wrong
chmod 666 wrong
exits 9 "others may write" countersign owners check wrong
exits 9 "no file" countersign owners check none

# Every complaint, not the first alone.
{
	cat owners
	echo "$alice agnets=\"x\" spki AAAA"
	echo "$(anchor mailto:Bob@corp.example "$agents" a.key) bad owner"
	anchor $alice "$agents" a.key
	anchor mailto:bob@corp.example "$agents,revoked=20260101" b.key
	printf '%s - spki AAAA \033[2J\n' $alice
} >five
exits 3 "all errors" countersign owners check five
is "in their order" "$(grep -o '^error: five:[0-9]*' err | tr '\n' ,)" \
    "error: five:7,error: five:8,error: five:9,error: five:10,error: five:11,"
says "counted" err "countersign owners check: five: 5 errors"
says "with a did-you-mean" err "five:7: expected OWNER OPTIONS KEYTYPE KEY, \
found an unknown option \"agnets\", did you mean agents?"
says "a key twice, and where" err "five:9: key: expected each key once, \
found the key of five:2"
says "warnings of the good lines stay" err "warning: five:5: no agents"
silent "no control character" err "$(printf '\033')"
empty "nothing is good" out
exits 3 "--json" countersign owners check --json five
is "has the list" "$(command jq -r '.errors[] |
    "\(.file):\(.line) \(.reason)"' out | tr '\n' ,)" "five:7 malformed,\
five:8 bad-identifier,five:9 duplicate,five:10 malformed,five:11 malformed,"
ok "and the failure" jq -e '.ok == false and .status == 3 and
    .path == "five" and .error.reason == "malformed"' out
ok "of a good file it is empty" countersign owners check --json owners
ok "but there" jq -e '.errors == []' out
{
	i=0
	while [ $i -lt 1200 ]; do
		echo "$alice - x AAAA"
		i=$((i + 1))
	done
} >many
exits 3 "many errors" countersign owners check many
says "are all counted" err "many: 1200 errors, not all of which are listed"
is "and not all listed" "$(grep -c '^error: ' err)" 1000
mkdir -m 755 owners.d
head -3 owners >owners.d/a.owners
tail -2 owners >owners.d/b.owners
ok "a directory" countersign owners check owners.d
says "counts all" out "keys: 4"
says "names the file" out "owners.d/b.owners:1: no agents"
tail -1 owners >>owners.d/b.owners
head -2 owners >owners.d/c.owners
chmod 666 owners.d/c.owners
echo x >owners.d/d.owners
exits 3 "errors in several files" countersign owners check --json owners.d
is "all of them" "$(command jq -r '.errors[] | "\(.file) \(.line)"' out |
    tr '\n' ,)" \
    "owners.d/b.owners 3,owners.d/c.owners null,owners.d/d.owners 1,"
rm owners.d/[bd].owners
exits 9 "one that others may write" countersign owners check owners.d
says "says which" err "owners.d/c.owners: mode 0666"

# Authorities: what can be known of them before anybody is refused.
new_ca_config 3
new_key ca.key
openssl req -new -x509 -config ca.cnf -extensions ca -key ca.key -days 30 \
    -out ca.crt
openssl ca -gencrl -config ca.cnf -name authority -cert ca.crt \
    -keyfile ca.key -out ca.crl 2>/dev/null
ca_line() { # OPTIONS
	echo "* $agents,owner-san=\"email:*@corp.example\",$1 x509-ca" \
	    "$(openssl x509 -in ca.crt -outform DER | openssl base64 -A)"
}
warns() { # the stable words, of the call before
	command jq -r '.warnings[].warning' out | tr '\n' ,
}
later() { # DAYS
	date -u -d "$1 days" +%Y-%m-%dT%H:%M:%SZ
}
ca_line 'no-touch-required,crl="ca.crl"' >cas
ok "an authority" countersign owners check --json cas
is "nothing to warn of" "$(warns)" ""
ok "in a week" countersign owners check --json --at "$(later 7)" cas
is "its list has run out" "$(warns)" crl-missing,crl-stale,
ok "in a year" countersign owners check --json --at "$(later 365)" cas
is "and its certificate" "$(warns)" ca-expired,crl-missing,crl-stale,
ok "a year ago" countersign owners check --json --at "$(later -365)" cas
is "neither was valid" "$(warns)" ca-not-yet-valid,crl-missing,crl-stale,
ca_line 'no-revocation,eku=1.3.6.1.5.5.7.3.4' >cas
ok "loose terms" countersign owners check --json cas
is "are told" "$(warns)" touch-missing,other-eku,no-revocation,
{
	ca_line 'no-touch-required,crl="none.crl"'
	echo "$alice - x AAAA"
} >cas
exits 3 "a list that is not there" countersign owners check --json cas
is "is one error of two" "$(command jq -r '.errors[].line' out | tr '\n' ,)" \
    1,2,

exits 2 "owners alone" countersign owners
says "says what there is" err "countersign owners --help"
exits 2 "a second word that is none" countersign owners chekc owners
says "the nearest" err "did you mean check?"
ok "help of the group" countersign owners --help
says "has its verbs" out "owners list"
silent "and no other" out "  sign "
ok "help of one" countersign help owners check
says "its usage" out "countersign owners check"
ok "completion" countersign completion bash
cp out completion.bash
complete_words() { # WORDS...; the last is completed
	bash -c '. ./completion.bash
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	compopt() { :; }
	_countersign; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
complete_words countersign own >out
is "of the first word" "$(cat out)" owners
complete_words countersign owners che >out
is "of the second" "$(cat out)" check
complete_words countersign owners list --ag >out
is "of its options" "$(cat out)" --agent

done_testing

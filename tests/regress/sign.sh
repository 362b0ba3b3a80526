#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign sign: what the owner sees, what the owner answers, what is
# refused before anybody is asked.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl expect jq

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key owner.key
new_key agent.key
countersign request --id $id --key agent.key -o agent.csr \
    --purpose 'sort the mail'
key_hash() { # FILE
	openssl pkey -in "$1" -pubout -outform DER | openssl dgst -sha256 \
	    -binary | openssl base64 -A | tr -d =
}

ok "--yes signs without a question" \
    countersign sign --key file:owner.key --owner $alice --yes agent.csr
says "an approval on standard output" out "-----BEGIN OWNER APPROVAL-----"
mv err page
sed -n '/^[A-Z]/s/ .*//p' page | tr '\n' ' ' >order
is "who, what, where, until, with, and last the agent" "$(cat order)" \
    "REQUEST WHO WHAT WHERE UNTIL WITH AGENT End "
says "who asks" page "WHO asks    $id"
says "by the fingerprint of its key" page "SHA256:$(key_hash agent.key)"
says "what: lifetime" page "for at most 1h"
says "what: uses" page "1 time for each kind"
says "where" page "WHERE       https://corp.example"
says "with which key" page "SHA256:$(key_hash owner.key)"
says "as whom" page "WITH        $alice"
says "the agent's words are fenced" page "| purpose: sort the mail"
silent "no host is marked" page "LOOK OUT"
head -n 1 page >code
code=$(sed 's/REQUEST *//' code)

ok "options" countersign sign --key file:owner.key --owner $alice --yes \
    --authority https://ca.corp.example --for 2h --max-lifetime 1d --uses 3 \
    --purpose 'go ahead' --tbs-out tbs.der -o a.approval --json agent.csr
cp out sign.json
ok "are in the bytes that are signed" countersign show tbs.der --json
cp out tbs.json
ok "all of them" jq -e '.objects[0] | .authority == "https://ca.corp.example"
    and .max_lifetime == 86400 and .max_issuances == 3
    and .purpose == "go ahead" and .owner == "mailto:alice@corp.example"' \
    tbs.json
ok "and --json says the same" jq -e --slurpfile t tbs.json '
    $t[0].objects[0] as $o | .ok and .approval_id == $o.approval_id
    and .not_after == $o.not_after and .not_before == $o.not_before
    and .file == "a.approval" and .tbs_file == "tbs.der"
    and .agent_says.purpose == "sort the mail"' sign.json
ok "the window is what was asked and five minutes" jq -e '.objects[0] |
    ((.not_after | fromdate) - (.not_before | fromdate)) == 7200 + 300' \
    tbs.json
ok "the approval" countersign show a.approval
says "holds these bytes" out \
    "TBS hash: $(openssl dgst -sha256 -r tbs.der | cut -d ' ' -f 1)"

exits 9 "an approval is not overwritten" countersign sign \
    --key file:owner.key --owner $alice --yes -o a.approval agent.csr
exits 9 "nor is a TBS" countersign sign --key file:owner.key \
    --owner $alice --yes --tbs-out tbs.der agent.csr
exits 9 "an approval that cannot be written" countersign sign \
    --key file:owner.key --owner $alice --yes --tbs-out half.der \
    -o no/such/folder agent.csr
[ ! -e half.der ]
report $? "leaves no TBS"
ok "a request from standard input" \
    sh -c '"$COUNTERSIGN" sign --key file:owner.key --owner '$alice' \
	--yes - <agent.csr'
openssl req -in agent.csr -outform DER -out agent.der
ok "a request in DER" countersign sign --key file:owner.key \
    --owner $alice --yes agent.der

# Nobody to ask
exits 7 "without a terminal: approval needed" \
    countersign sign --key file:owner.key --owner $alice --uses 2 agent.csr
empty "nothing signed" out
says "it says so" err "approval needed, request $code"
says "where the request is" err \
    "request saved: $XDG_RUNTIME_DIR/countersign/$code.req"
says "the command for the owner" err "for the owner: countersign sign \
--key file:owner.key --owner $alice --uses 2 \
$XDG_RUNTIME_DIR/countersign/$code.req"
is "the folder is private" \
    "$(stat -c %a "$XDG_RUNTIME_DIR/countersign")" 700
is "the request too" \
    "$(stat -c %a "$XDG_RUNTIME_DIR/countersign/$code.req")" 600
same "and is the request" agent.csr "$XDG_RUNTIME_DIR/countersign/$code.req"
exits 7 "--json says it too" countersign sign --key file:owner.key \
    --owner $alice --json agent.csr
ok "with the command" jq -e --arg c "$code" '(.ok | not) and .status == 7 and
    .error.class == "needed" and .code == $c and
    (.command | startswith("countersign sign --key")) and
    (.saved | endswith($c + ".req"))' out
exits 7 "without a runtime folder" env -u XDG_RUNTIME_DIR setsid -w \
    "$COUNTERSIGN" sign --key file:owner.key --owner $alice agent.csr
says "it is not saved" err "request not saved: XDG_RUNTIME_DIR is not set"
says "the command names the file" err \
    "for the owner: countersign sign --key file:owner.key --owner $alice agent.csr"
mkdir open
chmod 755 open
exits 7 "with a runtime folder that others read" \
    env XDG_RUNTIME_DIR="$PWD/open" setsid -w \
    "$COUNTERSIGN" sign --key file:owner.key --owner $alice agent.csr
says "it is not saved" err "is not a directory of yours alone"
mkdir -m 700 private
ln -s "$top/home" private/countersign
exits 7 "with a link in the folder's place" \
    env XDG_RUNTIME_DIR="$PWD/private" setsid -w \
    "$COUNTERSIGN" sign --key file:owner.key --owner $alice agent.csr
says "it is not saved either" err "request not saved"
openssl pkey -in owner.key -aes128 -passout pass:secret -out locked.key
exits 7 "a passphrase that nobody can be asked for" \
    countersign sign --key file:locked.key --owner $alice --yes agent.csr
says "saves the request too" err "request saved: "
exits 7 "a quote in the owner's words" countersign sign --owner $alice \
    --purpose "it's fine" agent.csr
says "is quoted for the shell" err "--purpose 'it'\"'\"'s fine'"
exits 7 "a command in the owner's words" countersign sign --owner $alice \
    --purpose "x'; touch ran; : '" agent.csr
sed -n 's/^for the owner: countersign/:/p' err >pasted
ok "the command that is shown" sh pasted
[ -s pasted ] && [ ! -e ran ]
report $? "runs nothing else where it is pasted"

# The question
answer() { # what is sent; the status that follows
	on_terminal <<END >terminal
run sign --key file:owner.key --owner $alice -o asked.approval -f agent.csr
asks {Type yes to sign: \$}
send -- "$1"
ended $2
END
}
rm -f asked.approval
answer 'yes\r' 0
report $? "yes signs"
says "the page is on the terminal" terminal "WHO asks    $id"
[ -s asked.approval ]
report $? "the approval is written"
for word in 'no\r' '\r' 'y\r' 'YES\r' 'yes please\r' ' yes\r' '\004'; do
	rm -f asked.approval
	answer "$word" 1
	report $? "'$word' declines"
	[ ! -e asked.approval ]
	report $? "and nothing is written"
done
answer '\003' 130
report $? "Ctrl-C is an interruption"
[ ! -e asked.approval ]
report $? "and nothing is written"
answer 'yes\r' 0

# The command starts once the terminal has echoed the word.
mkfifo go
on_terminal <<END >terminal
spawn -noecho sh -c {read -r word <go; exec "\$COUNTERSIGN" sign --key file:owner.key --owner $alice -o ahead.approval --timeout 2 agent.csr}
send "yes\r"
asks {yes}
exec sh -c {echo go >go}
asks {Type yes to sign: \$}
ended 6
END
report $? "what was typed ahead is no answer, and nobody's answer times out"
[ ! -e ahead.approval ]
report $? "and nothing is written"

on_terminal <<END >terminal
spawn -noecho sh -c {echo yes | "\$COUNTERSIGN" sign --key file:owner.key --owner $alice agent.csr >pipe.approval}
asks {Type yes to sign: \$}
send "no\r"
ended 1
END
report $? "a pipe cannot answer"

# Refused
exits 2 "no owner" countersign sign --key file:owner.key --yes agent.csr
says "is said" err "--owner is missing"
exits 2 "an owner in capitals" countersign sign --key file:owner.key \
    --owner mailto:Alice@corp.example --yes agent.csr
exits 2 "an authority that is none" countersign sign --key file:owner.key \
    --owner $alice --authority corp.example --yes agent.csr
exits 2 "a purpose with an escape" countersign sign --key file:owner.key \
    --owner $alice --purpose "$(printf 'a\033[2J')" --yes agent.csr
# shellcheck disable=SC2059 # the words are octets for printf
for word in '\327\220' 'e\314\201' '\356\200\200' '\360\237\230\200' '\342\200\213'; do
	exits 2 "a purpose with $word" countersign sign --key file:owner.key \
	    --owner $alice --purpose "$(printf "a$word")" --yes agent.csr
	says "is named" err "--purpose: "
done
# shellcheck disable=SC1003 # a backslash
ok "one in letters that are shown" countersign sign --key file:owner.key \
    --owner $alice --purpose "$(printf 'Gr\303\274\303\237e \\\\')" --yes agent.csr
exits 2 "more than a year" countersign sign --key file:owner.key \
    --owner $alice --max-lifetime 366d --yes agent.csr
cp owner.key kept.key
exits 2 "the approval over the key" countersign sign --key file:owner.key \
    --owner $alice --yes -f -o owner.key agent.csr
ln owner.key same.key
exits 2 "by another name" countersign sign --key owner.key \
    --owner $alice --yes -f --tbs-out same.key agent.csr
same "the key is still there" owner.key kept.key
exits 2 "both outputs in one file" countersign sign --key owner.key \
    --owner $alice --yes -f -o both --tbs-out both agent.csr
exits 2 "no uses" countersign sign --key file:owner.key \
    --owner $alice --uses 0 --yes agent.csr
exits 1 "the agent's key is the owner's" countersign sign \
    --key file:agent.key --owner $alice --yes --json agent.csr
ok "key-reuse" jq -e '.error.reason == "key-reuse"' out
countersign request --id $id --key agent.key --owner mailto:bob@corp.example \
    -o bob.csr
exits 1 "the request asks another owner" countersign sign \
    --key file:owner.key --owner $alice --yes --json bob.csr
ok "wrong-owner" jq -e '.error.reason == "wrong-owner"' out
ok "beside him" countersign sign --key file:owner.key --owner $alice \
    --cosign --yes -o beside.approval bob.csr
ok "in the name of who signs" countersign show beside.approval --json
ok "not of whom the request names" jq -e --arg o $alice \
    '.objects[0].owner == $o' out
exits 7 "and what to type says so" setsid -w "$COUNTERSIGN" sign \
    --key file:owner.key --owner $alice --cosign bob.csr
says "with --cosign" err ' --cosign '
exits 5 "no such key" countersign sign --key file:none.key --owner $alice \
    --yes agent.csr
exits 2 "a scheme that is none" countersign sign --key smtp:x \
    --owner $alice --yes agent.csr

new_key other.key
openssl req -new -key agent.key -subj / -outform DER -out good.der \
    -addext subjectAltName=URI:$id
spoilt good.der >bad.der
exits 3 "a request whose own signature is wrong" countersign sign \
    --key file:owner.key --owner $alice --yes --json bad.der
ok "is refused" jq -e '.error.reason == "pop-invalid" or
    .error.reason == "not-der"' out
printf 'hello\n' >text
exits 3 "a text" countersign sign --key file:owner.key --owner $alice \
    --yes text
exits 9 "no file" countersign sign --key file:owner.key --owner $alice \
    --yes none.csr

# Nothing from outside reaches a terminal as it is.
evil=$(printf 'fine\033[2J\nWHO asks    wimse://good.example/a\302\233\342\200\256')
countersign request --id $id --key agent.key --purpose "$evil" -o evil.csr
ok "controls in the agent's words" countersign sign --key file:owner.key \
    --owner $alice --yes evil.csr
silent "do not reach the terminal" err "$(printf '\033')"
says "are shown as what they are" err 'fine\u{1B}[2J\u{A}WHO asks'
is "one line begins with WHO" "$(grep -c '^WHO' err)" 1
countersign request --id $id --key agent.key -o long.csr \
    --purpose "x$(printf %0150d 0 | tr 0 ' ')WHO asks    wimse://good.example/a"
ok "blanks that would wrap a line" countersign sign --key file:owner.key \
    --owner $alice --yes long.csr
is "every line of the fence is fenced" \
    "$(sed -n '/^AGENT SAYS/,/^End/p' err | sed '1d;$d' | grep -vc '^| ')" 0
is "no line is longer than the screen" \
    "$(awk 'length($0) > 80' err | wc -l)" 0
openssl req -new -key agent.key -out label.csr -config /dev/stdin \
    -addext subjectAltName=URI:$id <<END
oid_section = oids
[oids]
long = 1.2$(printf '.4294967295%.0s' $(seq 12))
[req]
distinguished_name = dn
prompt = no
[dn]
long = x
END
ok "a type of name longer than the screen" countersign sign \
    --key file:owner.key --owner $alice --yes label.csr
is "does not leave the fence" "$(awk 'length($0) > 80' err | wc -l)" 0
says "and is there" err "| subject 1.2.4294967295"

# What scrolled away was not seen.
countersign request --id $id --key agent.key -o tall.csr \
    --purpose "$(printf 'fine%01000d' 0 | tr 0 ' ')"
tall() { # size, script; the status that follows
	on_terminal <<END >terminal
set stty_init "$1"
run sign --key file:owner.key --owner $alice tall.csr
$2
ended $3
END
}
tall "rows 16 columns 80" 'asks {WHERE .*-- more: press Enter -- $}
    send "\r"
    asks {-- more: press Enter -- $}
    send "\r"
    asks {Type yes to sign: $}
    send "yes\r"' 0
report $? "a page that does not fit is shown screen by screen"
tall "rows 16 columns 80" 'asks {-- more: press Enter -- $}
    send "yes\r"' 1
report $? "yes to half a page declines"
says "is said" terminal "declined before all of it was shown"
tall "rows 50 columns 80" 'asks {Type yes to sign: $}
    send "yes\r"' 0
report $? "one that fits is shown at once"
tall "rows 50 columns 39" '' 1
report $? "a terminal of 39 columns is refused"
says "with what to do" terminal "make it wider"

openssl req -new -key agent.key -out subject.csr -utf8 \
    -addext subjectAltName=URI:$id \
    -subj "/O=Corp/CN=$(printf 'a, O=Bank\033]0;x\007')"
ok "a subject with controls" countersign sign --key file:owner.key \
    --owner $alice --yes subject.csr
says "is escaped" err '| subject CN: a, O=Bank\u{1B}]0;x\u{7}'
says "one attribute a line" err '| subject O: Corp'
says "the approval is on standard output" out "BEGIN OWNER APPROVAL"
silent "and nothing else is" out "subject"
name=
for i in $(seq 34); do
	name=$name/OU=$(printf '%064d' "$i")
done
openssl req -new -key agent.key -out big.csr \
    -addext subjectAltName=URI:$id -subj "$name"
exits 1 "a subject of more than 2 KiB" countersign sign \
    --key file:owner.key --owner $alice --yes --json big.csr
ok "cannot be shown" jq -e '.error.text | contains("cannot be shown")' out
openssl req -new -key agent.key -out bmp.csr \
    -addext subjectAltName=URI:$id -subj /CN=x -config /dev/stdin <<'END'
[req]
distinguished_name = dn
string_mask = MASK:0x800
[dn]
END
exits 1 "a subject in BMPString" countersign sign \
    --key file:owner.key --owner $alice --yes bmp.csr
says "cannot be shown either" err "the subject cannot be shown"

openssl req -new -key agent.key -subj / -out unread.csr \
    -addext subjectAltName=URI:$id -addext 1.2.3.4=ASN1:NULL
ok "an extension that nobody reads" countersign sign \
    --key file:owner.key --owner $alice --yes unread.csr
says "is counted" err "with other attributes or extensions (1) that nobody"

# Hosts that look like others
lookalike() { # agent's host, what is said
	countersign request --id "wimse://$1/agent/x" --key agent.key \
	    -f -o look.csr
	ok "$1" countersign sign --key file:owner.key --owner $alice --yes \
	    look.csr
	says "$2" err "$2"
}
lookalike c0rp.example 'LOOK OUT    c0rp.example only looks like corp.example'
lookalike corp.exarnple 'LOOK OUT    corp.exarnple only looks like'
lookalike corp.example.evil.test 'corp.example.evil.test begins like'
lookalike xn--crp-ppa.example 'is written in xn-- form'

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign sign with the keys of a real ssh-agent, and what stock ssh-keygen
# makes of the same bytes; agents that are gone, locked, hostile.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need ssh-agent ssh-add ssh-keygen openssl jq expect python3

agents=
trap 'stop_agents; rm -rf "$top"' EXIT
stop_agents() {
	# shellcheck disable=SC2086 # a list
	[ -z "$agents" ] || kill $agents 2>/dev/null
}
# agent SOCKET: a real one; it listens when this is back; $pid is its own
agent() {
	pid=$(ssh-agent -s -a "$1" | sed -n 's/^SSH_AGENT_PID=\([0-9]*\).*/\1/p')
	agents="$agents $pid"
}
# hostile HOW: one that lies, before the agent of this test
hostile() {
	rm -f "$top/hostile" "$top/ready"
	mkfifo "$top/ready"
	python3 "$SRCDIR/tests/regress/hostile-agent.py" "$1" "$top/hostile" \
	    "$SSH_AUTH_SOCK" >"$top/ready" 2>/dev/null &
	agents="$agents $!"
	read -r _ <"$top/ready"
}

alice=mailto:alice@corp.example
id=wimse://corp.example/agent/alice/mail
space=owner-approval@countersign
SSH_AUTH_SOCK=$top/agent
export SSH_AUTH_SOCK
agent "$SSH_AUTH_SOCK"
first=$pid
countersign request --id $id --new-key p256 --key agent.key -o agent.csr

sign() { # KEY [ARGUMENTS]
	named=$1
	shift
	countersign sign --key "ssh-agent:$named" --owner $alice --yes -f \
	    -o approval "$@" agent.csr
}
fingerprint() { # PUBLIC KEY FILE
	ssh-keygen -l -f "$1" | cut -d ' ' -f 2
}
trusts() { # OPTIONS PUBLIC-KEY-FILE
	echo "$alice agents=\"wimse://corp.example/agent/alice\"${1:+,$1} $(cat "$2")" \
	    >owners
	chmod 600 owners
}
verdict() { # [ARGUMENTS]
	cat agent.csr approval >bundle
	countersign verify --owners owners --authority https://corp.example \
	    "$@" bundle
}
# octets FILE N: the Nth OCTET STRING of a PEM file, its content
octets() {
	sed '/^-/d' "$1" | openssl base64 -d >"$1.der"
	openssl asn1parse -inform DER -in "$1.der" |
	    sed -n 's/^ *\([0-9]*\):d=.*hl= *\([0-9]*\) l= *\([0-9]*\) prim: OCTET STRING.*/\1 \2 \3/p' |
	    sed -n "$2p" >place
	read -r at hl l <place
	tail -c +$((at + hl + 1)) "$1.der" | head -c "$l"
}
# armour: a blob as ssh-keygen has it
armour() {
	echo "-----BEGIN SSH SIGNATURE-----"
	openssl base64 -e
	echo "-----END SSH SIGNATURE-----"
}
stock_verify() { # PUBLIC-KEY-FILE
	echo "alice $(cat "$1")" >allowed
	octets approval 1 >tbs
	octets approval 2 | armour >tbs.sig
	ssh-keygen -Y verify -f allowed -I alice -n "$space" -s tbs.sig <tbs
}
# wrap TBS SIG: an approval around ssh-keygen's signature
wrap() {
	sed '/^-/d' "$2" | openssl base64 -d >blob
	cat >cnf <<END
asn1 = SEQUENCE:approval
[approval]
type = OID:1.3.6.1.4.1.32473.53.4.3
value = SEQUENCE:value
[value]
tbs = FORMAT:HEX,OCTETSTRING:$(od -An -v -tx1 "$1" | tr -d ' \n')
blob = FORMAT:HEX,OCTETSTRING:$(od -An -v -tx1 blob | tr -d ' \n')
END
	openssl asn1parse -genconf cnf -noout -out wrapped.der || return
	echo "-----BEGIN OWNER APPROVAL-----"
	openssl base64 -in wrapped.der
	echo "-----END OWNER APPROVAL-----"
}

for kind in "ed25519" "ecdsa -b 256" "ecdsa -b 384" "rsa -b 3072"; do
	file=$(echo "$kind" | tr -d ' -')
	# shellcheck disable=SC2086 # words
	ssh-keygen -q -t $kind -N '' -C "$file of alice" -f "$file"
	ssh-add -q "$file"
	ok "$kind signs, by its comment" sign "$file of alice" \
	    --tbs-out tbs.der
	says "is named" err "key \"$file of alice\" of ssh-agent"
	ok "it is an approval" countersign show approval
	says "in OpenSSH's form" out "carried as: sshsig"
	octets approval 1 >tbs
	same "of the bytes that were shown" tbs tbs.der
	ok "ssh-keygen -Y verify" stock_verify "$file.pub"
	trusts no-touch-required "$file.pub"
	ok "countersign verify" verdict
	says "approves" out "approved: $id by $alice"
	trusts "" "$file.pub"
	exits 1 "not without no-touch-required" verdict
	says "since it proves no touch" out "refused: touch-missing"
	ok "signs, by its fingerprint" sign "$(fingerprint "$file.pub")"
	for hash in sha256 sha512; do
		rm -f tbs.der.sig
		ok "ssh-keygen -Y sign, $hash" ssh-keygen -Y sign \
		    -f "$file.pub" -n "$space" -O hashalg=$hash tbs.der
		wrap tbs.der tbs.der.sig >approval
		trusts no-touch-required "$file.pub"
		ok "is approved, too" verdict
	done
	rm -f tbs.der.sig
	ssh-keygen -q -Y sign -f "$file.pub" -n file tbs.der 2>/dev/null
	wrap tbs.der tbs.der.sig >approval
	exits 1 "but not in another namespace" verdict
	says "malformed" out "refused: malformed"
done

# A signature of other bytes, and of another key
trusts no-touch-required ed25519.pub
sign "ed25519 of alice" >/dev/null 2>&1
cp approval good
octets good 2 >blob.good
octets good 1 | sed 's/corp.example/evil.example/' >tbs.bad
armour <blob.good >blob.sig
wrap tbs.bad blob.sig >approval
exits 1 "a signature of other bytes" verdict
says "does not verify" out "refused: signature-invalid"
rm -f tbs.der.sig
octets good 1 >tbs.der
ssh-keygen -q -Y sign -f ecdsab256.pub -n "$space" tbs.der 2>/dev/null
wrap tbs.der tbs.der.sig >approval
exits 1 "a signature by another key" verdict
says "is invalid" out "refused: signature-invalid"

# Which key
exits 5 "several keys" sign ""
says "are listed" err "4 keys of the agent match"
says "to pick one" err "'ssh-agent:$(fingerprint ed25519.pub)' (Ed25519, \
ed25519 of alice)"
exits 5 "no such key" sign "bob's key"
says "lists those there are" err "$(fingerprint ecdsab256.pub)"
ssh-keygen -q -t ed25519 -N '' -C "ed25519 of alice" -f twin
ssh-add -q twin
exits 5 "two with one comment" sign "ed25519 of alice"
says "are told apart" err "2 keys of the agent match ed25519 of alice"
ok "by fingerprint" sign "$(fingerprint twin.pub)"
ssh-add -q -d twin 2>/dev/null
exits 2 "PSS is not for agents" sign "rsab3072 of alice" --pss
ok "countersign keys" countersign keys --json ssh-agent:
ok "lists them" jq -e '.keys | length == 4 and
    all(.[]; .uri | startswith("ssh-agent:SHA256:"))' out
jq -r '.keys[].uri' out >uris
while read -r uri; do
	ok "$uri signs" sign "${uri#ssh-agent:}"
done <uris

# Its line in an owners file, which is what OpenSSH has
rm -f owners
ok "countersign owners add" countersign owners add --owner $alice \
    --key "ssh-agent:$(fingerprint ed25519.pub)" --no-touch-required \
    --agents wimse://corp.example/agent/alice owners
says "has the key as it is" owners "$(cut -d ' ' -f 1,2 ed25519.pub)"
sign "$(fingerprint ed25519.pub)" >/dev/null 2>&1
ok "which approves" verdict

ok "countersign attach" countersign attach --key agent.key agent.csr approval \
    -o composite.csr
ok "a composite request" countersign verify --owners owners --composite \
    --authority https://corp.example composite.csr
says "is approved" out "approved: $id by $alice"

# Another socket, as that of a forwarded agent
agent "$top/forwarded"
forwarded=$pid
SSH_AUTH_SOCK=$top/forwarded ssh-add -q ed25519
ok "a socket that is named" sign "socket=$top/forwarded;ed25519 of alice"
ok "its only key" sign "socket=$top/forwarded"
ok "without SSH_AUTH_SOCK" env -u SSH_AUTH_SOCK "$COUNTERSIGN" sign --yes \
    --key "ssh-agent:socket=$top/forwarded" --owner $alice -f -o approval \
    agent.csr
exits 5 "no agent at all" env -u SSH_AUTH_SOCK "$COUNTERSIGN" sign --yes \
    --key ssh-agent: --owner $alice agent.csr
says "says so" err "SSH_AUTH_SOCK is not set"
exits 2 "a path that is not absolute" sign "socket=forwarded;x"
exits 5 "no socket" sign "socket=$PWD/agent.csr;x"
says "is no socket" err "it is not a socket"

# An agent that does not want
SSH_ASKPASS=$top/askpass SSH_ASKPASS_REQUIRE=force
export SSH_ASKPASS SSH_ASKPASS_REQUIRE
printf '#!/bin/sh\necho locked\n' >"$SSH_ASKPASS"
chmod 700 "$SSH_ASKPASS"
ssh-add -q -x 2>/dev/null
exits 5 "a locked agent" sign "ed25519 of alice"
says "shows no keys" err "ssh-add -X unlocks the agent"
ssh-add -q -X 2>/dev/null
ok "and signs again, unlocked" sign "ed25519 of alice"
unset SSH_ASKPASS SSH_ASKPASS_REQUIRE
# What it would ask with is what it was started with: nothing that works.
SSH_AUTH_SOCK=$top/forwarded ssh-add -q -D
SSH_AUTH_SOCK=$top/forwarded ssh-add -q -c ed25519
exits 1 "ssh-add -c, and nobody says yes" sign "socket=$top/forwarded"
says "is a no" err "somebody declined"
on_terminal <<END >terminal
run sign --key ssh-agent:socket=$top/forwarded --owner $alice -f agent.csr
asks {Type yes to sign: \$}
exec kill $forwarded
send -- "yes\\r"
ended 5
END
report $? "an agent that ends before it signs"
says "is gone" terminal "agent at $top/forwarded" # as it goes, or after

# Agents that lie
lies() { # HOW STATUS TEXT [ARGUMENTS]
	lie=$1
	status=$2
	text=$3
	shift 3
	hostile "$lie"
	rm -f approval
	exits "$status" "an agent: $lie" sign \
	    "socket=$top/hostile;ed25519 of alice" "$@"
	says "$lie: is found out" err "$text"
	[ ! -e approval ]
	report $? "$lie: nothing is written"
}
lies garbage 5 "the agent"
lies http 5 "an answer of 1213486160 octets"
lies huge 5 "an answer of 4294967295 octets"
lies empty 5 "an answer of 0 octets"
lies many 5 "4294967295 keys"
lies mute 6 "did not answer in time" --timeout 1
lies silent 6 "did not answer in time" --timeout 1
lies short 6 "did not answer in time" --timeout 1
lies long 5 "says more than it was asked"
lies other 5 "does not verify"
lies fails 1 "did not sign"

# A holder's key in an agent, under a grant
new_key owner.key
openssl pkey -in owner.key -pubout -out owner.pub 2>/dev/null
ssh-keygen -e -m PKCS8 -f ecdsab256.pub >holder.pub
anchor $alice 'agents="wimse://corp.example/agent/alice",no-touch-required,grants' \
    owner.key >owners
chmod 600 owners
ok "a grant" countersign sign --key file:owner.key --owner $alice --yes \
    --bind grant=wimse://corp.example/agent/alice --holder holder.pub -o grant
ok "its use, by a key in the agent" countersign sign --yes --under grant \
    --key "ssh-agent:ecdsab256 of alice" -o use agent.csr
ok "carried as sshsig" countersign show use
says "of the holder" out "carried as: sshsig"
cp use approval
ok "is approved" verdict
says "under the grant" out "approved: $id by $alice"
exits 1 "and by no other key" countersign sign --yes --under grant \
    --key "ssh-agent:ed25519 of alice" -o use2 agent.csr
kill "$first"
done_testing

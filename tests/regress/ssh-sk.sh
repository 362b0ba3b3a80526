#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# OpenSSH's keys on security keys, over its agent: made by ssh-keygen, touched,
# and judged by the flags that they sign.
# shellcheck disable=SC2154,SC2317 # set by plug_in; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need openssl ssh-keygen ssh-agent ssh-add

new_key agent.key
countersign request --id "$id" --key agent.key -o agent.csr
SSH_ASKPASS=$top/askpass
SSH_ASKPASS_REQUIRE=force
printf '#!/bin/sh\necho 1234\n' >"$SSH_ASKPASS"
chmod 700 "$SSH_ASKPASS"
export SSH_ASKPASS SSH_ASKPASS_REQUIRE

plug_in one --pin 1234 --cred-protect
# A copy: what is setgid, as Debian's is, cannot be in the bed.
cp "$(command -v ssh-agent)" "$top/ssh-agent"
: >"$top/agent.log" # there before anybody waits for a line of it
# shellcheck disable=SC2086 # a list
"$bed/plug" $ports -- "$top/ssh-agent" -D -a "$top/agent" >>"$top/agent.log" 2>&1 &
echo $! >"$top/agent.pid"
SSH_AUTH_SOCK=$top/agent
export SSH_AUTH_SOCK
logged agent SSH_AUTH_SOCK

# sk TYPE NAME [ARGUMENT...]
sk() {
	type=$1
	name=$2
	shift 2
	in_bed ssh-keygen -q -t "$type" -N '' -C "$name" \
	    -O application="ssh:$rp" "$@" -f "$name" &&
	    ssh-add -q "$name"
}

# line NAME [OPTIONS]: ./owners
line() {
	echo "$alice agents=\"wimse://corp.example/agent/alice\"${2-}" \
	    "$(cat "$1.pub")" >owners
	chmod 600 owners
}

for type in ecdsa-sk ed25519-sk; do
	ok "$type: a key" sk $type $type
	line $type
	forget one
	ok "signs" approves --key "ssh-agent:$type"
	is "with one touch" "$(counted one 'touch wanted')" 1
	approved "is approved" "hardware unproven, touch"
	line $type ,verify-required
	refused "has no PIN to show" verification-missing
	ok "$type: with a PIN" sk $type $type-pin -O verify-required
	line $type-pin ,verify-required
	ok "signs" approves --key "ssh-agent:$type-pin"
	approved "is approved" "hardware unproven, touch and PIN"
	ok "$type: without a touch" sk $type $type-idle -O no-touch-required
	forget one
	ok "signs" approves --key "ssh-agent:$type-idle"
	line $type-idle
	refused "which is missed" touch-missing
	line $type-idle ,no-touch-required
	approved "unless it is not wanted" "hardware unproven, no presence"
done
plug_in one --touch never
late() {
	approves --key "ssh-agent:ecdsa-sk" &
	later=$!
	logged one "touch wanted" && press one
	wait "$later"
}
exits 0 "a touch, late" late
line ecdsa-sk
approved "is approved" "hardware unproven, touch"
plug_in one --fault badsig
rm approval
exits 5 "a signature that is none" approves --key "ssh-agent:ecdsa-sk"
ok "makes no approval" test ! -e approval
done_testing

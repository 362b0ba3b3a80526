#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Security keys that a real ssh-agent holds: a touch is proven, a PIN where the
# key was made to want one, and what is broken stays with the owner.
# shellcheck disable=SC2154,SC2317 # set by plug_in; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need ssh-agent ssh-add ssh-keygen openssl jq expect

# Debian's has a group of its own, for which the loader drops the bed.
cp "$(command -v ssh-agent)" "$top/ssh-agent"
SSH_AUTH_SOCK=$top/agent
export SSH_AUTH_SOCK
printf '#!/bin/sh\necho 1234\n' >"$top/askpass"
chmod 700 "$top/askpass"

# agent: one that sees the security keys, until the next; what it asks is
# answered with the PIN
agent() {
	stop_agent
	: >"$top/agent.log" # the last one's line is not this one's
	# shellcheck disable=SC2086 # a list
	SSH_ASKPASS=$top/askpass SSH_ASKPASS_REQUIRE=force \
	    "$bed/plug" /dev/hidraw9 $ports -- "$top/ssh-agent" -D \
	    -a "$SSH_AUTH_SOCK" >>"$top/agent.log" 2>&1 &
	pid=$!
	timeout 60 tail -n +1 -s 0.01 -f "$top/agent.log" |
	    grep -qm1 SSH_AUTH_SOCK
}
pid=
stop_agent() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	[ -z "$pid" ] || wait "$pid" 2>/dev/null
	rm -f "$SSH_AUTH_SOCK"
	pid=
}
trap 'stop_agent; unplug_all; rm -rf "$top"' EXIT

new_ssh_key() { # FILE [ARGUMENTS]
	file=$1
	shift
	rm -f "$file" "$file.pub"
	SSH_ASKPASS=$top/askpass SSH_ASKPASS_REQUIRE=force in_bed \
	    ssh-keygen -q "$@" -N '' -C "$file of alice" -f "$file" \
	    >"$top/made" 2>&1 || {
		sed 's/^/# /' "$top/made"
		echo "Bail out! no key"
		exit 1
	}
	ssh-add -q "$file" 2>/dev/null
}
sign() { # KEY [ARGUMENTS]
	named=$1
	shift
	countersign sign --key "ssh-agent:$named of alice" --owner "$alice" \
	    --yes -f -o approval "$@" agent.csr
}
believe() { # FILE [OPTIONS]
	echo "$alice agents=\"wimse://corp.example/agent/alice\"${2:+,$2} \
$(cat "$1.pub")" >owners
	chmod 600 owners
}

countersign request --id "$id" --new-key p256 --key agent.key -o agent.csr
plug_in one --pin 1234 --cred-protect
agent
for type in ecdsa-sk ed25519-sk; do
	new_ssh_key $type -t $type
	forget one
	ok "$type signs" sign $type
	is "with one touch" "$(counted one "touch wanted")" 1
	says "for which it asks" err "$type of alice"
	believe $type
	approved "$type: a touch is proven" "hardware unproven, touch"
	believe $type verify-required
	refused "$type: a PIN is not" verification-missing
	believe $type hardware-required
	refused "$type: nor hardware" not-hardware
done
countersign keys --json >list
ok "countersign keys" jq -e '[.keys[] | .presence] == ["as-made", "as-made"]' \
    list

new_ssh_key pin -t ed25519-sk -O verify-required
ok "a key that wants a PIN" sign pin
believe pin verify-required
approved "proves it" "hardware unproven, touch and PIN"

new_ssh_key untouched -t ecdsa-sk -O no-touch-required
ok "a key that wants no touch" sign untouched
says "is told about" err "proves no touch"
believe untouched
refused "and is refused" touch-missing
believe untouched no-touch-required
approved "unless the line says so" "hardware unproven, no presence"

new_ssh_key named -t ecdsa-sk -O application=ssh:approvals
ok "an application of its own" sign named
believe named
approved "is in the key" "hardware unproven, touch"

# A security key cannot be a holder's: nobody has its line.
new_key owner.key
{
	printf '\060\131\060\023\006\007\052\206\110\316\075\002\001\006\010'
	printf '\052\206\110\316\075\003\001\007\003\102\000'
	cut -d ' ' -f 2 ecdsa-sk.pub | openssl base64 -d -A | tail -c 73 |
	    head -c 65
} >holder.der
ok "a grant to a security key" countersign sign --key file:owner.key --yes \
    --owner "$alice" --bind grant=wimse://corp.example/agent/alice \
    --holder holder.der -o grant
forget one
exits 2 "is of no use" countersign sign --yes --under grant \
    --key "ssh-agent:ecdsa-sk of alice" -o use agent.csr
says "and says so" err "the holder of a grant signs with a plain key"
is "before a touch" "$(counted one "touch wanted")" 0

# Nobody touches it
plug_in one --touch never --give-up 300
agent
ssh-add -q ed25519-sk 2>/dev/null
exits 5 "the key gives up" sign ed25519-sk
says "for want of a touch" err "was not touched in time"
plug_in one --touch never
agent
ssh-add -q ed25519-sk 2>/dev/null
rm -f approval
exits 6 "nobody touches it" sign ed25519-sk --timeout 1
[ ! -e approval ]
report $? "and nothing is written"
plug_in one --touch never # the agent waits on, until the key gives up
agent
ssh-add -q ed25519-sk 2>/dev/null
late() {
	sign ed25519-sk &
	late=$!
	logged one "touch wanted" && press one
	wait "$late"
}
forget one
exits 0 "a touch late" late
believe ed25519-sk
approved "is one" "hardware unproven, touch"
plug_in one --touch never
agent
ssh-add -q ed25519-sk 2>/dev/null
rm -f approval
on_terminal <<END >terminal
run sign --key {ssh-agent:ed25519-sk of alice} --owner $alice -o approval \
    agent.csr
asks {Type yes to sign: \$}
send -- "yes\r"
asks {ed25519-sk of alice}
catch {exec timeout 60 tail -n +1 -s 0.01 -f $top/one.log | grep -qm1 wanted}
send "\003"
ended 130
END
report $? "interrupted at the touch"
[ ! -e approval ]
report $? "nothing is written"
plug_in one --touch deny
agent
ssh-add -q ed25519-sk 2>/dev/null
exits 5 "denied on the key" sign ed25519-sk

# What is broken does not leave
for fault in badsig badrp otherkey; do
	plug_in one --fault $fault
	agent
	ssh-add -q ed25519-sk 2>/dev/null
	rm -f approval
	exits 5 "$fault" sign ed25519-sk
	says "$fault is seen" err "does not verify"
	[ ! -e approval ]
	report $? "$fault: nothing is written"
done
unplug one
agent
ssh-add -q ed25519-sk 2>/dev/null
exits 5 "unplugged" sign ed25519-sk
says "is said" err "not plugged in"
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Security keys that are touched late, never, or pulled out: what the owner
# sees, how it ends, and that the key is free for the next one at once.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need openssl expect fido2-cred

new_key agent.key
countersign request --id "$id" --key agent.key -o agent.csr
new_model acme
plug_in one
owner_key "$keys/one" one es256
trusts "$keys/one"

# while_asked KEY COMMAND... -- COMMAND...: the first is done when the key wants
# a touch in the second
meanwhile() {
	key=$1
	act=$2
	shift 2
	"$@" &
	later=$!
	logged "$key" "touch wanted" && "$act" "$key"
	wait "$later"
}

# free NAME: another approval with one touch, at once
free() {
	forget one
	exits 0 "$1" meanwhile one press by one
	is "asked once" "$(counted one 'touch wanted')" 1
	silent "nobody else held it" "$top/one.log" "error 6"
}

plug_in one --touch never
exits 0 "a touch, late" meanwhile one press by one
is "is the only one" "$(counted one 'touch wanted')" 1
approved "is approved" "hardware unproven, touch"

plug_in one --touch 800
exits 0 "a touch after a while" by one
# Of sixty seconds some may be over before it is asked.
says "says what it waits for" err \
    'waiting for touch on "Soft Key 0" (/dev/hidraw0) ... ('
ok "and how long" grep -qE '\.\.\. \((60|5[0-9]) s left' err

# On a terminal
cat >"$top/in-bed" <<END
#!/bin/sh
exec "$bed/plug" $ports -- "$COUNTERSIGN" "\$@"
END
chmod 700 "$top/in-bed"
terminal() {
	COUNTERSIGN=$top/in-bed KEY=$(cat "$top/one.pid") on_terminal
}

plug_in one --touch never
terminal >seen <<'END'
run sign --key fido2:one --yes --owner mailto:alice@corp.example -f \
    agent.csr -o approval
asks {waiting for touch on "Soft Key 0" \(/dev/hidraw0\) ... \((60|5[0-9]) s left}
asks {waiting for touch on "Soft Key 0" \(/dev/hidraw0\) ... \([0-5][0-9] s left}
exec kill -USR1 $env(KEY)
ended 0
END
report $? "a countdown on the terminal"
rm -f approval
forget one
terminal >seen <<'END'
run sign --key fido2:one --yes --owner mailto:alice@corp.example -f \
    agent.csr -o approval
asks {waiting for touch}
send \003
ended 130
END
report $? "Ctrl-C"
is "cancels it on the key" "$(counted one cancelled)" 1
ok "makes no approval" test ! -e approval
free "and the key is free"

# Two programs
second() {
	by one >second.out 2>second.err
	echo $? >second.status
	press "$1"
}
forget one
exits 0 "one program waits for a touch" meanwhile one second by one
is "another is sent away" "$(cat second.status)" 5
says "with the reason" second.err "does another program use it?"
is "one touch in all" "$(counted one 'touch wanted')" 1

# Nobody comes
plug_in one --touch never
rm -f approval
exits 6 "nobody touches it" by one --timeout 2
says "says so" err "nobody touched it in time"
is "it is cancelled on the key" "$(counted one cancelled)" 1
ok "no approval" test ! -e approval
free "the key is free"
plug_in one --touch never --give-up 30
exits 6 "the key gives up by itself" by one
says "says so" err "nobody touched"
plug_in one --touch never --fault mute
exits 6 "a key that cannot be cancelled" by one --timeout 2
plug_in one --touch deny
exits 1 "no at the key" by one
says "told apart" err declined

# Pulled out
plug_in one --touch never
exits 5 "pulled out while it waits" meanwhile one unplug by one
says "says so" err "was unplugged"
plug_in one --touch never --fault unplug
exits 5 "at the touch" by one
says "says so" err "was unplugged"
exits 5 "before it began" by one
says "not there" err "security key"

# Who ends the command, ends the wait on the key.
plug_in one --touch never
# shellcheck disable=SC2016 # for the inner shell
terminated() {
	in_bed sh -c 'echo $$ >"$0"; exec "$@"' "$top/pid" "$COUNTERSIGN" sign \
	    --owner "$alice" --yes -f agent.csr -o approval --key fido2:one &
	later=$!
	logged one "touch wanted" && kill "$(cat "$top/pid")"
	wait "$later"
}
exits 130 "SIGTERM" terminated
is "cancels it on the key" "$(counted one cancelled)" 1
free "and the key is free"

# Of several keys the one that has the credential blinks.
plug_in one
plug_in two
owner_key "$keys/two" two eddsa
plug_in three --u2f --attestation "$model_at/leaf.key,$model_at/leaf.pem"
trusts "$keys/one" "$keys/two"
blinks() { # NAME KEY OTHER...
	blinks=$2
	forget one
	forget two
	forget three
	exits 0 "$1" by "$2"
	shift 2
	is "that one blinks" "$(counted "$blinks" "touch wanted")" 1
	for other; do
		is "and not $other" \
		    "$(grep -cE "touch wanted|up=1" "$top/$other.log")" 0
	done
}
blinks "one of three keys" one two three
blinks "another" two one three
ports=$(echo "$ports" | tr ' ' '\n' | sort -r | tr '\n' ' ')
blinks "in another order" one two three
blinks "the last" two one three
unplug two
blinks "where one does not answer" one three
only three
exits 5 "none of them has it" by one
says "says so" err "hold"
is "and none blinks" "$(grep -cE 'touch wanted|up=1' "$top/three.log")" 0

# U2F
owner_key "$keys/three" three es256 -u
trusts "$keys/three"
plug_in three --u2f --attestation "$model_at/leaf.key,$model_at/leaf.pem" \
    --touch never
exits 0 "a U2F key, touched late" meanwhile three press by three
approved "is approved" "hardware unproven, touch"
exits 6 "never" by three --timeout 2
rm "$keys/three"
done_testing

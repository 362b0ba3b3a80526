#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: bench.sh [--cpu] [--instructions] [--server] [--quick] [--rounds N]
#     [--tsv]
# What countersign costs beside a yardstick that runs in turn with it. A line
# a measurement; without --cpu, --instructions and --server all of it. --quick
# takes less of the server. Ends with 1 when a ratio is over its gate, or when
# something could not be measured.
# shellcheck disable=SC2086,SC2317 # words in $lib, $sign; run by name
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
finished=
need openssl ssh-keygen
# shellcheck source=../regress/softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"
# shellcheck source=../regress/tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
trap 'tpm_stop_all; rm -rf "$top" "$tpms"; [ -n "$finished" ] || exit 1' EXIT
need python3 tpm2_createprimary tpm2_create tpm2_load tpm2_evictcontrol

bin=$BUILDDIR/tests/bench/bin
witnesses=
server=
quick=
rounds=21
tsv=
while [ $# -gt 0 ]; do
	case $1 in
	--cpu | --instructions) witnesses="$witnesses ${1#--}" ;;
	--server) server=yes ;;
	--quick) quick=yes ;;
	--rounds)
		rounds=$2
		shift
		;;
	--tsv) tsv=yes ;;
	*)
		echo "bench.sh: unknown word $1" >&2
		exit 2
		;;
	esac
	shift
done
if [ -z "$witnesses$server" ]; then
	witnesses=' cpu instructions'
	server=yes
fi
case $witnesses in
*instructions*) need valgrind ;;
esac

fail() {
	echo "bench.sh: $*" >&2
	exit 1
}

# What both sides work on: one request, one owner with a key in SoftHSM.
id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
authority=https://corp.example
make_approval() {
	softhsm_token owner
	softhsm_key owner 01 owner EC:prime256v1
	echo 1234 >pin
	chmod 600 pin
	key="pkcs11:token=owner;id=%01$at&pin-source=$PWD/pin"
	new_key agent.key
	$COUNTERSIGN request --id $id --key agent.key -o request
	$COUNTERSIGN sign --key "$key" --owner $alice --for 12h --yes \
	    request -o approval 2>/dev/null || fail "no approval"
	$COUNTERSIGN attach --key agent.key request approval -o composite
	pkcs11-tool --module "$softhsm" --token-label owner --id 01 \
	    --read-object --type pubkey -o owner.spki >"$top/log" 2>&1
	options='agents="wimse://corp.example/agent/alice",no-touch-required'
	echo "$alice $options spki $(openssl base64 -A -in owner.spki)" >owners
	chmod 600 owners
	openssl req -in request -outform DER -out request.der
	openssl req -in composite -outform DER -out composite.der
}

# The same work for other programs, and the least that it takes.
make_yardsticks() {
	ssh-keygen -q -t ecdsa -b 256 -N '' -C '' -f ssh
	echo "alice $(cat ssh.pub)" >allowed
	ssh-keygen -q -Y sign -n bench -f ssh request 2>"$top/log"
	mv request.sig request.sshsig
	openssl pkey -in agent.key -pubout -outform DER -out agent.spki
	openssl dgst -sha256 -sign agent.key -out request.sig request
}

# The owner before a million others, and the index that verifiers map.
make_crowd() {
	cp owners crowd
	"$bin/crowd" 1000000 >>crowd || fail "no crowd"
	$COUNTERSIGN owners compile crowd >"$top/log" 2>&1 ||
	    fail "$(cat "$top/log")"
}

# An owner with a key in a TPM, too.
make_tpm() {
	tpm_start bench
	tools_handle 0x81000010 ecc:ecdsa-sha256 1234
}

# What a server costs has a table of its own, and no gates.
measure_server() {
	sh "$SRCDIR/tests/bench/server.sh" ${quick:+--quick} ${tsv:+--tsv} ||
	    fail "the server could not be measured"
}

if [ -z "$witnesses" ]; then
	measure_server
	finished=yes
	exit 0
fi
make_approval
make_yardsticks
make_crowd
make_tpm
lib="owners request.der composite.der"
keygen="ssh-keygen -Y verify -f allowed -I alice -n bench -s request.sshsig"
verify="$COUNTERSIGN verify --authority $authority composite --owners owners"
among="$COUNTERSIGN verify --authority $authority composite --owners crowd"
vfloor="$bin/vfloor agent.spki request request.sig agent.spki request request.sig"
sign="$COUNTERSIGN sign --key $key --owner $alice --yes request"
p11floor="$bin/p11floor $softhsm owner 1234"
tpm="$COUNTERSIGN sign --key tpm2:handle=0x81000010 --pin-fd 0 --owner $alice --yes request"
tpmfloor="$bin/tpmfloor $TCTI 0x81000010 1234"

# row NAME WITNESS OURS YARDSTICK RATIO GATE
tab=$(printf '\t')
row() {
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>rows
}

# The gate of each line; "-" is only told.
gate_of() {
	case $1 in
	possession) echo 1.7 ;;
	owner | touch | agent) echo 1.15 ;;
	verdict) echo 2.9 ;;
	crowd) echo 1.05 ;;
	verify) echo 0.9 ;;
	verify-crowd) echo 1.1 ;;
	start) echo 1.3 ;;
	sign) echo 1.3 ;;
	# One command more, which nobody sees: it overwrites the PIN.
	tpm) echo 1.5 ;;
	*) echo - ;;
	esac
}

# Instructions of one process, in thousands
count() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" \
	    >valgrind.out 2>valgrind.err || {
		cat valgrind.out valgrind.err >&2
		fail "valgrind $*"
	}
	sed -n 's/^==[0-9]*== Collected : //p' valgrind.err | tail -n 1
}

# Thousands of instructions that one more turn of a test takes
count_each() { # TEST [CROWD]
	few=$(count "$bin/library" "$1" 10 $lib ${2:+"$2"}) || exit 1
	many=$(count "$bin/library" "$1" 60 $lib ${2:+"$2"}) || exit 1
	echo "$(((many - few) / 50000))"
}

row_instructions() { # NAME OURS YARDSTICK
	row "$1" instructions "$2" "$3" "$(awk "BEGIN {
	    printf \"%.3f\", $2 / $3 }")" "$(gate_of "$1")"
}

instructions() {
	raw=$(count_each raw) || exit 1
	for t in possession owner touch agent verdict; do
		ours=$(count_each $t) || exit 1
		row_instructions $t "$ours" "$raw"
	done
	row_instructions crowd "$(count_each crowd crowd)" "$ours"
	ours=$(($(count $verify) / 1000))
	row_instructions verify "$ours" \
	    "$(($(count $keygen <request) / 1000))"
	row_instructions verify-floor "$ours" "$(($(count $vfloor) / 1000))"
	row_instructions verify-crowd "$(($(count $among) / 1000))" "$ours"
	row_instructions start "$(($(count $COUNTERSIGN --version) / 1000))" \
	    "$(($(count "$bin/start") / 1000))"
	row_instructions sign "$(($(count $sign) / 1000))" \
	    "$(($(count $p11floor) / 1000))"
	row_instructions tpm "$(($(count $tpm <pin) / 1000))" \
	    "$(($(count $tpmfloor) / 1000))"
}

row_pairs() { # NAME COMMAND -- COMMAND
	name=$1
	shift
	line=$("$bin/pairs" "$rounds" "$@") || fail "$name"
	row "$name" cpu $line "$(gate_of "$name")"
}

cpu() {
	"$bin/library" time "$rounds" $lib crowd >lines || fail "library"
	while IFS=$tab read -r name ours raw ratio; do
		row "$name" cpu "$ours" "$raw" "$ratio" "$(gate_of "$name")"
	done <lines
	row_pairs verify $verify -- -i request $keygen
	row_pairs verify-floor $verify -- $vfloor
	row_pairs verify-crowd $among -- $verify
	row_pairs start $COUNTERSIGN --version -- "$bin/start"
	row_pairs sign $sign -- $p11floor
	row_pairs tpm -i pin $tpm -- $tpmfloor
}

# One login, one signature.
calls() {
	SPY_MODULE=$softhsm
	SPY_LOG=$PWD/calls
	export SPY_MODULE SPY_LOG
	$COUNTERSIGN sign --owner $alice --yes request --key \
	    "pkcs11:token=owner;id=%01?module-path=$BUILDDIR/tests/p11/.libs/spy.so&pin-source=$PWD/pin" \
	    >approval.2 2>err || fail "$(cat err)"
	for c in C_Login C_Sign; do
		row sign $c "$(grep -c "^$c\$" calls)" 1 \
		    "$(grep -c "^$c\$" calls)" 1
	done
}

# One signature, and the key is asked for once.
commands() {
	between --secret pin
	$tpm >approval.3 2>err <pin || fail "$(cat err)"
	for c in ReadPublic Sign; do
		row tpm $c "$(seen $c)" 1 "$(seen $c)" 1
	done
	between_end
}

: >rows
for w in $witnesses; do
	$w
done
calls
commands
awk -F '\t' -v OFS='\t' '{
	good = $6 == "-" ? "-" : $5 + 0 <= $6 + 0 ? "yes" : "NO"
	print $0, good
	bad += good == "NO"
} END { exit bad != 0 }' rows >table
over=$?
if [ -n "$tsv" ]; then
	cat table
else
	awk -F '\t' '
	BEGIN {
		format = "%-14s %-12s %12s %12s %8s %6s  %s\n"
		printf format, "test", "witness", "ours", "yardstick", \
		    "ratio", "gate", "met"
	}
	{ printf format, $1, $2, $3, $4, $5, $6, $7 }' table
fi
[ -z "$server" ] || measure_server
finished=yes
exit $over

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tap.sh: security keys of tests/fido, and a bed to plug them
# into. A key NAME has its log in $top/NAME.log, what outlives its power in
# $top/NAME.state, and the node that $NAME says.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $top is tap.sh's

bed=$BUILDDIR/tests/fido/bin
[ -x "$bed/plug" ] || {
	echo "1..0 # SKIP built without umockdev"
	exit 0
}
# libfido2's own tools and ssh-keygen need no module of ours.
case $0 in
*/fido2*.sh | */enroll.sh | */emulator.sh)
	[ -e "$BUILDDIR/.libs/signer-fido2.so" ] || {
		echo "1..0 # SKIP built without fido2"
		exit 0
	}
	;;
esac
ports=
TMPDIR=$top
export TMPDIR
trap 'unplug_all; rm -rf "$top"' EXIT

# plug_in NAME [OPTION...]: as tests/fido/bin/softkey has them. Once more with
# the same NAME: the same key, plugged in again or with other options.
plug_in() {
	key=$1
	shift
	[ ! -e "$top/$key.pid" ] || unplug "$key"
	: >"$top/$key.log"
	"$bed/softkey" --log "$top/$key.log" --state "$top/$key.state" "$@" \
	    "$top/$key.sock" >"$top/$key.pid" || {
		echo "Bail out! no security key"
		exit 1
	}
	wire "$key"
}

# wire NAME: gives the key at $top/NAME.sock a node, once
wire() {
	case $ports in
	*"/$1.sock"*) ;;
	*)
		node=/dev/hidraw$(echo "$ports" | grep -o = | wc -l)
		ports="$ports $node=$top/$1.sock"
		eval "$1=$node"
		;;
	esac
}

# Its last word is in its log when this is back, not in that of the next one.
unplug() { # NAME
	! kill "$(cat "$top/$1.pid")" 2>/dev/null || logged "$1" unplugged
	rm -f "$top/$1.pid" "$top/$1.sock"
}

# shellcheck disable=SC2317 # by trap
unplug_all() {
	for pid in "$top"/*.pid; do
		[ ! -e "$pid" ] || kill "$(cat "$pid")" 2>/dev/null
	done
}

# Only these keys are there from now on, whatever was plugged in before.
only() { # NAME...
	ports=
	for key; do
		eval "node=\$$key"
		ports="$ports $node=$top/$key.sock"
	done
}

# in_bed COMMAND...: finds every key that was plugged in, and a mouse. It has no
# terminal: what asks for a PIN reads it from standard input.
in_bed() {
	# shellcheck disable=SC2086 # a list
	setsid -w "$bed/plug" /dev/hidraw9 $ports -- "$@"
}

# A finger on the key.
press() { # NAME
	kill -USR1 "$(cat "$top/$1.pid")"
}

# logged NAME TEXT: waits until the key's log has TEXT, up to a minute
logged() {
	timeout 60 tail -n +1 -s 0.01 -f "$top/$1.log" |
	    grep -qm1 -F -e "$2"
}

# counted NAME TEXT: how many lines of the key's log have TEXT
counted() {
	grep -cF -e "$2" "$top/$1.log"
}

forget() { # NAME: what its log has
	: >"$top/$1.log"
}

# typing LINES COMMAND...
typing() {
	lines=$1
	shift
	printf '%b' "$lines" | "$@"
}

# new_model NAME [AAGUID]: fido-model.sh's, in $top/NAME; its certificate has
# the subject $subject. $model is the option for plug_in.
new_model() {
	model_at=$top/$1
	aaguid=${2:-636f756e7465727369676e2074657374}
	quietly sh "$SRCDIR/tests/regress/fido-model.sh" "$model_at" \
	    "$aaguid" "${subject-}"
	# shellcheck disable=SC2034 # for the script that sources this
	model="--aaguid=$aaguid --attestation=$model_at/leaf.key,$model_at/leaf.pem"
}

# quietly COMMAND...: what a test stands on
quietly() {
	"$@" >"$top/log" 2>&1 || {
		sed 's/^/# /' "$top/log"
		echo "Bail out! $*"
		exit 1
	}
}

# Owners of the tests, their keys made by libfido2's own tools, so that signing
# is tested without enrolment.
rp=approve.corp.example
id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
# shellcheck disable=SC2034 # for the script that sources this
keys=$HOME/.config/countersign/keys

# owner_key FILE KEY TYPE [ARGUMENT...]: a credential of KEY; ARGUMENTs are
# fido2-cred's, and -v has verify-required written, too. The PIN is 1234.
owner_key() {
	file=$1
	eval "node=\$$2"
	type=$3
	shift 3
	require=
	protect=
	case " $* " in
	*" -v "*) require=verify-required, ;;
	esac
	case " $* " in
	*" -c 3 "*) protect="-c 3" ;;
	esac
	printf '%s\n' "$(openssl rand -base64 32)" "$rp" alice YWxpY2U= \
	    >"$top/make.in"
	rm -f "$top/cred" "$top/pub"
	# shellcheck disable=SC2086 # a list
	{
		typing '1234\n' in_bed fido2-cred -M "$@" -i "$top/make.in" \
		    -o "$top/cred" "$node" "$type" &&
		    fido2-cred -V $protect -i "$top/cred" -o "$top/pub" "$type"
	} >"$top/made" 2>&1 || {
		sed 's/^/# /' "$top/made"
		echo "Bail out! no credential"
		exit 1
	}
	mkdir -p "$(dirname "$file")"
	{
		printf '%s %srp-id="%s",credential-id="%s" fido2 %s\n' \
		    "$alice" "$require" "$rp" \
		    "$(sed -n 1p "$top/pub" | tr -d = | tr +/ -_)" \
		    "$(sed '1d; /^-/d' "$top/pub" | tr -d '\n')"
	} >"$file"
}

# trusts FILE... : ./owners, who may approve for alice's agents, with the keys
# of these files
trusts() {
	sed "s|^$alice |&agents=\"wimse://corp.example/agent/alice\",|" "$@" \
	    >owners
	chmod 600 owners
}

# approves ARGUMENT...: an approval of agent.csr, ./approval
approves() {
	in_bed "$COUNTERSIGN" sign --owner "$alice" --yes -f agent.csr \
	    -o approval "$@"
}

# by NAME: whose key it is
by() {
	key=$1
	shift
	approves --key "fido2:$key" "$@"
}

# verdict ARGUMENT...: on agent.csr with ./approval
verdict() {
	cat agent.csr approval >bundle &&
	    countersign verify --owners owners \
		--authority https://corp.example "$@" bundle
}

# approved NAME BITS: by a key of which this is known
approved() {
	exits 0 "$1" verdict
	says "by a key: $2" out "approved: $id by $alice ($2)"
}

# refused NAME REASON ARGUMENT...
refused() {
	refused=$1
	reason=$2
	shift 2
	exits 1 "$refused" verdict "$@"
	says "for its reason" out "refused: $reason"
}

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tap.sh and pg.sh: hosts over the plugin (tests/host/host.c),
# what they are asked, and what must stand in the store afterwards.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $top is tap.sh's, $store the script's

modules=$BUILDDIR/.libs
hosts=$BUILDDIR/tests/host/bin
[ -e "$modules/verifier-owner.so" ] || {
	echo "Bail out! no plugin"
	exit 1
}

# make_store NAME: blank, of engine $engine; $store is its name
make_store() {
	store=sqlite:$top/$1.db
	[ "$engine" = sqlite ] || pg_database "$1"
	"$hosts/left" -n "$modules" "$store" || {
		echo "Bail out! no store"
		exit 1
	}
}

# make_requests DIR ARGUMENT...: as tests/host/make.c has it
make_requests() {
	mkdir "$1"
	"$hosts/make" "$@" || {
		echo "Bail out! no requests"
		exit 1
	}
}

# host_exec LOG OPTION... DIR FROM TO: its words are in LOG.said, its answers in
# LOG; with & behind it $! is the host
host_exec() {
	host_log=$1
	shift
	host_options=
	while [ $# -gt 3 ]; do
		host_options="$host_options $1"
		shift
	done
	# shellcheck disable=SC2086 # words
	exec "$hosts/host" $host_options "$modules" "$store" "$1" "$host_log" \
	    "$2" "$3" >"$host_log.said" 2>&1
}

host() {
	(host_exec "$@")
}

# waits_for FILE TEXT [TIMES [0]]: until TIMES lines of FILE begin with TEXT, up
# to a minute; with 0 those that are to come
waits_for() {
	timeout 60 tail -n "${4-+1}" -s 0.01 -f "$1" | grep -m"${3-1}" "^$2" \
	    >"$top/waited"
	[ "$(wc -l <"$top/waited")" -eq "${3-1}" ]
}

# answered LOG...: the answers that were given whole: TBS KIND SERIAL CREDENTIAL
answered() {
	awk 'NF == 5 && $5 == "." { print $1, $2, $3, $4 }' "$@" | sort -u
}

# twice: those of them that contradict each other
twice() {
	awk '{ key = $1 " " $2; value = $3 " " $4
	    if (key in seen && seen[key] != value) print
	    seen[key] = value }'
}

# holds NAME N LOG...: N approvals were each answered by one credential of each
# kind, all of which are in the store and in its log, and nothing else is
holds() {
	holds_name=$1
	holds_n=$2
	shift 2
	answered "$@" >"$top/answered"
	twice <"$top/answered" >"$top/twice"
	empty "$holds_name: nothing was issued twice" "$top/twice"
	is "$holds_name: everything was answered" \
	    "$(wc -l <"$top/answered")" $((2 * holds_n))
	"$hosts/left" "$modules" "$store" >"$top/left" 2>"$top/err"
	report $? "$holds_name: the log holds together"
	sed 's/^/# /' "$top/err"
	sed -n 's/^claim //p' "$top/left" | sort >"$top/claims"
	cut -d ' ' -f 2- "$top/answered" | sort >"$top/out"
	same "$holds_name: what was answered is what was claimed" \
	    "$top/claims" "$top/out"
	sed -n 's/^stored //p' "$top/left" | sort >"$top/stored"
	sed -n 's/^issued //p' "$top/left" | sort >"$top/issued"
	same "$holds_name: and what the log says" "$top/stored" "$top/issued"
	silent "$holds_name: without a floor" "$top/left" floor
}

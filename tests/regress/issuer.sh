# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tap.sh: an authority that lets one owner, alice, approve agents
# below $base, whose key is a file; the store is the script's.
# shellcheck shell=sh
# shellcheck disable=SC2034 # for the script

# need_sqlite: skips the whole script where a store in SQLite cannot be had
need_sqlite() {
	[ -e "$BUILDDIR/.libs/store-sqlite.so" ] || {
		echo "1..0 # SKIP built without sqlite"
		exit 0
	}
}

# issuer: what it is made of: keys, owners and policy
issuer() {
	authority=https://corp.example
	base=wimse://corp.example/agent
	alice=mailto:alice@corp.example
	id=
	new_key alice.key
	new_key agent.key
	anchor $alice "agents=\"$base\",no-touch-required" alice.key >owners
	echo 'domain "corp.example" { path "/agent" { groups = {"*"} } }' \
	    >policy
	chmod 600 owners policy
}

# approved NAME SIGN-OPTIONS: NAME.csr, a composite request of $base/NAME, or of
# $id where that is set
approved() {
	agent=$1
	shift
	countersign request --id "${id:-$base/$agent}" --purpose "$agent" \
	    --key agent.key -o "$agent.base"
	countersign sign --key file:alice.key --owner "$alice" --yes "$@" \
	    "$agent.base" -o "$agent.approval" 2>/dev/null
	countersign attach --key agent.key "$agent.base" "$agent.approval" \
	    -o "$agent.csr"
}

# claim_in STORE [OPTIONS] FILE
claim_in() {
	in=$1
	shift
	countersign verify --owners owners --authority "$authority" \
	    --policy policy --store "$in" --claim "$@"
}

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A module exports its one symbol; the command links no token library and no
# database's, and what runs in a host's process no more than what it needs.

. "$(dirname "$0")/lint.sh"

modules=$(find "$BUILDDIR/.libs" -name '*.so' 2>/dev/null | sort)

# FILE WANTED: what it exports beyond or short of WANTED
exports() {
	found=$(nm -D --defined-only "$1" | awk '{ print $3 }' | tr '\n' ' ')
	[ "$found" = "$2 " ] || echo "$1 exports '$found', expected '$2 '"
}

check_modules() {
	for m in $modules; do
		name=$(basename "$m")
		case $name in
		verifier-*) exports "$m" countersign_verifier_entry ;;
		keys-*) exports "$m" countersign_keys ;;
		signer-*) exports "$m" countersign_signer ;;
		store-*) exports "$m" countersign_store ;;
		net-http.so) exports "$m" countersign_http ;;
		libcountersign.so) ;; # tests/lint/api.sh
		*) echo "$m is a module of no known kind" ;;
		esac
	done
}

check_needed() {
	for b in "$BUILDDIR/countersign" "$BUILDDIR/tests/bin/countersign"; do
		[ -e "$b" ] || continue
		readelf -d "$b" | awk -v b="$b" '/\(NEEDED\)/ &&
		    /lib(p11|p11-kit|fido2|tss2|cbor|udev|sqlite3|pq|curl|ssl)[-.0-9]/ { print b, $NF }'
	done
}

# All that the loader would bring along, whoever asked for it
check_hosted() {
	for m in $modules; do
		case $(basename "$m") in
		verifier-* | libcountersign.so) ;;
		*) continue ;;
		esac
		ldd "$m" | awk -v m="$m" '
		    /lib(p11|p11-kit|fido2|tss2|cbor|udev|sqlite3|pq|curl|ssl)[-.]/ ||
		    /not found/ { print m, $0 }'
		readelf -d "$m" | grep -q NODELETE ||
		    echo "$m would be lost by dlclose(3)"
	done
}

check_built() {
	if [ -e src/plugin/owner.c ] &&
	    [ ! -e "$BUILDDIR/.libs/verifier-owner.so" ]; then
		echo "verifier-owner.so is missing"
	fi
	if [ -e src/signer/sshagent.c ] &&
	    [ ! -e "$BUILDDIR/.libs/signer-ssh-agent.so" ]; then
		echo "signer-ssh-agent.so is missing"
	fi
	if grep -qx "WITH_FIDO2_TRUE=''" "$BUILDDIR/config.log" &&
	    [ ! -e "$BUILDDIR/.libs/signer-fido2.so" ]; then
		echo "signer-fido2.so is missing"
	fi
	if grep -qx "WITH_TPM2_TRUE=''" "$BUILDDIR/config.log" &&
	    [ ! -e "$BUILDDIR/.libs/signer-tpm2.so" ]; then
		echo "signer-tpm2.so is missing"
	fi
	if grep -qx "WITH_SERVER_TRUE=''" "$BUILDDIR/config.log" &&
	    [ ! -e "$BUILDDIR/.libs/net-http.so" ]; then
		echo "net-http.so is missing"
	fi
	for engine in sqlite postgresql; do
		up=$(echo "$engine" | tr '[:lower:]' '[:upper:]')
		if grep -qx "WITH_${up}_TRUE=''" "$BUILDDIR/config.log" &&
		    [ -e "src/store/$engine.c" ] &&
		    [ ! -e "$BUILDDIR/.libs/store-$engine.so" ]; then
			echo "store-$engine.so is missing"
		fi
	done
	grep -qx "WITH_PKCS11_TRUE=''" "$BUILDDIR/config.log" || return
	for room in keys signer; do
		if [ -e "src/$room/pkcs11.c" ] &&
		    [ ! -e "$BUILDDIR/.libs/$room-pkcs11.so" ]; then
			echo "$room-pkcs11.so is missing"
		fi
	done
}

clean "the modules that were configured are built" "$(check_built)"
clean "each module exports its one symbol" "$(check_modules)"
clean "the command links no token library, no database's and no HTTP" "$(check_needed)"
clean "what a host loads brings no library for tokens or stores along" \
    "$(check_hosted)"
done_testing

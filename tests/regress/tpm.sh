# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tap.sh: TPMs of swtpm, each behind a Unix socket of its own. A
# TPM NAME keeps its state in $tpms/NAME.st and answers at the TCTI that
# tpm_use gives to everybody.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $top is tap.sh's

need openssl swtpm swtpm_ioctl tpm2_getcap
# What others do with a TPM needs no module of ours.
case $0 in
*/tpm-bed.sh) ;;
*)
	[ -e "$BUILDDIR/.libs/signer-tpm2.so" ] || {
		echo "1..0 # SKIP built without tpm2"
		exit 0
	}
	;;
esac

# A socket's name has 107 bytes at most.
tpms=$top
[ ${#top} -lt 80 ] || tpms=$(mktemp -d /tmp/tpm.XXXXXX) || exit 1
TMPDIR=$top
TSS2_LOG=all+none
export TMPDIR TSS2_LOG
trap 'tpm_stop_all; rm -rf "$top" "$tpms"' EXIT

# quietly COMMAND...: what a test stands on
quietly() {
	"$@" >"$top/log" 2>&1 || {
		sed 's/^/# /' "$top/log"
		echo "Bail out! $*"
		exit 1
	}
}

# tpm_start NAME: powers it on, a blank one if it was not there before, and
# uses it
tpm_start() {
	mkdir -p "$tpms/$1.st"
	swtpm socket --tpm2 --tpmstate "dir=$tpms/$1.st" \
	    --server "type=unixio,path=$tpms/$1" \
	    --ctrl "type=unixio,path=$tpms/$1.ctrl" \
	    --flags not-need-init,startup-clear >"$tpms/$1.log" 2>&1 &
	echo $! >"$tpms/$1.pid"
	until swtpm_ioctl --unix "$tpms/$1.ctrl" -c >"$top/log" 2>&1; do
		kill -0 $! 2>/dev/null || {
			sed 's/^/# /' "$tpms/$1.log"
			echo "Bail out! no TPM"
			exit 1
		}
	done
	tpm_use "$1"
}

# tpm_use NAME: it is the TPM from now on, for the tools of others, too
tpm_use() {
	TCTI=swtpm:path=$tpms/$1
	TPM2TOOLS_TCTI=$TCTI
	TPM2OPENSSL_TCTI=$TCTI
	TPM2_PKCS11_TCTI=$TCTI
	export TCTI TPM2TOOLS_TCTI TPM2OPENSSL_TCTI TPM2_PKCS11_TCTI
}

# tpm_stop NAME [-SIGNAL]: what it keeps for good stays; tpm_start powers it on
# again
tpm_stop() {
	tpm_pid=$(cat "$tpms/$1.pid")
	kill "${2:--TERM}" "$tpm_pid"
	wait "$tpm_pid" 2>/dev/null
	rm -f "$tpms/$1.pid" "$tpms/$1" "$tpms/$1.ctrl"
}

# shellcheck disable=SC2317 # by trap
tpm_stop_all() {
	for pid in "$tpms"/*.pid; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null
	done
}

# between [OPTION...]: tests/tpm/between.py lies between the TPM in use and
# countersign, with these options; its log is $seen. What others do is not seen.
between() {
	[ -z "${COUNTERSIGN_TCTI-}" ] || between_end
	liars=$((${liars-0} + 1))
	seen=$tpms/seen.$liars
	: >"$seen"
	python3 "$SRCDIR/tests/tpm/between.py" --log "$seen" "$@" \
	    "$tpms/between.$liars" "${TCTI#*=}" >"$tpms/between.pid" || {
		echo "Bail out! nothing between"
		exit 1
	}
	COUNTERSIGN_TCTI=swtpm:path=$tpms/between.$liars
	export COUNTERSIGN_TCTI
}

between_end() {
	kill "$(cat "$tpms/between.pid")"
	rm "$tpms/between.pid"
	unset COUNTERSIGN_TCTI
}

# let_go: what hangs is answered
let_go() {
	kill -USR1 "$(cat "$tpms/between.pid")"
}

# seen TEXT: how many lines of the log begin with it
seen() {
	grep -c "^$1" "$seen"
}

# awaited TEXT: waits until a line of the log begins with it, up to 20 s
awaited() {
	timeout 20 tail -n +1 -s 0.01 -f "$seen" | grep -qm1 "^$1"
}

# tpm_ca NAME: an authority that certifies endorsement keys, with a root of
# $tpms/NAME.ca/swtpm-localca-rootca-cert.pem and an issuer below it,
# issuercert.pem. $ek_roots is a folder for --ek-roots, $ek_issuer the issuer's
# certificate. swtpm_localca makes all of it for the first TPM.
tpm_ca() {
	need swtpm_setup swtpm_localca certtool
	ca=$tpms/$1.ca
	mkdir "$ca" "$ca/roots"
	cat >"$ca/localca.conf" <<-END
	statedir = $ca
	signingkey = $ca/signkey.pem
	issuercert = $ca/issuercert.pem
	certserial = $ca/certserial
	END
	cat >"$ca/setup.conf" <<-END
	create_certs_tool = $(command -v swtpm_localca)
	create_certs_tool_config = $ca/localca.conf
	create_certs_tool_options = $ca/options
	active_pcr_banks = sha256
	END
	: >"$ca/options"
	tpm_ca_use "$1"
}

tpm_ca_use() { # NAME
	ca=$tpms/$1.ca
	ek_roots=$ca/roots
	# shellcheck disable=SC2034 # for the script that sources this
	ek_issuer=$ca/issuercert.pem
}

# tpm_make NAME: a TPM as a manufacturer delivers it, off: endorsement keys of
# RSA-2048 (0x81010001) and P-384 (0x81010016) with certificates of the last
# tpm_ca in NV (0x01c00002, 0x01c00016). Each time another one.
tpm_make() {
	mkdir "$tpms/$1.st"
	quietly swtpm_setup --tpm2 --tpmstate "$tpms/$1.st" --create-ek-cert \
	    --lock-nvram --config "$ca/setup.conf" \
	    --write-ek-cert-files "$tpms/$1.st"
	cp "$ca/swtpm-localca-rootca-cert.pem" "$ek_roots/root.pem"
}

# tpm_parent HANDLE [ALGORITHM]: a persistent storage key
tpm_parent() {
	quietly tpm2_createprimary -C o -G "${2:-ecc}" -c "$top/parent.ctx"
	quietly tpm2_evictcontrol -C o -c "$top/parent.ctx" "$1"
	tpm_flush
}

# There is no resource manager: what tpm2-tools leave behind stays.
tpm_flush() {
	quietly tpm2_flushcontext --transient-object
	quietly tpm2_flushcontext --loaded-session
	quietly tpm2_flushcontext --saved-session
}

# tpm_handles_left: prints every transient object and session of the TPM
tpm_handles_left() {
	for kind in transient loaded-session saved-session; do
		tpm2_getcap "handles-$kind" || echo "handles-$kind ?"
	done
}

# tpm_clean NAME: nothing is left in the TPM
tpm_clean() {
	tpm_handles_left >"$top/handles" 2>&1
	empty "$1" "$top/handles"
}

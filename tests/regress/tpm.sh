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
*/tpm-bed.sh | */tpm-credential.sh | */tpm2-pkcs11.sh | */tpm2-owners.sh) ;;
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

# awaited TEXT: waits until a line of the log begins with it, up to a minute
awaited() {
	timeout 60 tail -n +1 -s 0.01 -f "$seen" | grep -qm1 "^$1"
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

# Owners of the tests, their keys made by the tools of others, so that signing
# is tested without --new. The PIN is that in ./pin: so long that no command of a
# TPM has it by chance, for `between --secret pin`.
id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_request() {
	new_key agent.key
	quietly "$COUNTERSIGN" request --id "$id" --key agent.key -o agent.csr
	printf '12345678\n' >pin
	chmod 600 pin
}

# tools_create ALGORITHM PARENT [AUTH [ATTRIBUTES]]: ./pub, ./priv and ./NAME.pub
# of a key by tpm2-tools
tools_create() {
	quietly tpm2_create -C "$2" -G "$1" ${3:+-p "$3"} ${4:+-a "$4"} -u pub \
	    -r priv -f pem -o pub.pem
	tpm_flush
}

# tools_key FILE ALGORITHM [AUTH [PARENT [ATTRIBUTES]]]: a key file by tpm2-tools
# below the storage key that others take when there is no persistent one;
# FILE.pub is its public key. -p of tpm2_encodeobject meant the contrary of what
# it says, until it was mended.
tools_key() {
	tools_parent=${4-}
	[ -n "$tools_parent" ] || {
		tools_parent=$top/storage.ctx
		quietly tpm2_createprimary -C o -G ecc -c "$tools_parent" \
		    -a "$storage_attributes"
		tpm_flush
	}
	tools_create "$2" "$tools_parent" "${3-}" "${5-}"
	for flag in "" -p; do
		rm -f "$1"
		# shellcheck disable=SC2086 # none when empty
		quietly tpm2_encodeobject -C "$tools_parent" -u pub -r priv \
		    -o "$1" $flag
		tpm_flush
		openssl asn1parse -in "$1" >"$top/asn1"
		tools_empty=no
		[ -n "${3-}" ] || tools_empty=yes
		grep -q 'BOOLEAN *:0' "$top/asn1" && [ $tools_empty = no ] && break
		grep -q 'BOOLEAN *:0' "$top/asn1" || [ $tools_empty = no ] || break
	done
	mv pub.pem "$1.pub"
	chmod 600 "$1"
}
storage_attributes='fixedtpm|fixedparent|sensitivedataorigin|userwithauth'
storage_attributes="$storage_attributes|restricted|decrypt|noda"

# tools_handle HANDLE ALGORITHM [AUTH [ATTRIBUTES]]: a persistent key by
# tpm2-tools; HANDLE.pub is its public key
tools_handle() {
	quietly tpm2_createprimary -C o -G ecc -c "$top/storage.ctx"
	tpm_flush
	tools_create "$2" "$top/storage.ctx" "${3-}" "${4-}"
	quietly tpm2_load -C "$top/storage.ctx" -u pub -r priv -c "$top/key.ctx"
	quietly tpm2_evictcontrol -C o -c "$top/key.ctx" "$1"
	tpm_flush
	mv pub.pem "$1.pub"
}

# openssl_key FILE ALGORITHM [PKEYOPT...]: a key file by tpm2-openssl; FILE.pub
# is its public key
openssl_key() {
	openssl_file=$1
	case $2 in
	RSA*) openssl_options="-algorithm RSA -pkeyopt bits:2048" ;;
	*) openssl_options="-algorithm EC -pkeyopt group:$2" ;;
	esac
	shift 2
	for option; do
		openssl_options="$openssl_options -pkeyopt $option"
	done
	# shellcheck disable=SC2086 # words
	quietly openssl genpkey -provider tpm2 -provider default \
	    $openssl_options -out "$openssl_file"
	quietly openssl pkey -provider tpm2 -provider default \
	    -in "$openssl_file" -passin file:pin -pubout \
	    -out "$openssl_file.pub"
	chmod 600 "$openssl_file"
	tpm_clean "tpm2-openssl left nothing"
}

# trusts FILE.pub... : ./owners, who may approve for alice's agents
trusts() {
	for public; do
		echo "$alice agents=\"wimse://corp.example/agent/alice\"," \
		    "no-touch-required spki $(openssl pkey -pubin \
		    -in "$public" -pubout -outform DER | openssl base64 -A)" |
		    sed 's/, /,/'
	done >owners
	chmod 600 owners
}

# approves KEY ARGUMENT...: an approval of agent.csr, ./approval
approves() {
	key=$1
	shift
	rm -f approval
	countersign sign --key "tpm2:$key" --owner "$alice" --yes agent.csr \
	    -o approval "$@"
}

# with_pin KEY ARGUMENT...: the same with the PIN that is in ./pin
with_pin() {
	approves "$@" --pin-fd 3 3<pin
}

# verdict ARGUMENT...: on agent.csr with ./approval
verdict() {
	cat agent.csr approval >bundle &&
	    countersign verify --owners owners \
		--authority https://corp.example "$@" bundle
}

# approved NAME
approved() {
	exits 0 "$1" verdict
	says "by a key without presence" out "approved: $id by $alice \
(hardware unproven, no presence)"
}

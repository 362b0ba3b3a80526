#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Every example of the manual pages and the transcript in README, run as they
# stand: each page in a folder of its own, with a fresh SoftHSM, on a terminal.
here=$SRCDIR/tests/regress
for tool in expect softhsm2-util pkcs11-tool openssl; do
	if ! command -v $tool >/dev/null; then
		echo "1..0 # SKIP $tool is not installed"
		exit 0
	fi
done
top=$(mktemp -d) || exit 1
aaguid=2fc0579f811347eab116bb5a8db9202a # as the pages have it
# shellcheck disable=SC2046,SC2317 # numbers; by trap
ended() {
	kill $(sed -n 's/^SSH_AGENT_PID=\([0-9]*\);.*/\1/p' \
	    "$top"/*/agent.env 2>/dev/null) \
	    $(cat "$top/pids" "$top/bin/tpm.pids" 2>/dev/null) 2>/dev/null
	rm -rf "$top"
}
trap ended EXIT
trap 'exit 1' HUP INT TERM
umask 022
count=0

mkdir "$top/bin"
# The other machines of the pages are folders of the home.
cat >"$top/bin/ssh" <<'END'
#!/bin/sh
cd "$HOME/$1" || exit 255
shift
exec setsid -w sh -c "$*"
END
chmod 755 "$top/bin/ssh"
# Behind `setup: security-key` a page's home has one plugged in, for who asks for
# it: the bed hides how large the terminal is.
bed=$BUILDDIR/tests/fido/bin
cat >"$top/bin/countersign" <<END
#!/bin/sh
case " \$* " in
*fido2*)
	[ ! -S "\$HOME/key" ] || exec "$bed/plug" -n "YubiKey 5C" \
	    "/dev/hidraw3=\$HOME/key" -- "$COUNTERSIGN" "\$@"
	;;
esac
exec "$COUNTERSIGN" "\$@"
END
cat >"$top/bin/security-key" <<END
#!/bin/sh
set -e
sh "$SRCDIR/tests/regress/fido-model.sh" "\$HOME/model" $aaguid
mv "\$HOME/model/roots" "\$HOME/fido-roots"
"$bed/softkey" --aaguid $aaguid "\$@" \
    --attestation "\$HOME/model/leaf.key,\$HOME/model/leaf.pem" \
    "\$HOME/key" >>"$top/pids"
END
# Behind `setup: tpm` it has a TPM, with a certificate for its endorsement key.
cat >"$top/bin/tpm" <<'END'
#!/bin/sh
set -e
mkdir "$HOME/tpm" "$HOME/tpm/state" "$HOME/ek-roots"
cd "$HOME/tpm"
printf '%s\n' "statedir = $PWD" "signingkey = $PWD/key.pem" \
    "issuercert = $PWD/issuer.pem" "certserial = $PWD/serial" >ca.conf
: >options
printf '%s\n' "create_certs_tool = $(command -v swtpm_localca)" \
    "create_certs_tool_config = $PWD/ca.conf" \
    "create_certs_tool_options = $PWD/options" >setup.conf
swtpm_setup --tpm2 --tpmstate "$PWD/state" --config "$PWD/setup.conf" \
    --create-ek-cert --lock-nvram
cp swtpm-localca-rootca-cert.pem "$HOME/ek-roots/root.pem"
cp issuer.pem "$HOME/ek-issuer.pem"
swtpm socket --tpm2 --tpmstate "dir=$PWD/state" \
    --server "type=unixio,path=$PWD/tpm" \
    --ctrl "type=unixio,path=$PWD/tpm.ctrl" \
    --flags not-need-init,startup-clear >log 2>&1 &
echo $! >>"$0.pids"
until swtpm_ioctl --unix tpm.ctrl -c >/dev/null 2>&1; do
	kill -0 $!
done
END
# A server of a page, which is on port 8443 there, and here on one that is free.
server=$BUILDDIR/tests/bin/countersign-server
cat >"$top/bin/countersign-server" <<END
#!/bin/sh
if [ "\$1" = init ]; then
	shift
	exec "$server" init --listen 127.0.0.1:0 "\$@"
fi
echo \$\$ >>"$top/pids"
exec "$server" "\$@"
END
cat >"$top/bin/curl" <<END
#!/bin/sh
timeout 60 tail -n +1 -s 0.02 -f server.log | grep -qm1 ': serves '
port=\$(sed -n 's/.*: listens on .*:\([0-9]*\)\$/\1/p' server.log)
exec $(command -v curl || echo no-curl) \\
    --connect-to "localhost:8443:127.0.0.1:\$port" "\$@"
END
chmod 755 "$top/bin/countersign" "$top/bin/security-key" "$top/bin/tpm" \
    "$top/bin/countersign-server" "$top/bin/curl"
PATH=$top/bin:$PATH
LC_ALL=C.UTF-8
TZ=UTC
export PATH LC_ALL TZ
unset SSH_ASKPASS SSH_ASKPASS_REQUIRE SSH_AUTH_SOCK DISPLAY XDG_CONFIG_HOME
unset COUNTERSIGN_TCTI TPM2TOOLS_TCTI
# p11-kit loads tpm2-pkcs11, too: so it gives up at once, as in tap.sh, and what
# it says is left out.
TSS2_LOG=all+none
TPM2_PKCS11_LOG_LEVEL=0
TPM2_PKCS11_BACKEND=fapi
export TSS2_LOG TPM2_PKCS11_LOG_LEVEL TPM2_PKCS11_BACKEND

report() { # ok|not ok, name
	count=$((count + 1))
	echo "$1 $count - $2"
}

# A home with nothing in it but an empty SoftHSM.
home() { # folder
	mkdir -p "$1/work" "$1/tokens" "$1/steps"
	mkdir -m 700 "$1/run"
	printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$1/tokens" \
		>"$1/softhsm2.conf"
	SOFTHSM2_CONF=$1/softhsm2.conf
	HOME=$1
	XDG_RUNTIME_DIR=$1/run
	export SOFTHSM2_CONF HOME XDG_RUNTIME_DIR
}

# What differs from run to run. A countdown has a line of its own, as it stood
# before it was wiped out.
level() { # file
	sed -E -e 's/\r +\r/\n/' -e 's/\r$//' -e 's/(^|\n)[^\n]*\r/\1/g' \
	    -e 's/[ \t]+$//' \
	    -e '/PKCS#11 module .*libtpm2_pkcs11|^ERROR: FAPI /d' \
	    -e "s|$HOME/|/home/alice/|g" \
	    -e 's/20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}Z/TIME/g' \
	    -e 's/SHA256:[A-Za-z0-9+\/]{43}/SHA256:HASH/g' \
	    -e 's/(credential-id=")[A-Za-z0-9_-]+(\.\.\.)?"/\1ID"/g' \
	    -e 's/[A-Za-z0-9+\/]{48,}=*|MFkw\.\.\./BASE64/g' \
	    -e 's/[0-9a-f]{16,}/HEX/g' -e 's/slot [0-9]+/slot N/g' \
	    -e 's/\((60|5[0-9]) s left/(60 s left/' \
	    -e 's/[0-9A-Z]{4}-[0-9A-Z]{2}/CODE/g' "$1" >"$1.level"
}

has_tpm() {
	[ -e "$BUILDDIR/.libs/signer-tpm2.so" ] &&
	    command -v swtpm_setup >/dev/null &&
	    command -v swtpm_localca >/dev/null
}

# One block: its silent setup, then the commands and their output.
block() { # page, home, number
	step=$2/steps/$3
	what="$1: $(cat "$step.name")"
	if grep -q '^security-key' "$step.setup" && [ ! -x "$bed/plug" ]; then
		count=$((count + 1))
		echo "ok $count # SKIP $what: built without umockdev"
		return
	fi
	if grep -q '^countersign-server' "$step.sh" && [ ! -x "$server" ]; then
		count=$((count + 1))
		echo "ok $count # SKIP $what: built without the server"
		return
	fi
	if [ -e "$2/no-tpm" ] || { grep -q '^tpm$' "$step.setup" &&
	    ! has_tpm; }; then
		: >"$2/no-tpm"
		count=$((count + 1))
		echo "ok $count # SKIP $what: no module tpm2, or no swtpm"
		return
	fi
	if ! (cd "$2/work" && sh -e "$step.setup") >"$step.log" 2>&1; then
		sed 's/^/# /' "$step.log"
		report "not ok" "$what: setup"
		return
	fi
	: >"$step.log"
	FAILED=$step.log
	export FAILED
	unset COUNTERSIGN_TCTI TPM2OPENSSL_TCTI
	if [ -S "$2/tpm/tpm" ]; then
		COUNTERSIGN_TCTI=swtpm:path=$2/tpm/tpm
		TPM2OPENSSL_TCTI=$COUNTERSIGN_TCTI
		export COUNTERSIGN_TCTI TPM2OPENSSL_TCTI
	fi
	(cd "$2/work" && expect "$here/examples.exp" "$step.got" "$step.sh") \
		2>>"$step.log" </dev/null
	level "$step.want"
	level "$step.got"
	if [ -s "$step.log" ] ||
	    ! awk -f "$here/compare.awk" "$step.want.level" \
		"$step.got.level" >"$step.log"; then
		sed 's/^/# /' "$step.log" "$step.got"
		report "not ok" "$what"
		return
	fi
	report ok "$what"
}

# The hex of a page against the vector that it names: a file of DER, or the
# approval that a bundle holds.
vector() { # page, VECTOR, HEX
	name=$2 hex=$3
	case $name in *.der)
		test "$hex" = "$(od -An -v -tx1 "$SRCDIR/$name" | tr -d ' \n')"
		return
	esac
	der=$(sed -n '/BEGIN OWNER APPROVAL/,/END OWNER/p' "$SRCDIR/$name" |
	    sed '/-----/d' | openssl base64 -d | od -An -v -tx1 | tr -d ' \n')
	hash=$("$COUNTERSIGN" show "$SRCDIR/$name" |
	    sed -n 's/^ *TBS hash: //p')
	case $hex/$der in
	?????????*/*"$hex"*) grep -q "^$hash\.\$" "$1" ;;
	*) false ;;
	esac
}

page() { # file, 1: plain text
	home=$top/$(basename "$1")
	home "$home"
	awk -v dir="$home/steps" -v plain="$2" -f "$here/examples.awk" "$1"
	n=1
	while [ -e "$home/steps/$n.sh" ]; do
		block "$(basename "$1")" "$home" $n
		n=$((n + 1))
	done
	if [ -e "$home/steps/vector" ]; then
		while read -r name hex; do
			vector "$1" "$name" "$hex" && ok=ok || ok="not ok"
			report "$ok" "$(basename "$1"): the bytes of $name"
			n=$((n + 1))
		done <"$home/steps/vector"
	fi
	if [ -e "$home/steps/unmarked" ]; then
		sed 's/^/# line /' "$home/steps/unmarked"
		report "not ok" "$(basename "$1"): a command that no test runs"
	fi
	[ $n -gt 1 ] || [ -e "$home/steps/elsewhere" ] ||
	    report "not ok" "$(basename "$1") has no example"
}

page "$SRCDIR/README" 1
for file in "$SRCDIR"/man/*.[157]; do
	page "$file" 0
done
echo "1..$count"

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced by regression tests: TAP, a folder and a home of their own, and the
# command as a person types it.
# shellcheck shell=sh

count=0
failed=0
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$top/home" "$top/work"
mkdir -m 700 "$top/run"
HOME=$top/home
XDG_RUNTIME_DIR=$top/run
LC_ALL=C.UTF-8
TZ=UTC
export HOME XDG_RUNTIME_DIR LC_ALL TZ
unset XDG_CONFIG_HOME SSH_ASKPASS SSH_ASKPASS_REQUIRE DISPLAY WAYLAND_DISPLAY
unset SSH_AUTH_SOCK SSH_AGENT_PID COUNTERSIGN_TCTI TPM2TOOLS_TCTI
# Where tpm2-pkcs11 is installed p11-kit loads it everywhere: so it gives up at
# once, looks for no TPM of this machine, and leaks nothing.
TPM2_PKCS11_BACKEND=fapi
export TPM2_PKCS11_BACKEND
umask 022
cd "$top/work" || exit 1

# Without a terminal: what is asked needs one of its own (see on_terminal).
countersign() {
	setsid -w "$COUNTERSIGN" "$@"
}

# jq -e calls no input at all true; here no output is a failure.
jq() {
	answer=$(command jq "$@") && [ -n "$answer" ] && echo "$answer"
}

report() { # passed or not (0, 1), name
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=$((failed + 1))
	fi
}

# ok NAME COMMAND...: ends with 0
ok() {
	name=$1
	shift
	exits 0 "$name" "$@"
}

# exits STATUS NAME COMMAND...: ends so; leaves ./out and ./err, and may read
# those of the command before
exits() {
	want=$1
	name=$2
	shift 2
	"$@" >out.new 2>err.new </dev/null
	got=$?
	mv out.new out
	mv err.new err
	[ "$got" -eq "$want" ]
	report $? "$name"
	[ "$got" -eq "$want" ] || {
		echo "# expected status $want, got $got: $*"
		sed 's/^/# /' out err
	}
}

# says NAME FILE TEXT: a line of FILE holds TEXT
says() {
	grep -qF -e "$3" "$2"
	report $? "$1"
	grep -qF -e "$3" "$2" || {
		echo "# no '$3' in $2:"
		sed 's/^/# /' "$2"
	}
}

# silent NAME FILE TEXT: no line of FILE holds TEXT
silent() {
	! grep -qF -e "$3" "$2"
	report $? "$1"
}

# unseen NAME FILE WORD: WORD, of letters and digits, stands nowhere in FILE by
# itself. As a part of a serial, a hash or a path of chance it may.
unseen() {
	[ -s "$2" ] && ! grep -Eq "(^|[^0-9A-Za-z])$3([^0-9A-Za-z]|\$)" "$2"
	report $? "$1"
}

# empty NAME FILE
empty() {
	[ ! -s "$2" ]
	report $? "$1"
	[ ! -s "$2" ] || sed 's/^/# /' "$2"
}

# same NAME FILE FILE: byte for byte
same() {
	cmp -s "$2" "$3"
	report $? "$1"
}

# is NAME GOT WANTED
is() {
	[ "$2" = "$3" ]
	report $? "$1"
	[ "$2" = "$3" ] || echo "# expected '$3', got '$2'"
}

# need PROGRAM...: skips the whole script where one is not installed
need() {
	for program; do
		command -v "$program" >/dev/null || {
			echo "1..0 # SKIP $program is not installed"
			exit 0
		}
	done
}

# new_ca_config DAYS: ca.cnf and the files of an authority of openssl ca, whose
# revocation lists are good for so long. Scripts add their leaves to ca.cnf.
new_ca_config() {
	cat >ca.cnf <<END
[req]
distinguished_name = dn
prompt = no
[dn]
CN = CA
[ca]
subjectKeyIdentifier = hash
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[authority]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = $1
END
	: >index.txt
	echo 01 >crlnumber
}

# new_key FILE [CURVE]: a key as openssl makes it
new_key() {
	openssl genpkey -algorithm EC -out "$1" \
	    -pkeyopt "ec_paramgen_curve:${2:-P-256}" 2>/dev/null
}

# anchor OWNER OPTIONS KEY: a line of an owners file, by openssl alone
anchor() {
	echo "$1 $2 spki $(openssl pkey -in "$3" -pubout -outform DER |
	    openssl base64 -A)"
}

# on_terminal SCRIPT: an expect script, with `run ARGS...` to start the command
# on a terminal of its own and `ended STATUS` to wait for its end
on_terminal() {
	{
		cat <<'END'
set timeout 120
set stty_init "rows 50 columns 80"
proc run {args} {
	eval spawn -noecho [list $::env(COUNTERSIGN)] $args
	set ::spawn_id $spawn_id
}
proc ended {want} {
	expect { eof {} timeout { puts "no end"; exit 1 } }
	set w [wait]
	if {[lindex $w 2] != 0 || [lindex $w 3] != $want} {
		puts "ended with $w, not $want"
		exit 1
	}
}
proc asks {what} {
	expect {
		-re $what {}
		timeout { puts "no question $what"; exit 1 }
		eof { puts "ended without $what"; exit 1 }
	}
}
END
		cat
	} | setsid -w expect -
}

# spoilt FILE: it with another last octet, whichever that was
spoilt() {
	head -c -1 "$1"
	# shellcheck disable=SC2059 # an octet in octal
	printf "\\$(printf %03o $(($(tail -c 1 "$1" | od -An -tu1) ^ 1)))"
}

# sampled: is this case of a long loop asked about? Of N, one by chance, where a
# sanitizer is too slow for all: $SAMPLE=N, as tests/unit/sample.h has it.
sample=${SAMPLE_SEED:-20261122}
sampled() {
	[ "${SAMPLE:-1}" -gt 1 ] || return 0
	sample=$(((sample * 1103515245 + 12345) % 2147483648))
	[ $((sample / 65536 % SAMPLE)) -eq 0 ]
}

done_testing() {
	echo "1..$count"
	exit $((failed != 0))
}

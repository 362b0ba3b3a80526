#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Words that may not stand in the sources, and the one place that says yes.

. "$(dirname "$0")/lint.sh"

all=$(find src -name '*.[ch]' | sort)
libs=$(echo "$all" | grep -vE '^src/(tool/|server/main\.c$)')

# calls NAMES FILES: calls of any of NAMES (an ERE) in FILES
calls() {
	names=$1
	shift
	[ $# -eq 0 ] || code "$@" |
	    grep -E ":.*(^|[^A-Za-z0-9_.>])($names)[[:space:]]*\\("
}

# without PATTERN LIST: the list's members that do not match
without() {
	echo "$2" | grep -vE "$1"
}

# Everything that can say yes: any mention that is no comparison and no label.
grants() {
	# shellcheck disable=SC2086 # a list of names without blanks
	code $all | grep -E '(^|[^A-Za-z0-9_])CS_APPROVED([^A-Za-z0-9_]|$)' |
	    grep -vE '([=!]= *CS_APPROVED|CS_APPROVED *[=!]=|case CS_APPROVED)' |
	    grep -v '^src/verify/verify\.h:[0-9]*:enum cs_state {'
}

check_grants() {
	# shellcheck disable=SC2086 # a list of names without blanks
	[ -e src/verify/verify.c ] || return
	n=$(grants | wc -l)
	if [ "$n" -ne 1 ] || ! grants | grep -q \
	    '^src/verify/verify\.c:[0-9]*:.*[^=!]= CS_APPROVED;$'; then
		echo "expected one 'x = CS_APPROVED;', in src/verify/verify.c"
		grants
	fi
}

# Text of ours, whether or not this is a git tree and whatever was built in it
texts() {
	find README NEWS HACKING SECURITY Makefile.am configure.ac autogen.sh \
	    m4/countersign.m4 src man tests contrib .ci -type f \
	    ! -name '*.o' ! -name '*.lo' ! -name '*.la' ! -name '*.log' \
	    ! -name '*.trs' ! -path '*/bin/*' ! -path '*/.libs/*' \
	    ! -path '*/.deps/*' ! -path '*/corpus/*' 2>/dev/null | sort
}

# shellcheck disable=SC2046,SC2086 # lists of names without blanks
{
clean "no call that cannot be made safe" "$(calls \
    'strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|strtok_r|alloca|strncpy|strncat|sscanf|scanf|tmpnam|tempnam|mktemp' \
    $all)"
clean "no number parsed without its end and its range" \
    "$(calls 'atoi|atol|atoll|atof' $all)"
clean "no letter, no digit and no order by the locale" "$(calls \
    'strn?casecmp|strcasestr|strcoll|strxfrm|strtod|(is|to)(alpha|alnum|digit|xdigit|space|blank|print|graph|punct|cntrl|upper|lower)' \
    $all)"
clean "no shell" "$(calls 'system|popen|wordexp|execlp|execvp|execvpe' $all)"
clean "the environment is read in tool/ alone" \
    "$(calls 'getenv|secure_getenv|setenv|putenv' $libs)"
clean "memcmp in base/ and fmt/ alone, where bytes are public" "$(calls \
    'memcmp|bcmp' $(without '^src/(base|fmt)/' "$all"))"
clean "libraries do not print" "$(calls \
    'printf|vprintf|fprintf|vfprintf|puts|fputs|putchar|putc|fputc|perror|warn|warnx|syslog|dprintf' \
    $(without '^src/(base/(opt|complete)|server/log)\.c$' "$libs"))"
clean "libraries do not end the process" "$(calls \
    'exit|_exit|_Exit|abort|err|errx' $(without '^src/net/process\.c$' "$libs"))"
clean "time and randomness are parameters of verify/ and fmt/" "$(calls \
    'time|gettimeofday|clock_gettime|getrandom|getentropy|rand|random|cs_time_now' \
    $(echo "$all" | grep -E '^src/(verify|fmt)/'))"
clean "EVP in crypt/ and keys/pkcs11.c alone, and what TLS is given in net/tls" \
    "$(calls '(EVP|X509|PEM|RSA|EC|ECDSA|CMS|ASN1|d2i|i2d)_[A-Za-z0-9_]*' \
    $(without '^src/(crypt/|keys/pkcs11\.c|net/tls\.c)' "$all"))"
clean "one statement says yes" "$(check_grants)"
clean "nothing left for later" "$(grep -nwE \
    'TO[D]O|FIX[M]E|XX[X]|HAC[K]' $(texts))"
clean "no path of the machine it was written on" "$(grep -nE \
    '(^|[^A-Za-z0-9_.$}])/(wor[k]|roo[t]|User[s]|tmp/[a-z])/' $(texts))"
clean "no host that packages came from" \
    "$(grep -nE '"resolve[d]":' $(texts))"
}
done_testing

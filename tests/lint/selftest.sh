#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A lint that cannot fail is none: each gets a small clean tree, which must
# pass, and the same tree with one fault, which it must name.

. "$(dirname "$0")/lint.sh"

tree=$(mktemp -d "${TMPDIR:-/tmp}/countersign-lint.XXXXXX") || exit 99
trap 'rm -rf "$tree"' EXIT
trap 'exit 99' INT TERM

# A tree in which every lint is content
plant() {
	rm -rf "$tree"
	mkdir -p "$tree/src/base" "$tree/src/verify" "$tree/src/fmt" \
	    "$tree/tests" "$tree/man" "$tree/.libs"
	echo "WITH_PKCS11_TRUE='#'" >"$tree/config.log"
	printf '%s\n' '#ifndef CS_BASE_A_H' '#define CS_BASE_A_H' \
	    '#include <stddef.h>' 'size_t cs_a(void);' '#endif' \
	    >"$tree/src/base/a.h"
	printf '%s\n' '#include "base/a.h"' 'size_t' 'cs_a(void)' '{' \
	    '	return 0;' '}' >"$tree/src/base/a.c"
	printf '%s\n' '#include "base/a.h"' 'int' 'cs_v(void)' '{' \
	    '	int state;' '	state = CS_APPROVED;' '	return state;' '}' \
	    >"$tree/src/verify/verify.c"
	plant_man
	plant_library
	plant_tests
}

# One function of the library
plant_library() {
	mkdir -p "$tree/src/include/countersign" "$tree/src/lib" \
	    "$tree/tests/unit" "$tree/contrib"
	echo 'countersign_a();' >"$tree/tests/unit/library.c"
	: >"$tree/contrib/verify-example.c"
	printf '%s\n' '#ifndef COUNTERSIGN_COUNTERSIGN_H' \
	    '#define COUNTERSIGN_COUNTERSIGN_H' '#define COUNTERSIGN_API' \
	    'COUNTERSIGN_API int countersign_a(' '    void);' '#endif' \
	    >"$tree/src/include/countersign/countersign.h"
	printf '\tcountersign_a;\n' >"$tree/src/lib/libcountersign.map"
	printf '%s\n' '.Nm countersign_a' '.Ft int' '.Fo countersign_a' \
	    '.Fa void' '.Fc' >"$tree/man/countersign.3"
	plant_plugin
}

# One call of the plugins, and one number
plant_plugin() {
	printf '%s\n' '#ifndef COUNTERSIGN_VERIFIER_H' \
	    '#define COUNTERSIGN_VERIFIER_H' 'enum countersign_b {' \
	    '	COUNTERSIGN_B = 1' '};' \
	    'typedef struct countersign_verifier {' '	int (*open)(void);' \
	    '} countersign_verifier;' '#endif' \
	    >"$tree/src/include/countersign/verifier.h"
	printf '%s\n' '.Bd -literal -compact' 'int open(void);' '.Ed' \
	    '.Ss countersign_verifier' '.It Va open' '.It Dv COUNTERSIGN_B' \
	    >"$tree/man/countersign-verifier.3"
}

# A script that is listed, one that it sources, and a program of two files
plant_tests() {
	mkdir "$tree/tests/regress"
	# shellcheck disable=SC1003 # make's own words
	printf '%s\n' 'UNIT_TESTS += tests/unit/bin/library' \
	    'tests_unit_bin_library_SOURCES = tests/unit/library.c \' \
	    '	tests/unit/bed.c' 'REGRESS_TESTS += \' \
	    '	tests/regress/a.sh' >"$tree/tests/Makefile.inc"
	: >"$tree/tests/unit/bed.c"
	# shellcheck disable=SC2016 # the script's own words
	echo '. "$SRCDIR/tests/regress/tap.sh"' >"$tree/tests/regress/a.sh"
	: >"$tree/tests/regress/tap.sh"
}

# One verb, one page, one reason; the command prints what files say.
plant_man() {
	printf '%s\n' '#ifndef CS_FMT_REASON_H' '#define CS_FMT_REASON_H' \
	    'enum cs_reason {' '	CS_R_NONE = 0,' '	CS_R_NOT_DER,' \
	    '	CS_R_END' '};' '#endif' >"$tree/src/fmt/reason.h"
	printf '%s\n' '.Ss Reasons' '.It Cm not-der' '.Sh SEE ALSO' \
	    >"$tree/man/countersign-exit.7"
	echo '.It Cm sign' >"$tree/man/countersign.1"
	printf '%s\n' '.Sh SYNOPSIS' '.Op Fl o Ar file' '.Sh DESCRIPTION' \
	    '.It Fl o , -out Ar file' >"$tree/man/countersign-sign.1"
	mkdir -p "$tree/src/server"
	printf '%s\n' 'static const cs_conf_word words[] = {VALUE("listen"),' \
	    '    END};' >"$tree/src/server/conf.c"
	echo '.It Ic listen' >"$tree/man/countersign-server.conf.5"
	printf '%s\n' 'verbs:' '  sign         sign it' >"$tree/verbs"
	echo '  -o, --out FILE  where' >"$tree/options"
	# shellcheck disable=SC2016 # the command's own words
	printf '%s\n' '#!/bin/sh' 'd=$(dirname "$0")' 'case $1 in' \
	    '--help) cat "$d/verbs" ;;' '*) cat "$d/options" ;;' 'esac' \
	    >"$tree/command"
	chmod +x "$tree/command"
}

lint() {
	SRCDIR=$tree BUILDDIR=$tree COUNTERSIGN=$tree/command \
	    sh "$LINTDIR/$1.sh" 2>&1
}

# accepts LINT: content with the clean tree
accepts() {
	plant
	if found=$(lint "$1"); then
		found=
	fi
	clean "$1 passes a clean tree" "$found"
}

# refuses LINT FILE WORD TEXT: the lint fails, naming WORD, once TEXT is
# appended to FILE
refuses() {
	plant
	mkdir -p "$(dirname "$tree/$2")"
	printf '%s\n' "$4" >>"$tree/$2"
	if found=$(lint "$1"); then
		found="passed: $found"
	elif echo "$found" | grep -v '^not ok' | grep -q -- "$3"; then
		found=
	fi
	clean "$1 finds $3 in $2" "$found"
}

lines() {
	awk -v n="$1" 'BEGIN { while (n-- > 0) print "\tx();" }'
}

# body NAME N: a function with N lines in its body
body() {
	printf 'int\n%s(void)\n{\n%s\n}\n' "$1" "$(lines "$2")"
}

for l in layers listed size headers bans exports man api; do
	accepts $l
done

refuses layers src/base/a.c 'may not include tool' \
    '#include "tool/term.h"'
refuses layers src/verify/verify.c 'may not include signer' \
    '#include "signer/signer.h"'
refuses layers src/tool/x.c 'may not include net' \
    '#include "net/http.h"'
refuses layers src/base/a.c 'openssl/evp.h' \
    ' # include <openssl/evp.h>'
refuses layers src/tool/x.c 'p11-kit/uri.h' \
    '#include <p11-kit/uri.h>'
refuses layers src/base/a.c 'zlib.h (unknown)' \
    '#include <zlib.h>'
refuses layers src/base/a.c 'write room/header.h' \
    '#include "../base/a.h"'
refuses layers src/util/x.c 'src/util/ is not in the table' ''
refuses listed tests/regress/b.sh 'regress/b.sh is no test' 'done_testing'
refuses listed tests/host/b.sh 'host/b.sh is no test' \
    '# tests/regress/a.sh sources b.sh'
refuses listed tests/unit/b.c 'unit/b.c is part of no program' 'int b;'
refuses listed tests/unit/bed.c 'bed.c is no test, and has a main' 'int
main(void)'
refuses size src/base/a.c 'cs_long() has 81 lines' "$(body cs_long 78)"
refuses size src/tool/x.c 'main() has 41 lines' "$(body main 38)"
refuses size src/base/a.c 'a.c has 706 lines' "$(lines 700)"
refuses size src/base/a.c 'int cs_b(void) {' \
    'int cs_b(void) {
}'
refuses headers src/base/b.h 'does not compile alone' \
    '#ifndef CS_BASE_B_H
#define CS_BASE_B_H
uint8_t cs_b(void);
#endif'
refuses headers src/base/b.h 'does not compile alone' \
    '#ifndef CS_BASE_B_H
#define CS_BASE_B_H
int cs_b(int class);
#endif'
refuses headers src/base/b.h 'expected the guard CS_BASE_B_H' \
    '#ifndef B_H
#define B_H
#endif'

header=src/include/countersign/countersign.h
refuses api $header 'the header alone: int countersign_b(void)' \
    'COUNTERSIGN_API int countersign_b(void);'
refuses api man/countersign.3 'the manual alone: int countersign_b(void)' \
    '.Nm countersign_b
.Ft int
.Fo countersign_b
.Fa void
.Fc'
refuses api src/include/countersign/verifier.h COUNTERSIGN_C \
    '	COUNTERSIGN_C = 2'
refuses api man/countersign-verifier.3 'the manual alone: countersign_verifier' \
    '.It Va close'
refuses api src/lib/libcountersign.map 'the script alone: countersign_b' \
    '	countersign_b;'

plant
: >"$tree/tests/unit/library.c"
found=$(lint api)
if echo "$found" | grep -A 1 '^not ok .* a test calls every function' |
    grep -qx '# countersign_a'; then
	found=
fi
clean "api finds a function that no test calls" "$found"

# bans FILE LINE: a word that may not stand there
bans() {
	refuses bans "$1" "${2%%[!A-Za-z0-9_]*}" "$2"
}
bans src/base/a.c 'strcpy(a, b);'
bans src/base/a.c 'sprintf (a, b);'
bans src/base/a.c 'alloca(n);'
bans src/tool/x.c 'atoi(s);'
bans src/base/a.c 'strncasecmp(a, b, n);'
bans src/tool/x.c 'toupper(c);'
bans src/tool/x.c 'system(s);'
bans src/tool/x.c 'popen(s, "r");'
bans src/base/a.c 'getenv("HOME");'
bans src/signer/x.c 'memcmp(a, b, n);'
bans src/tool/x.c 'memcmp(a, b, n);'
bans src/base/a.c 'printf("x");'
bans src/base/a.c 'fprintf(f, "x");'
bans src/base/a.c 'exit(1);'
bans src/verify/verify.c 'abort();'
bans src/verify/verify.c 'time(NULL);'
bans src/base/a.c 'EVP_DigestInit(c);'
bans src/base/a.c 'TO''DO later'
bans src/base/a.c 'FIX''ME'
refuses bans tests/package-lock.json resolved '"resol''ved": "x"'
refuses bans src/base/a.c 'src/x' 'x = "/roo''t/src/x";'
refuses bans src/verify/verify.c 'expected one' 'x = CS_APPROVED;'
refuses bans src/tool/x.c 'expected one' 'x = CS_APPROVED;'
refuses bans src/verify/other.c 'expected one' 'return CS_APPROVED;'

refuses man options 'lacks option new -' '      --new  x'
refuses man man/countersign-sign.1 'invents option gone -' '.It Fl -gone'
refuses man options 'new is not in the synopsis' '      --new  x'
refuses man verbs 'countersign-attach.1 is missing' '  attach  x'
refuses man man/countersign-attach.1 'describes no verb' '.Sh NAME'
refuses man src/server/conf.c 'countersign-server.conf.5 lacks admin' \
    'static const cs_conf_word more[] = {VALUE("admin")};'
refuses man man/countersign-exit.7 'gone does not exist' '.Ss Reasons
.It Cm gone'
refuses man src/fmt/reason.h 'expired is not explained' '	CS_R_EXPIRED,'

# The words count as calls alone: not in comments, strings or longer names.
plant
printf '%s\n' '/* strcpy(a) ' 'exit(1) */ int x; // abort()' \
    's = "system(1) \" exit(1)"; cs_exit(1); snprintf(a); p->exit(2);' \
    >>"$tree/src/base/a.c"
if found=$(lint bans); then
	found=
fi
clean "bans looks at calls alone" "$found"

plant
echo 'int countersign_signer, cs_leak;' |
    "${CC:-cc}" -shared -fPIC -x c -o "$tree/.libs/signer-x.so" - &&
    if found=$(lint exports); then
	found="passed: $found"
elif echo "$found" | grep -q "exports 'countersign_signer cs_leak '"; then
	found=
fi
clean "exports finds a second symbol" "$found"
plant
echo "WITH_PKCS11_TRUE=''" >"$tree/config.log"
mkdir "$tree/src/signer"
: >"$tree/src/signer/pkcs11.c"
if found=$(lint exports); then
	found="passed: $found"
elif echo "$found" | grep -q 'signer-pkcs11.so is missing'; then
	found=
fi
clean "exports finds a module missing" "$found"
done_testing

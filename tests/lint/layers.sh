#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Who may include whom. A room that is not in the table may not exist; a header
# that is neither ours, nor the system's, nor a vendor's in its one place, fails.

. "$(dirname "$0")/lint.sh"

# room: the rooms, or single headers of rooms, that it may include
edges='
base: base
conf: base conf
fmt: base fmt
crypt: base fmt crypt
p11: base p11
attest: base fmt crypt attest
keys: base fmt crypt p11 keys
signer: base fmt crypt p11 attest signer
store: base fmt crypt store
verify: base fmt crypt verify
include: include
lib: base fmt crypt verify rely lib include
plugin: base conf fmt crypt store verify plugin include
issue: base fmt crypt issue
rely: base fmt crypt verify issue rely
net: base net
server: base conf fmt crypt keys issue store net server include
tool: base conf fmt crypt attest keys signer store verify issue rely tool include net/httpc.h
'

# header: the files or rooms that may include it
vendors='
p11-kit/ src/p11/
libp11.h src/keys/pkcs11.c
fido.h src/signer/fido2dev.c src/signer/fido2ask.c
fido.h src/signer/fido2assert.c src/signer/fido2enroll.c
tss2/ src/signer/tpm2
openssl/ src/crypt/ src/keys/pkcs11.c
jansson.h src/tool/ src/issue/ src/server/
event2/ src/net/
openssl/ src/net/tls src/net/http
curl/ src/net/httpc.c
seccomp.h src/net/sandbox
confuse.h src/conf/conf.c
sqlite3.h src/store/sqlite
libpq-fe.h src/store/postgresql.c src/store/pg
countersign/ src/include/ src/lib/ src/plugin/ src/server/ src/tool/
'

system='arpa/ assert.h ctype.h dirent.h dlfcn.h errno.h fcntl.h grp.h inttypes.h
langinfo.h limits.h linux/ locale.h net/ netdb.h netinet/ poll.h pthread.h
pwd.h sched.h semaphore.h signal.h spawn.h
stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h
strings.h sys/ syslog.h termios.h time.h unistd.h wchar.h wctype.h'

# FILE:LINE:HEADER for quoted and for angle includes
includes() {
	grep -nE "^[[:space:]]*#[[:space:]]*include" src/*/*.[ch] \
	    src/include/*/*.h /dev/null 2>/dev/null |
	    sed -nE "s/^([^:]*:[0-9]+):[^\"<]*$1([^\">]*)[\">].*/\1:\2/p"
}

check_ours() {
	includes '"' | awk -F: -v edges="$edges" '
	BEGIN {
		n = split(edges, row, "\n")
		for (i = 1; i <= n; i++) {
			split(row[i], half, ": ")
			m = split(half[2], to, " ")
			for (j = 1; j <= m; j++)
				may[half[1], to[j]] = 1
		}
	}
	$3 == "config.h" { next }
	{
		split($1, path, "/")
		room = $3
		sub(/\/.*/, "", room)
		if ($3 !~ /^(include\/countersign|[a-z0-9]+)\/[a-z0-9_]+\.h$/)
			print $0 " (write room/header.h)"
		else if (!((path[2], room) in may) && !((path[2], $3) in may))
			print $0 " (" path[2] " may not include " room ")"
	}'
}

check_angle() {
	includes '<' | awk -F: -v vendors="$vendors" -v sys="$system" '
	BEGIN {
		n = split(vendors, row, "\n")
		for (i = 1; i <= n; i++) {
			m = split(row[i], w, " ")
			for (j = 2; j <= m; j++)
				place[w[1]] = place[w[1]] " " w[j]
		}
		split(sys, s, /[ \n]+/)
		for (i in s)
			system_header[s[i]] = 1
	}
	{
		key = $3
		sub(/\/.*/, "/", key)
		if (key in system_header)
			next
		m = split(place[key], w, " ")
		for (j = 1; j <= m; j++)
			if (index($1, w[j]) == 1)
				next
		print $0 (m ? " (only in" place[key] ")" : " (unknown)")
	}'
}

check_rooms() {
	for d in src/*/; do
		room=$(basename "$d")
		echo "$edges" | grep -q "^$room:" || echo "$d is not in the table"
	done
}

clean "rooms include only the rooms below them" "$(check_ours)"
clean "vendor headers stay in their one place" "$(check_angle)"
clean "every room is in the table" "$(check_rooms)"
done_testing

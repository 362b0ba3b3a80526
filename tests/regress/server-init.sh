#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign-server init makes an instance that openssl finds sound, whole or
# not at all.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
SERVER=$BUILDDIR/tests/bin/countersign-server
[ -x "$SERVER" ] || {
	echo "1..0 # SKIP built without the server"
	exit 0
}
need openssl bash

# shellcheck disable=SC2317 # by name
server() {
	setsid -w "$SERVER" "$@"
}

# mode FILE: as chmod(1) has it
mode() {
	stat -c %a "$1"
}

ok "an instance is made" server init --trust-domain corp.example i
says "what to do next is said" out "countersign owners add --key URI"
says "into a file of its own" out "--file YOU.owners i/owners.d"
says "and how to ask it" out \
    "curl --cacert i/ca.pem https://localhost:8443/v1/bundle"
is "nobody else looks into it" "$(mode i)" 700
is "nor into what is in it" \
    "$(find i -mindepth 1 -type d ! -perm 700 -o -type f ! -perm 600)" ""
is "nothing else is left" "$(echo i*)" "i"
exits 1 "it is never written over" server init --trust-domain corp.example i
says "that is said" err "i is not empty"
ok "an empty directory will do" mkdir e
ok "so it is made there" server init --trust-domain corp.example e/

# What the manual says that it writes
sed -n '/^\.\\" elsewhere: /,/^\.Ed/p' \
    "$SRCDIR/man/countersign-server.conf.5" | grep -v '^\.' >page
grep -vE '^[[:space:]]*(#|$)' i/server.conf >written
same "the manual's example is what it writes" page written

# What openssl finds in it
text() {
	openssl x509 -in "$1" -noout -text
}
text i/ca.pem >ca.txt
text i/tls.pem >tls.txt
ok "the TLS certificate is the CA's" openssl verify -x509_strict \
    -CAfile i/ca.pem -purpose sslserver i/tls.pem
ok "for localhost" openssl verify -CAfile i/ca.pem \
    -verify_hostname localhost i/tls.pem
ok "and 127.0.0.1" openssl verify -CAfile i/ca.pem \
    -verify_ip 127.0.0.1 i/tls.pem
says "the CA signs certificates and lists" ca.txt "Certificate Sign, CRL Sign"
says "of this trust domain" ca.txt "URI:spiffe://corp.example"
says "below it is no other CA" ca.txt "CA:TRUE, pathlen:0"
is "with the four policies" "$(grep -c 'Policy: ' ca.txt)" 4
for k in ca tls wit; do
	openssl pkey -in i/$k.key -noout -text >$k.key.txt
	says "$k.key is a P-256 key" $k.key.txt prime256v1
done
openssl x509 -in i/ca.pem -pubkey -noout >ca.pub
openssl pkey -in i/ca.key -pubout >ca.key.pub
same "ca.key is the CA's" ca.pub ca.key.pub
[ "$(cat i/wit.key)" != "$(cat i/ca.key)" ]
report $? "wit.key is another one"
ok "the store is there" countersign store check --store i/store/store.db \
    --authority https://corp.example
is "what the issuer may read or write has no key below it" \
    "$(cd i && find owners.d policy store -type f | sort)" \
    "$(printf '%s\n' policy/policy.conf store/store.db)"
ok "the owners are read" countersign owners check i/owners.d

# Words
exits 2 "no trust domain" server init j
says "that is said" err "--trust-domain is missing"
exits 2 "one that is none" server init --trust-domain Corp.example j
exits 2 "no directory" server init --trust-domain corp.example
exits 2 "a key without its certificate" server init \
    --trust-domain corp.example --ca-key i/ca.key j
exits 9 "a directory in none" server init --trust-domain corp.example no/j
exits 2 "an address that is none is not written" server init \
    --trust-domain corp.example --listen 'a"b' j
exits 3 "nor one that the server would refuse" server init \
    --trust-domain corp.example --listen nowhere j
is "nothing was made of all that" "$(echo j*)" "j*"
ok "names and addresses" server init --trust-domain corp.example \
    --host id.corp.example --host 192.0.2.1 --listen '*:9443' \
    --listen unix:/run/x.sock --lifetime 8h n
says "how to ask it is said" out "https://id.corp.example:9443/v1/bundle"
text n/tls.pem >n.txt
says "are in the certificate" n.txt "DNS:id.corp.example, IP Address:192.0.2.1"
says "and in the configuration" n/server.conf \
    'listen = {"*:9443", "unix:/run/x.sock"}'
says "so is the lifetime" n/server.conf "lifetime = 8h"

# A CA that there is
ok "another CA's key and certificate" server init --trust-domain corp.example \
    --ca-key i/ca.key --ca-cert i/ca.pem k
same "are kept" i/ca.pem k/ca.pem
says "the key stays where it is" k/server.conf "key = \"$PWD/i/ca.key\""
[ ! -e k/ca.key ]
report $? "there is no other"
ok "its certificate is that CA's" openssl verify -x509_strict \
    -CAfile i/ca.pem k/tls.pem
exits 1 "a certificate of another key" server init --trust-domain corp.example \
    --ca-key e/ca.key --ca-cert i/ca.pem m
says "that is said" err "i/ca.pem is not the certificate of"
exits 3 "a certificate that is no CA's" server init \
    --trust-domain corp.example --ca-key i/tls.key --ca-cert i/tls.pem m
chmod 604 e/ca.key
exits 1 "a key that others may read" server init --trust-domain corp.example \
    --ca-key e/ca.key --ca-cert e/ca.pem m
says "is no secret" err "e/ca.key: mode 0604: expected 0600"
is "nothing was made of that" "$(echo m*)" "m*"

# told SIGNAL DIR [ignore]: it is told to end while it waits for its CA's
# certificate, half of DIR made, and gets that afterwards; its status
told() {
	rm -f cert
	mkfifo cert
	env "--${3:-default}-signal=$1" "$SERVER" init \
	    --trust-domain corp.example --ca-key i/ca.key --ca-cert - "$2" \
	    <cert >out 2>err &
	pid=$!
	exec 7>cert
	for _ in $(seq 1000); do
		[ -d "$(echo "$2".??????/store)" ] && break
		kill -0 $pid 2>/dev/null || break
		sleep 0.02
	done
	[ -d "$(echo "$2".??????/store)" ]
	report $? "$2 is begun"
	kill "-$1" $pid
	cat i/ca.pem >&7
	exec 7>&-
	wait $pid 2>/dev/null
}
told TERM half
is "told to end it ends, of that signal" $? 143
is "and leaves nothing" "$(echo half*)" "half*"
told HUP half
is "or when its terminal goes" $? 129
is "nothing either" "$(echo half*)" "half*"
told HUP half ignore
is "not where somebody had that ignored" $? 0
is "then all is made" "$(echo half*) $(cd half && find . | wc -l)" \
    "half $(cd k && find . | wc -l)"
# --check
ok "the instance is good" server --config i/server.conf --check
says "its store" out "good: store sqlite:$PWD/i/store/store.db"
ok "so is that with a CA of its own" server --config k/server.conf --check

# broken NAME WANTED: i/server.conf, which was just broken, is found so
broken() {
	exits "$3" "$1" server --config i/server.conf --check
	says "where: $1" err "$2"
}
cp i/server.conf whole
line() {
	grep -n "$1" i/server.conf | cut -d : -f 1 | head -n 1
}
echo 'lisen = x' >>i/server.conf
broken "a word that is none" \
    "server.conf:$(line lisen): no such option 'lisen'; did you mean listen?" 3
cp whole i/server.conf
sed -i 's/key = "ca.key"/key = "wit.key"/' i/server.conf
broken "a CA with another key" "server.conf:$(line 'key = "wit.key"'): key: " 1
cp whole i/server.conf
sed -i 's/cert = "ca.pem"/cert = "tls.pem"/' i/server.conf
broken "a certificate that is no CA's" \
    "server.conf:$(line '^.cert = "tls.pem"'): cert: " 3
cp whole i/server.conf
sed -i 's/^tls-key = .*/tls-key = "wit.key"/' i/server.conf
broken "TLS with another key" "server.conf:$(line '^tls-cert'): tls-cert: " 3
cp whole i/server.conf
chmod 644 i/tls.key
broken "a key that others may read" "i/tls.key: mode 0644" 1
chmod 600 i/tls.key
for key in ca wit; do
	chmod 640 i/$key.key
	broken "$key.key, that others may read" "i/$key.key: mode 0640" 1
	chmod 600 i/$key.key
done
# lies WHERE SED...: a layout in which the issuer could reach what it must not
lies() {
	lies=$1
	shift
	cp -a i flat
	(cd flat && sed -i "$1" server.conf && shift && "$@") || return
	exits 1 "$lies" server --config flat/server.conf --check
	says "where: $lies" err "where the issuer may"
	rm -rf flat
}
lies "the store beside the keys" 's|store/store.db|store.db|' \
    mv store/store.db .
says "and which" err \
    "flat/server.conf:$(line '^tls-key'): tls-key: $PWD/flat/tls.key lies below $PWD/flat, where the issuer may write: that is the directory of store"
lies "an owners file that is not there" 's|owners.d|owners|' true
says "and whose place that would be" err \
    "lies below $PWD/flat, where the issuer may read: that is the directory of owners"
lies "the policy beside the keys" 's|policy/policy.conf|policy.conf|' \
    mv policy/policy.conf .
lies "the owners beside the keys" 's|owners.d|owners|' cp /dev/null owners
lies "a key beside the policy" 's|"ca.key"|"policy/ca.key"|' mv ca.key policy
lies "and one for tokens" 's|"wit.key"|"owners.d/wit.key"|' \
    mv wit.key owners.d
lies "a link to a key" '' sh -c 'mv ca.key store && ln -s store/ca.key .'
lies "a link to the store" '' sh -c 'mv store/store.db . && rmdir store &&
    ln -s . store'
lies "a key by a link that the issuer could turn" 's|"ca.key"|"store/k"|' \
    ln -s ../ca.key store/k
lies "the lists beside the store" 's|"keyholder"|"store/lists"|' \
    mkdir -m 700 store/lists
lies "who may be a client" '1i client-ca = "store/clients.pem"' \
    cp ca.pem store/clients.pem
lies "the certificates" 's|^tls-cert.*|tls-cert = "store/tls.pem"|' \
    sh -c 'cp tls.pem store'
lies "the CA" 's|cert = "ca.pem"|cert = "store/ca.pem"|' cp ca.pem store
lies "owners that it could write" 's|"owners.d"|"store/owners"|' \
    mv owners.d store/owners
lies "a policy that it could write" \
    's|policy/policy.conf|store/policy.conf|' mv policy/policy.conf store
lies "a link to such owners" '' sh -c 'mv owners.d store/owners &&
    ln -s store/owners owners.d'
lies "modules there" '1i modules = "store/so"' mkdir store/so
lies "the PIN" 's|^#pin-file.*|pin-file = "store/pin"|' \
    sh -c 'umask 077; echo 1 >store/pin'
# With PostgreSQL the issuer reads below /run, too
if system=$(mktemp -d /run/countersign.XXXXXX 2>/dev/null) ||
    system=$(mktemp -d "/run/user/$(id -u)/countersign.XXXXXX" 2>/dev/null)
then
	trap 'rm -rf "$top" "$system"' EXIT
	# remote: i/server.conf, whose store is no file
	remote() {
		sed 's|^store = .*|store = "postgresql:host=/nowhere"|' \
		    whole >i/server.conf
		chmod 600 i/server.conf
	}
	exits 9 "a store that is no file is opened last" eval \
	    'remote; server --config i/server.conf --check'
	for key in ca.key tls.key wit.key; do
		cp i/$key "$system/$key"
		remote
		sed -i "s|= \"$key\"|= \"$system/$key\"|" i/server.conf
		broken "such a store, and $key below /run" \
		    "$system/$key lies below /run, where the issuer may" 1
	done
	if [ "$(id -u)" -eq 0 ]; then
		sed -i 's|^#user = .*|user = "nobody"|' i/server.conf
		exits 9 "the issuer is another user" \
		    server --config i/server.conf --check
		silent "who does not read it" err 'lies below'
	fi
	cp whole i/server.conf
fi
mv i/store/store.db s.db
broken "a store that is gone" "server.conf:$(line '^store'): store: " 9
cp n/store/store.db i/store/store.db
ok "one of the same authority will do" server --config i/server.conf --check
mv s.db i/store/store.db
echo 'domain' >>i/policy/policy.conf
broken "a policy that is none" "i/policy/policy.conf:" 3
sed -i '$d' i/policy/policy.conf
echo 'alice' >i/owners.d/alice.owners
chmod 600 i/owners.d/alice.owners
broken "an owner that is none" "i/owners.d/alice.owners:1: " 3
rm i/owners.d/alice.owners
chmod 755 i/keyholder
broken "a state that others see" "i/keyholder: mode 0755" 1
chmod 700 i/keyholder
chmod 666 i/server.conf
broken "a configuration that others write" "server.conf" 9
chmod 600 i/server.conf
sed -i 's/^#user = .*/user = "nobody-of-that-name"/' i/server.conf
broken "a user who does not exist" "server.conf:$(line '^user'): user: " 2
cp whole i/server.conf
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 \
    -out i/wit.key 2>/dev/null
broken "a WIT key of another kind" "key: expected a P-256 key" 1

cp whole i/server.conf

# What is good since before now, for credentials that begin a minute ago
for cert in ca tls; do
	begins=$(openssl x509 -in i/$cert.pem -noout -startdate | cut -d = -f 2)
	[ "$(date -d "$begins" +%s)" -le $(($(stat -c %Y i/$cert.pem) - 240)) ]
	report $? "$cert.pem is good since some minutes before it was made"
done

# Users
exits 2 "a keyholder's user alone" server init --trust-domain corp.example \
    --keyholder-user nobody v
exits $(($(id -u) == 0 ? 2 : 1)) "a user who is none" server init \
    --trust-domain corp.example --user nobody-of-that-name v
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$top" "$top/work"
	mkdir -m 755 "$top/modules"
	install -m 644 "$BUILDDIR/.libs/verifier-owner.so" \
	    "$BUILDDIR/.libs/store-sqlite.so" "$top/modules"
	ok "other users" server init --trust-domain corp.example \
	    --user nobody --keyholder-user games v
	says "are in the configuration" v/server.conf 'keyholder-user = "games"'
	is "have what they write" \
	    "$(stat -c '%U %a' v/store v/store/store.db v/keyholder | xargs)" \
	    "nobody 700 nobody 600 games 700"
	is "and no keys" "$(find v -name '*.key' ! -user root)" ""
	sed -i "1i modules = \"$top/modules\"" v/server.conf
	ok "they find what they need" server --config v/server.conf --check
	chmod 700 v/owners.d
	exits 9 "or not" server --config v/server.conf --check
	says "that is said" err "as user nobody: "
	chmod 750 v/owners.d
	chown root v/keyholder
	exits 9 "nor a state" server --config v/server.conf --check
	says "of the keyholder" err "state: as user games: "
else
	exits 1 "which only root can give" server init \
	    --trust-domain corp.example --user "$(id -un)" v
fi

ok "it says what it is" server --version
says "countersign-server" out "countersign-server "
ok "and what it can" server --help
exits 2 "no configuration" server
exits 2 "an option that is none" server --confg x

ok "the completion" server completion bash
cp out completion.bash
ok "is bash" bash -n completion.bash
# shellcheck disable=SC2016
complete_words() { # WORDS...; the last is completed
	bash -c '. ./completion.bash
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	compopt() { :; }
	_countersign_server; printf "%s\n" "${COMPREPLY[@]}"' bash "$@" |
	    xargs
}
is "completes verbs" "$(complete_words countersign-server in)" init
is "and options" "$(complete_words countersign-server --co)" --config
is "their files" "$(complete_words countersign-server --config whol)" whole
is "options behind them" \
    "$(complete_words countersign-server --config whole --ch)" --check
is "those of init" "$(complete_words countersign-server init --ca-)" \
    "--ca-key --ca-cert"
is "its directory" "$(complete_words countersign-server init e)" e
is "the shell" "$(complete_words countersign-server completion b)" bash
exits 2 "no completion for other shells" server completion tcsh
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A CA that there was before, made by openssl: where its certificate would make
# of every credential one that nobody believes, that is said before any is
# issued.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"

cat >ca.cnf <<'EOF'
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Issuing CA
EOF
new_key old.key
openssl req -x509 -new -key old.key -config ca.cnf -subj "/CN=Root" \
    -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign -days 400 -out root.pem \
    2>/dev/null || exit 1
new_key given.key

# made NAME EXTENSION...: NAME.pem, a CA below that root, of given.key, with
# these extensions in place of those that it should have of their name
made() {
	made=$1
	shift
	{
		cat ca.cnf
		echo "[ca]"
		for ext in basicConstraints=critical,CA:TRUE,pathlen:0 \
		    keyUsage=critical,keyCertSign,cRLSign \
		    subjectKeyIdentifier=hash \
		    authorityKeyIdentifier=keyid "$@"; do
			echo "$ext"
		done | awk -F = '{ v[$1] = $0 } END { for (n in v)
		    if (v[n] !~ /=-$/) print v[n] }'
		echo "[names]"
	} >"$made.cnf"
	openssl req -new -key given.key -config "$made.cnf" |
	    openssl x509 -req -CA root.pem -CAkey old.key -CAcreateserial \
		-days "${days:-300}" -extfile "$made.cnf" -extensions ca \
		-out "$made.pem" 2>openssl.err || sed 's/^/# /' openssl.err
}

new_server i
line=$(awk '/^ca {/ { in_ca = 1 } in_ca && /cert =/ { print NR; exit }' \
    i/server.conf)
sed -i -e "$line s|\"ca.pem\"|\"$PWD/given.pem\"|" \
    -e "$((line + 1)) s|\"ca.key\"|\"$PWD/given.key\"|" i/server.conf
says "the CA's key is the one that was given" i/server.conf "$PWD/given.key"

# good NAME WHY; bad NAME WHY WANTED
good() {
	cp "$1.pem" given.pem
	ok "$2" server --config i/server.conf --check
	ok "$2: init" server init --trust-domain corp.example \
	    --ca-key given.key --ca-cert "$1.pem" "of-$1"
	is "its TLS certificate has the CA's behind it" \
	    "$(grep -c BEGIN "of-$1/tls.pem")" 2
}
bad() {
	cp "$1.pem" given.pem
	exits "${status:-1}" "$2" server --config i/server.conf --check
	says "where: $2" err "i/server.conf:$line: cert: "
	says "what: $2" err "$3"
	exits "${status:-1}" "$2: init" server init \
	    --trust-domain corp.example --ca-key given.key \
	    --ca-cert "$1.pem" "of-$1"
	says "what init finds: $2" err "$3"
	[ ! -e "of-$1" ]
	report $? "nothing was made: $2"
}

ours=$(openssl x509 -in i/ca.pem -noout -text | sed -n 's/.*Policy: //p' |
    paste -sd , -)
first=${ours%%,*}
made plain
good plain "a CA that says nothing more"
made any certificatePolicies=2.5.29.32.0
good any "one of any policy"
made ours "certificatePolicies=$ours"
good ours "one of ours"
made more "certificatePolicies=1.2.3.4,$ours"
good more "of ours, and of others"
made domain "nameConstraints=permitted;URI:corp.example"
good domain "one for names of this domain"
made dns "nameConstraints=permitted;DNS:corp.example"
good dns "one that does not constrain URIs"
made uses extendedKeyUsage=clientAuth,serverAuth
good uses "one for both uses"

made other certificatePolicies=1.2.3.4
bad other "another policy" "certificatePolicies have neither anyPolicy nor "
made some "certificatePolicies=${ours%,*}"
bad some "not all of ours" "have neither anyPolicy nor ${ours##*,}: "
made elsewhere "nameConstraints=permitted;URI:other.example"
bad elsewhere "names of another domain" "permitted subtree violation"
made below "nameConstraints=permitted;URI:.corp.example"
bad below "names below this domain" "permitted subtree violation"
made without "nameConstraints=excluded;URI:corp.example"
bad without "all but names of this domain" "excluded subtree violation"
made soft basicConstraints=CA:TRUE
bad soft "what readers who are strict refuse" "not marked critical"
status=3
made critical "nameConstraints=critical,permitted;URI:corp.example"
bad critical "an extension that our readers do not know" \
    "an unknown extension is critical: 2.5.29.30"
made inhibit "inhibitAnyPolicy=critical,0"
bad inhibit "another one" "an unknown extension is critical: 2.5.29.54"
made explicit "policyConstraints=critical,requireExplicitPolicy:0"
bad explicit "and another one" "an unknown extension is critical: 2.5.29.36"
made uncertain keyUsage=critical,cRLSign
bad uncertain "no certificates" "expected a keyUsage with keyCertSign and"
made unlisted keyUsage=critical,keyCertSign
bad unlisted "no lists" "expected a keyUsage with keyCertSign and cRLSign"
made leaf basicConstraints=critical,CA:FALSE
bad leaf "no CA" "expected the certificate of a CA"
made client extendedKeyUsage=clientAuth
bad client "of clients alone" "expected an extKeyUsage of clientAuth and"
status=

# Who trusts the root alone
cp ours.pem given.pem
ok "an instance below that root" new_server k --ca-key given.key \
    --ca-cert ours.pem
ok "starts" start_server k
ok "and its TLS certificate leads there" curl -sSf --cacert root.pem \
    -o body "$url/v1/bundle"
ok "it ends" stop_server

# Its end
days=10 made soon
good soon "one that ends soon"
cp soon.pem given.pem
ok "is good for now" server --config i/server.conf --check
says "and the end is said" out "note: $PWD/given.pem ends at "
set_option i 'lifetime = 20d'
ok "and before what it issues would" server --config i/server.conf --check
says "is said" out "and so does what it issues, within lifetime"
set_option i 'lifetime = 24h'

# A retired one issues nothing
cp other.pem retired.pem
cp i/server.conf active.conf
sed -i "s|$PWD/given|$PWD/i/ca|" i/server.conf
printf 'ca { cert = "%s" key = "%s" retired = yes }\n' "$PWD/retired.pem" \
    "$PWD/given.key" >>i/server.conf
ok "what it says does not matter when it has retired" \
    server --config i/server.conf --check
mv active.conf i/server.conf
chmod 600 i/server.conf

# The start, and what is issued
cp elsewhere.pem given.pem
exits 1 "a server does not start with such a CA" \
    timeout 20 "$SERVER" --config i/server.conf
says "and says why" err "permitted subtree violation"
for ca in plain ours domain; do
	cp $ca.pem given.pem
	ok "a server starts: $ca" start_server i
	ok "an approved request: $ca" approved "of-$ca"
	is "is answered: $ca" "$(enrol "of-$ca" \
	    -H 'Accept: application/pem-certificate-chain')" 200
	mv body "of-$ca.crt"
	ok "by a certificate: $ca" openssl verify -x509_strict \
	    -CAfile root.pem -untrusted $ca.pem "of-$ca.crt"
	# A CA that names no policies has none to give (RFC 5280 6.1.3 (e)).
	holds=0
	[ $ca = ours ] || holds=2
	exits $holds "where its policies hold below the root: $ca" \
	    openssl verify -policy_check -explicit_policy -policy "$first" \
	    -CAfile root.pem -untrusted $ca.pem "of-$ca.crt"
	ok "it ends: $ca" stop_server
done
done_testing

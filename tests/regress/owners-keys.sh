#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign owners, of security keys and OpenSSH's: the lines as ssh-keygen
# and openssl have the keys, what is warned of, and keys that do not fit.
# shellcheck disable=SC2016,SC2317 # words for jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq ssh-keygen

alice=mailto:alice@corp.example
id=wimse://corp.example/agent/alice
add() { # ARGUMENTS... FILE
	countersign owners add --owner "$alice" --agents "$id" "$@"
}
warned() { # of the last --json
	command jq -r '.warnings[].warning' out | tr '\n' ' '
}
ssh_key() { # FILE TYPE [OPTION...]
	file=$1
	type=$2
	shift 2
	ssh-keygen -q -t "$type" -N '' -C 'alice at home' -f "$file" "$@"
}
ssh_spki() { # FILE: as openssl has it, DER
	if ! ssh-keygen -e -m PKCS8 -f "$1" 2>/dev/null >spki.pem; then
		printf '\060\052\060\005\006\003\053\145\160\003\041\000'
		cut -d ' ' -f 2 "$1" | openssl base64 -d -A | tail -c 32
	else
		openssl pkey -pubin -in spki.pem -outform DER
	fi
}
ssh_print() { # FILE
	ssh-keygen -l -f "$1.pub" | cut -d ' ' -f 2
}

# shellcheck disable=SC2086 # words without blanks
for type in ed25519 rsa ecdsa; do
	ssh_key $type $type
	ok "$type" add --public-key $type.pub --no-touch-required --json $type.o
	is "$type: as ssh-keygen has it" \
	    "$(sed 's/^[^ ]* [^ ]* //' $type.o)" "$(cat $type.pub)"
	is "$type: its fingerprint" "$(jq -r .anchor.ssh_fingerprint out)" \
	    "$(ssh_print $type)"
	is "$type: its own hash" "$(jq -r .anchor.key_hash out)" "SHA256:$(
	    ssh_spki $type.pub |
	    openssl dgst -sha256 -binary | openssl base64 -A | tr -d =)"
	is "$type: what to think of" "$(warned)" "login-key "
done
ssh_key p384 ecdsa -b 384
ok "a touch is wanted" add --public-key p384.pub --json p384.o
is "which none proves" "$(warned)" "touch-missing login-key "
ok "another comment" add --public-key ed25519.pub --comment laptop \
    --no-touch-required c.o
is "is the line's" "$(sed 's/.* //' c.o)" laptop
exits 2 "verification of a plain key" add --public-key p384.pub \
    --verify-required x.o
ssh_spki ed25519.pub >ed25519.der
exits 3 "the same key in another form" add --public-key ed25519.der ed25519.o
says "is the same" err "expected each key once"
ok "owners list" countersign owners list ed25519.o
says "its type" out "OpenSSH type: ssh-ed25519"
says "its fingerprint" out "OpenSSH fingerprint: $(ssh_print ed25519)"
ok "owners check" countersign owners check ed25519.o
says "warns" out "warning: ed25519.o:1: an OpenSSH key"
ok "revoked by what ssh-keygen prints" countersign owners revoke \
    --key-hash "$(ssh_print ed25519)" ed25519.o
says "is revoked" ed25519.o ",revoked="
exits 5 "another's" countersign owners revoke --key-hash \
    "$(ssh_print rsa)" ed25519.o

# Keys that are none of ours.
ssh_key p521 ecdsa -b 521
exits 3 "P-521" add --public-key p521.pub x.o
ssh_key small rsa -b 1024
exits 3 "a small one" add --public-key small.pub x.o
ssh-keygen -q -s ed25519 -I x -n x rsa.pub
exits 3 "a certificate of OpenSSH" add --public-key rsa-cert.pub x.o
cat ed25519.pub rsa.pub >two.pub
exits 3 "two" add --public-key two.pub x.o
says "more than one" err "found more"
sed 's/^ssh-ed25519/ssh-rsa/' ed25519.pub >lie.pub
exits 3 "one of another type than it says" add --public-key lie.pub x.o
echo "ssh-ed25519" >none.pub
exits 3 "none" add --public-key none.pub x.o
echo "ssh-ed25519 AAAA*" >none.pub
exits 3 "no base64" add --public-key none.pub x.o
cut -c 1-60 ed25519.pub >half.pub
exits 3 "half a key" add --public-key half.pub x.o
exits 3 "a private key" add --public-key ed25519 x.o
exits 2 "an RP ID is for FIDO2" add --public-key ed25519.pub \
    --rp-id approve.corp.example x.o
exits 2 "so is a strict counter" add --public-key rsa.pub --counter-strict x.o
is "none of these made a file" "$(ls x.o 2>/dev/null)" ""

# A security key in an agent: put together of a plain key's point.
sk_key() { # APPLICATION: an .pub line
	{
		printf '\0\0\0\032sk-ssh-ed25519@openssh.com\0\0\0\040'
		tail -c 32 ed25519.der
		# shellcheck disable=SC2059 # its length, in octal
		printf "\\000\\000\\000\\$(printf %03o ${#1})"
		printf %s "$1"
	} | openssl base64 -A | sed 's/^/sk-ssh-ed25519@openssh.com /
	    s/$/ yubikey/'
}
sk_key ssh: >sk.pub
is "as ssh-keygen reads it" "$(ssh-keygen -l -f sk.pub | sed 's/.*(//')" \
    "ED25519-SK)"
ok "a security key" add --public-key sk.pub --counter-strict --json sk.o
is "with the application of logins" "$(warned)" "login-key "
ok "--json" jq -e '.anchor | .type == "sk-ssh-ed25519@openssh.com" and
    .application == "ssh:" and .["counter-strict"] and
    .comment == "yubikey"' out
sk_key ssh:approve >sk2.pub
ok "with one of its own" add --public-key sk2.pub --verify-required --json sk2.o
is "nothing to warn of" "$(warned)" ""
ok "which need not be touched" add --public-key sk2.pub --no-touch-required \
    --counter-strict --grants --json sk3.o
is "is warned of" "$(warned)" "touch-waived counter-strict-uses "

# FIDO2: a key file, or a public key with what is known of it.
new_key web.key
openssl pkey -in web.key -pubout -out web.pem
spki=$(openssl pkey -in web.key -pubout -outform DER | openssl base64 -A)
rp='rp-id="approve.corp.example"'
mkdir -p "$HOME/.config/countersign/keys"
file=$HOME/.config/countersign/keys/approve
echo "$alice credential-id=\"AQID\",$rp,verify-required fido2 $spki my key" \
    >"$file"
chmod 600 "$file"
ok "by its name" add --key fido2:approve --json fido.o
is "the line" "$(cat fido.o)" "$alice agents=\"$id\",credential-id=\"AQID\",\
$rp,verify-required fido2 $spki my key"
is "nothing to warn of" "$(warned)" ""
cp "$file" key
ok "by its path" add --key fido2:./key fido2.o
ok "as a file from elsewhere" add --public-key key fido3.o
same "the same line" fido.o fido2.o
same "and the same" fido.o fido3.o
model=fido2:2fc0579f-8113-47ea-b116-bb5a8db9202a
sed "s/credential-id/agents=\"\",attested=\"$model\",&/" key >line
ok "a line of enroll" add --public-key line fido4.o
same "says no more of itself" fido.o fido4.o
ok "owners list" countersign owners list fido.o
says "type" out "type: fido2"
says "RP ID" out "rp-id: approve.corp.example"
says "credential" out "credential-id: AQID"
chmod 664 key
exits 9 "one that others may write" add --key fido2:./key x.o
chmod 644 key
exits 2 "another RP ID" add --public-key key --rp-id login.corp.example x.o
says "than its file's" err "the key file says approve.corp.example"
own=https://approve.corp.example
web() { # ORIGINS FILE
	add --public-key web.pem --rp-id approve.corp.example \
	    --credential-id AQID --origins "$1" --json "$2"
}
ok "a public key of a browser's credential" web "https://a.${own#*//} $own" w.o
is "nothing to warn of" "$(warned)" ""
ok "--json" jq -e '.anchor | .type == "fido2" and .["credential-id"] == "AQID"
    and .["rp-id"] == "approve.corp.example" and (.origins | length) > 40' out
ok "a page below it alone" web "https://a.${own#*//}" w2.o
is "is warned of" "$(warned)" "origins-own "
ok "a page of another" web "$own https://corp.example" w3.o
is "is warned of" "$(warned)" "origins-foreign "
ok "one that ends alike" web "$own https://xapprove.corp.example:8443" w4.o
is "is another" "$(warned)" "origins-foreign "
ok "a port of its own" web "$own $own:8443" w5.o
is "is not" "$(warned)" ""
exits 2 "no origin" web corp.example x.o
exits 2 "no RP ID" add --public-key web.pem --credential-id AQID x.o
exits 5 "no such key file" add --key fido2:../approve x.o
exits 2 "nor this" add --key fido2:.approve x.o
exits 5 "nor one that is not there" add --key fido2:none x.o
cat key key >two
exits 3 "two lines" add --public-key two x.o
sed 's/fido2 /spki /; s/[^ ]* spki/- spki/' key >other
exits 3 "a line of another type" add --public-key other x.o
is "none of these made a file" "$(ls x.o 2>/dev/null)" ""

# A holder's key, as OpenSSH has it.
new_key owner.key
grant() { # HOLDER
	countersign sign --key file:owner.key --owner "$alice" --yes --bind \
	    "grant=$id" --holder "$1" --json
}
ok "a grant for an OpenSSH key" grant ecdsa.pub
jq -r .approval out >grant
ok "names its key" countersign show --json grant
is "by its own hash" "$(jq -r '.objects[0].subjects[0].holder_key_hash' out)" \
    "$(countersign owners list --json ecdsa.o | jq -r '.list[0].key_hash')"
exits 3 "no grant for a security key" grant sk.pub
says "why" err "a security key holds no grants"
exits 3 "nor for the key file of one" grant key
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The server's half of the enrolment of a key in a TPM: owners challenge and
# owners add --evidence. The owner's half is done by tpm2-tools, by the page of
# the formats alone.
# shellcheck disable=SC2016,SC2154,SC2317 # for jq; of tap.sh, tpm.sh; by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need jq basenc flock tpm2_activatecredential tpm2_send

alice=mailto:alice@corp.example
id=wimse://corp.example/agent/alice

hex() { # FILE
	od -An -v -tx1 "$1" | tr -d ' \n'
}
bytes() { # HEX
	printf %s "$1" | tr a-f A-F | basenc -d --base16
}
der() { # TAG HEX
	der_n=$((${#2} / 2))
	if [ $der_n -lt 128 ]; then
		printf '%s%02x%s' "$1" $der_n "$2"
	elif [ $der_n -lt 256 ]; then
		printf '%s81%02x%s' "$1" $der_n "$2"
	else
		printf '%s82%04x%s' "$1" $der_n "$2"
	fi
}
pem() { # LABEL HEX
	echo "-----BEGIN $1-----"
	bytes "$2" | openssl base64
	echo "-----END $1-----"
}
sha256() { # HEX
	bytes "$1" | openssl dgst -sha256 -r | cut -c 1-64
}
octets() { # HEX N: the Nth OCTET STRING of a SEQUENCE
	bytes "$1" >seq.der
	openssl asn1parse -inform DER -in seq.der |
	    sed -nE 's/^ *([0-9]+):d=1 +hl=([0-9]) +l= *([0-9]+) prim: OCTET.*/\1 \2 \3/p' |
	    sed -n "$2p" >seq.at
	read -r at hl l <seq.at
	printf %s "$1" | cut -c $((2 * (at + hl) + 1))-$((2 * (at + hl + l)))
}
public() { # HANDLE: TPMT_PUBLIC
	quietly tpm2_readpublic -c "$1" -o public.tss
	hex public.tss | cut -c 5-
}

# What the owner has: a TPM of a manufacturer, and a key in it.
tpm_ca maker
tpm_make alice
tpm_start alice
ek=0x81010001
ak=0x81000011
key=0x81000012
quietly tpm2_nvread 0x1c00002 -o ek.der
quietly tpm2_createprimary -C e -G ecc:ecdsa-sha256:null -c ak.ctx -a \
    'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda'
quietly tpm2_evictcontrol -C o -c ak.ctx $ak
tpm_flush
quietly tpm2_createprimary -C o -G ecc -c srk.ctx
quietly tpm2_create -C srk.ctx -G ecc -u key.pub -r key.priv -c key.ctx -a \
    'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|noda'
tpm_flush
quietly tpm2_evictcontrol -C o -c key.ctx $key
tpm_flush
quietly openssl x509 -in "$ek_issuer" -outform DER -out issuer.der
tpm_offer=$(der 30 "020100$(der 04 "$(public $key)")$(der 04 \
    "$(public $ak)")$(der 04 "$(public $ek)")$(der 30 \
    "$(hex ek.der)$(hex issuer.der)")")
pem "TPM KEY OFFER" "$tpm_offer" >offer
quietly tpm2_readpublic -c $key -f pem -o key.pem
hash=SHA256:$(openssl pkey -pubin -in key.pem -outform DER |
    openssl dgst -sha256 -binary | openssl base64 -A | tr -d =)

# certify EXTRA: TPM2_Certify of the key by the attestation key, both without an
# auth value; leaves $attest and $signature. tpm2_certify takes no extraData.
certify() {
	password=40000009000001 # TPM_RS_PW, no nonce, continueSession
	body=00000148${key#0x}${ak#0x}00000012${password}0000${password}0000
	body=$body$(printf %04x $((${#1} / 2)))${1}0010 # TPM_ALG_NULL
	bytes "8002$(printf %08x $((${#body} / 2 + 6)))$body" >command.bin
	quietly tpm2_send -o response <command.bin
	answer=$(hex response | cut -c 21-)
	[ "$(hex response | cut -c 13-20)" = 00000000 ] ||
		echo "Bail out! TPM2_Certify: $(hex response)"
	n=$((0x$(echo "$answer" | cut -c 1-8)))
	answer=$(echo "$answer" | cut -c 9-$((8 + 2 * n)))
	n=$((0x$(echo "$answer" | cut -c 1-4)))
	attest=$(echo "$answer" | cut -c 5-$((4 + 2 * n)))
	signature=$(echo "$answer" | cut -c $((5 + 2 * n))-)
}

# answer CHALLENGE: leaves what the TPM makes of it in ./evidence
answer() {
	answered=$(sed '/^-----BEGIN/,/^-----END/!d; /^-----/d' "$1" |
	    openssl base64 -d | od -An -v -tx1 | tr -d ' \n')
	blob=$(octets "$answered" 3)
	seed=$(octets "$answered" 4)
	bytes "badcc0de00000001$(printf %04x $((${#blob} / 2)))$blob$(printf \
	    %04x $((${#seed} / 2)))$seed" >credential
	quietly tpm2_startauthsession --policy-session -S session.ctx
	quietly tpm2_policysecret -S session.ctx -c e
	quietly tpm2_activatecredential -c $ak -C $ek -i credential \
	    -o activated -P session:session.ctx
	tpm_flush
	extra=$(sha256 "$(printf 'countersign tpm evidence v1' |
	    od -An -v -tx1 | tr -d ' \n')00$answered$(hex activated)")
	certify "$extra"
	pem "TPM EVIDENCE" "$(der 30 "020100$tpm_offer$(der 04 "$(sha256 \
	    "$answered")")$(der 04 "$attest")$(der 04 "$signature")")" >evidence
}
challenge() {
	countersign owners challenge --ek-roots "$ek_roots" "$@"
}
add() { # PATH ...
	countersign owners add --owner "$alice" --agents "$id" "$@"
}

# The challenge, and what the operator reads.
ok "challenge" challenge offer --keep secret -o challenge
says "the key hash" out "key hash: $hash"
says "whose TPM" out "TPM of: 00001014"
says "that nothing is proven yet" out "note: nothing is proven yet"
says "that wrong PINs are not counted" out "wrong PINs of this key"
is "the secret is for its owner" "$(stat -c %a secret)" 600
is "the challenge for everybody" "$(stat -c %a challenge)" 644
ok "to standard output" challenge offer --keep second.secret --valid 10m
cp out second.challenge
says "with the same words before it" out "key hash: $hash"
ok "as a program reads it" challenge offer --keep third.secret --json
ok "what it tells" jq -e --arg hash "$hash" '.ok and .tpm.key_hash == $hash and
    .tpm.endorsement_key_type == "RSA-2048" and .kept == "third.secret" and
    .tpm.manufacturer == "00001014" and .tpm.wrong_pins_counted == false and
    (.challenge | startswith("-----BEGIN TPM CHALLENGE-----")) and
    (.not_after | endswith("Z"))' out
exits 9 "over a secret" challenge offer --keep secret -o other
exits 9 "over a challenge" challenge offer --keep other -o challenge
ok "leaves neither" [ ! -e other ]
exits 9 "into a folder that is none" challenge offer --keep other -o none/other
ok "leaves no secret" [ ! -e other ]
mkdir -m 777 open
exits 9 "a secret where others write" challenge offer --keep open/secret -o other
ok "leaves no challenge" [ ! -e other ]
exits 2 "a secret for everybody" challenge offer --keep -
exits 2 "two days" challenge offer --keep other --valid 2d
exits 2 "one file" challenge offer --keep other -o other
exits 2 "over the offer" challenge offer --keep offer -f
exits 2 "no roots" countersign owners challenge offer --keep other
exits 2 "nothing to keep" challenge offer
mkdir strangers
cp "$ek_roots/root.pem" root.pem
openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout x.key -subj /CN=x -days 2 -out strangers/x.pem 2>/dev/null
exits 1 "another manufacturer" countersign owners challenge offer \
    --ek-roots strangers --keep other --json
ok "says so" jq -e '.error.reason == "evidence-refused"' out
exits 3 "a challenge is no offer" challenge challenge --keep other
ok "nothing is left of it" [ ! -e other ]

# The answer.
answer challenge
from() { # SECRET: the words of owners add
	echo --evidence evidence --challenge "$1" --ek-roots "$ek_roots"
}
# shellcheck disable=SC2046 # words, from here on
{
	exits 1 "another challenge's secret" add owners $(from second.secret)
	ok "is still there" [ -e second.secret ]
	ok "and no line" [ ! -e owners ]
	chmod 640 secret
	exits 9 "a secret that others read" add owners $(from secret)
	says "says which mode it has" err "mode 0640"
	chmod 600 secret
	ln -s secret link
	exits 9 "a link to it" add owners $(from link)
	says "says why" err "a symbolic link"
	exits 9 "while another one uses it" flock -x secret "$COUNTERSIGN" \
	    owners add owners --owner $alice --agents $id $(from secret)
	says "says so" err "uses it just now"
	exits 1 "other roots" add owners --evidence evidence \
	    --challenge secret --ek-roots strangers
	exits 3 "an offer is no evidence" add owners --evidence offer \
	    --challenge secret --ek-roots "$ek_roots"
	cp challenge closed
	chmod 600 closed
	exits 3 "a challenge is no secret" add owners $(from closed)
	echo "nonsense" >bad
	exits 3 "an owners file that is not good" add bad $(from secret)
	is "is left alone" "$(cat bad)" nonsense
	ok "and so is the secret" [ -e secret ]
	ok "the answer" add owners $(from secret)
	says "whose TPM it is" out "TPM of: 00001014"
	says "that wrong PINs are not counted" out "note: wrong PINs"
	ok "the secret is gone" [ ! -e secret ]
	says "what is proven stands in the line" owners \
	    'attested="tpm2:00001014"'
	ok "a verifier takes it" countersign owners check owners
	exits 9 "it counts once" add others $(from secret)
	ok "no line of it" [ ! -e others ]
}

# Two at once, of one secret and for two files.
answer second.challenge
both=
# shellcheck disable=SC2046 # words
for n in 1 2; do
	(
		"$COUNTERSIGN" owners add "at-once.$n" --owner "$alice" \
		    --agents "$id" $(from second.secret) --json >"out.$n" 2>&1
		echo $? >"status.$n"
	) &
	both="$both $!"
done
# shellcheck disable=SC2086 # two
wait $both
cat status.1 status.2 | sort | tr '\n' ' ' >statuses
is "of two at once one succeeds" "$(cat statuses)" "0 9 "
is "and one line is written" "$(cat at-once.? | wc -l)" 1
ok "as a program reads it" jq -e '.tpm.manufacturer == "00001014" and
    .anchor.attested == "tpm2:00001014" and .created' \
    "out.$(grep -l 0 status.? | sed 's/.*\.//')"

tpm_clean "nothing is left in the TPM"
tpm_stop alice
done_testing

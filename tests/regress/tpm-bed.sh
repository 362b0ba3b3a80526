#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The TPMs of tpm.sh before the others rely on them, with the tools of others.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need python3 tpm2_createprimary tpm2_nvread tpm2_sign

tpm_start blank
exits 0 "a blank TPM answers" tpm2_getcap properties-fixed
says "it is swtpm's" out '"SW"'
exits 0 "no key is kept" tpm2_getcap handles-persistent
empty "in it" out
tpm_clean "nothing is loaded"
quietly tpm2_createprimary -C o -c primary.ctx
exits 0 "what tools leave" tpm_handles_left
says "shows" out 0x80000000
tpm_flush
tpm_clean "and is flushed"
tpm_parent 0x81000001
exits 0 "a parent for keys" tpm2_readpublic -c 0x81000001
tpm_clean "nothing of it is left"
exits 0 "tpm2-openssl works in it" openssl genpkey -provider tpm2 \
    -provider default -algorithm EC -pkeyopt group:P-256 -out key.pem
says "makes a file" key.pem "TSS2 PRIVATE KEY"
tpm_clean "and leaves nothing"

tpm_stop blank
exits 1 "powered off it does not answer" tpm2_getcap handles-persistent
tpm_start blank
exits 0 "powered on again" tpm2_getcap handles-persistent
says "it has kept its key" out 0x81000001
tpm_stop blank -KILL
tpm_start blank
exits 0 "also when power was lost" tpm2_getcap handles-persistent
says "it has kept its key" out 0x81000001

# ek NAME HANDLE INDEX ALGORITHM: the key that the certificate in NV is for
ek() {
	exits 0 "a certificate of $4" tpm2_nvread -C o -o cert.der "$3"
	exits 0 "its key" tpm2_readpublic -c "$2" -f pem -o ek.pem
	openssl x509 -inform DER -in cert.der -pubkey -noout -out cert.pub
	openssl pkey -pubin -in ek.pem -out ek.pub
	same "is the one" cert.pub ek.pub
	exits 0 "below its root" openssl verify -CAfile "$ek_roots/root.pem" \
	    -untrusted "$ek_issuer" cert.der
	cp cert.der "$1.$4"
}
# What lies between: seen by its tools, which go around it elsewhere
printf 'a secret of mine' >secret
outside() {
	TPM2TOOLS_TCTI=$COUNTERSIGN_TCTI "$@"
}
create() {
	outside tpm2_create -C 0x81000001 -G ecc -p file:secret -u pub -r priv
}
signs() {
	outside tpm2_sign -c key.ctx -p file:secret -o sig content
}
between --secret secret
exits 0 "what lies between hands on" create
ok "a secret is seen" grep -q SECRET "$seen"
quietly tpm2_load -C 0x81000001 -u pub -r priv -c key.ctx
tpm_flush
echo content >content
between --secret secret
exits 0 "without it in clear" signs
is "none is seen" "$(seen SECRET)" 0
is "names, handles and sessions are" \
    "$(seen 'Sign 80000000 02000000/01 = 0x0$')" 1
tpm_flush

# lies RULE TEXT: about a signature
lies() {
	between --fault "$1"
	exits 1 "$1" signs
	says "is what comes" err "$2"
	tpm_flush
}
between --fault 'Sign=rc:0x922*2'
exits 0 "busy, but not for long" signs
is "asked for again" "$(seen Sign)" 3
is "done once" "$(seen 'Sign .* = 0x0')" 1
tpm_flush
lies Sign=rc:0x902 "0x902"
is "it was not done" "$(seen 'Sign .* = 0x0')" 0
lies Sign=late:0x902 "0x902"
is "it was done" "$(seen 'Sign .* = 0x0')" 1
lies Sign=drop "0xA000A"
is "it was not done" "$(seen 'Sign .* = 0x0')" 0
lies Sign=lost "0xA000A"
is "it was done" "$(seen 'Sign .* = 0x0')" 1
lies Sign=cut:20 "0xA000A"
lies Sign=short:20 "Sign"
lies Sign=long:5000 "Sign"
lies Sign=size:0xffffffff "Sign"
lies Sign=bytes:ffffffff "0xA000A"
lies Sign=flip:-5 "Sign"
lies ReadPublic=noise:1 "ReadPublic"
between --fault any=hang
signs >told 2>&1 &
ok "it hangs" awaited "GetCapability hangs"
let_go
wait $!
report $? "until it is let go"
between_end
tpm_flush

tpm_ca maker
for tpm in one two; do
	tpm_make $tpm
	tpm_start $tpm
	ek $tpm 0x81010001 0x01c00002 RSA
	ek $tpm 0x81010016 0x01c00016 P-384
	tpm_clean "a TPM with certificates"
done
exits 1 "two are two" cmp one.P-384 two.P-384
tpm_use one
exits 0 "both answer" tpm2_nvread -C o -o cert.der 0x01c00016
same "as themselves" cert.der one.P-384
tpm_ca another
tpm_make three
exits 2 "another maker's root is none for them" openssl verify \
    -untrusted "$tpms/maker.ca/issuercert.pem" -CAfile "$ek_roots/root.pem" \
    one.RSA
done_testing

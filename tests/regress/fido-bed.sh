#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The security key of tests/fido before the others rely on it: libfido2's own
# tools and ssh-keygen work with it.
# shellcheck disable=SC2154,SC2317 # set by plug_in; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need fido2-token fido2-cred fido2-assert ssh-keygen openssl

rp=approve.corp.example

# make NAME TYPE [OPTION...]: a credential, verified; ./id and ./pub of it
make() {
	made=$1
	type=$2
	shift 2
	rm -f cred pub.all # the tools write over what is there
	printf '%s\n' "$(openssl rand -base64 32)" $rp alice YWxpY2U= >make.in
	exits 0 "$made" typing '1234\n' in_bed fido2-cred -M "$@" -i make.in \
	    -o cred "$key_node" "$type"
	exits 0 "it verifies" verify_cred "$type" "$@"
	sed -n 1p pub.all >id
	sed 1d pub.all >pub
}

# What is verified depends on what was asked for.
verify_cred() {
	flags=
	case " $* " in
	*" -v "*) flags=-v ;;
	esac
	case " $* " in
	*" -c 3 "*) flags="$flags -c 3" ;;
	esac
	# shellcheck disable=SC2086 # a list
	fido2-cred -V $flags -i cred -o pub.all "$1"
}

# get NAME TYPE [OPTION...]: an assertion by the last credential, verified
get() {
	made=$1
	type=$2
	shift 2
	rm -f assert
	{
		openssl rand -base64 32
		echo $rp
		case " $* " in
		*" -r "*) ;;
		*) cat id ;;
		esac
	} >get.in
	exits 0 "$made" typing '1234\n' in_bed fido2-assert -G "$@" \
	    -i get.in -o assert "$key_node"
	exits 0 "it verifies" verify_assert "$type" "$@"
}

verify_assert() {
	flags=
	case " $* " in
	*" -v "* | *" uv=true "*) flags=-v ;;
	esac
	case " $* " in
	*" up=false "*) ;;
	*) flags="$flags -p" ;;
	esac
	# The tool writes a user behind the signature of a resident one
	head -n 4 assert >assert.in
	# shellcheck disable=SC2086 # a list
	fido2-assert -V $flags -i assert.in pub "$1"
}

new_model acme
# shellcheck disable=SC2086 # a list
plug_in one $model --cred-protect
plug_in two --touch never
key_node=$one

ok "fido2-token lists keys" in_bed fido2-token -L
is "two of them, and no mouse" "$(wc -l <out)" 2
says "by name" out "$one: vendor=0x1209, product=0xf1d0 (Countersign Soft Key"
ok "fido2-token tells of one" in_bed fido2-token -I "$one"
says "its algorithms" out "es256 (public-key), eddsa (public-key)"
says "no PIN" out "noclientPin"
says "both protocols" out "pin protocols: 2, 1"

make "an ES256 credential by its model's key" es256
says "is packed" cred packed
get "its assertion" es256
get "without a touch" es256 -t up=false
is "two touches in all" "$(counted one 'touch wanted')" 2
plug_in one
make "an EdDSA credential by itself" eddsa
get "its assertion" eddsa
# U2F alone
# shellcheck disable=SC2086
plug_in one $model --u2f
make "a U2F registration" es256 -u
says "is fido-u2f" cred fido-u2f
get "its assertion" es256 -u
cp get.in known.in
plug_in one
exits 0 "which CTAP2 knows as well" in_bed fido2-assert -G -i known.in \
    -o assert "$one"

# CTAP 2.0
plug_in two --ctap20 --touch auto --pin 1234
key_node=$two
make "CTAP 2.0: ES256 with a PIN" es256
get "its assertion with a PIN" es256 -v
is "whose token is for anything" "$(counted two 'clientPIN 5')" 2
exits 1 "what it has not" in_bed fido2-assert -G -i known.in -o no "$two"
says "it says" err FIDO_ERR_NO_CREDENTIALS
is "after a touch" "$(counted two 'touch wanted')" 3
plug_in two --ctap20 --uv ok
get "a fingerprint, as an option of the request" es256 -t uv=true
key_node=$one

# PINs
for protocols in 1 2; do
	rm "$top/one.state"
	plug_in one --protocols $protocols --cred-protect
	exits 0 "a PIN is set by $protocols" typing '4321\n4321\n' in_bed \
	    fido2-token -S "$one"
	exits 0 "and changed" typing '4321\n1234\n1234\n' in_bed fido2-token \
	    -C "$one"
	ok "and told" in_bed fido2-token -I "$one"
	says "as set" out " clientPin"
	make "ES256 with a PIN" es256 -v
	get "its assertion with a PIN" es256 -v
	get "its assertion without" es256
	make "EdDSA, resident, with a PIN" eddsa -r -v
	get "its assertion, without the id" eddsa -r -v
done
plug_in one --cred-protect
make "with credProtect" es256 -v -c 3
exits 1 "which wants the PIN" in_bed fido2-assert -G -i get.in -o no "$one"
get "and has it" es256 -v
plug_in one
get "after it was plugged in again" es256 -v

wrong() { # NAME TEXT
	exits 1 "$1" typing '9999\n' in_bed fido2-assert -G -v -i get.in -o no \
	    "$one"
	says "told apart" err "$2"
}
wrong "a wrong PIN" FIDO_ERR_PIN_INVALID
wrong "another" FIDO_ERR_PIN_INVALID
wrong "the third in a row" FIDO_ERR_PIN_AUTH_BLOCKED
exits 1 "blocks the right one" typing '1234\n' in_bed fido2-assert -G -v \
    -i get.in -o no "$one"
plug_in one
ok "five tries are left" in_bed fido2-token -I "$one"
says "says the key" out "pin retries: 5"
get "until it is plugged in again" es256 -v
sed 's/^tries .*/tries 1/' "$top/one.state" >state
cp state "$top/one.state"
plug_in one
wrong "the last try" FIDO_ERR_PIN_BLOCKED
plug_in one
wrong "is the last" FIDO_ERR_PIN_BLOCKED
exits 0 "a reset" in_bed fido2-token -R "$one"
exits 1 "forgets the credentials" in_bed fido2-assert -G -i get.in -o no "$one"
says "and says so" err FIDO_ERR_NO_CREDENTIALS

# A fingerprint reader
plug_in one --uv ok
make "with a fingerprint" es256 -v
get "its assertion" es256 -t uv=true
plug_in one --uv fail
exits 1 "a wrong finger" in_bed fido2-assert -G -t uv=true -i get.in -o no "$one"

# Touches
late() { # COMMAND...: with a finger on it when it asks
	"$@" &
	late=$!
	logged one "touch wanted" && press one
	wait "$late"
}
plug_in one --touch never
exits 0 "a touch late" late in_bed fido2-assert -G -i get.in -o assert "$one"
plug_in one --touch 30
get "a little late" es256
plug_in one --touch deny
exits 1 "denied" in_bed fido2-assert -G -i get.in -o no "$one"
says "told apart" err FIDO_ERR_OPERATION_DENIED
plug_in one --touch never --give-up 30
exits 1 "never" in_bed fido2-assert -G -i get.in -o no "$one"
says "told apart" err FIDO_ERR_USER_ACTION_TIMEOUT

# What is broken is seen as broken
broken() { # FAULT
	plug_in one --fault "$1"
	rm -f assert
	ok "$1: an assertion" in_bed fido2-assert -G -i get.in -o assert "$one"
	exits 1 "$1: is refused" verify_assert es256
}
broken badsig
broken badrp
broken otherkey
broken noup
plug_in one --fault unplug
exits 1 "unplugged at the touch" in_bed fido2-assert -G -i get.in -o no "$one"
is "it is gone" "$(counted one unplugged)" 1
plug_in one --fault status=0x39
exits 1 "a status" in_bed fido2-assert -G -i get.in -o no "$one"
says "as it was" err FIDO_ERR_REQUEST_TOO_LARGE
plug_in one --fault garbage
exits 1 "garbage" in_bed fido2-assert -G -i get.in -o no "$one"
plug_in one
get "mended" es256

# ssh-keygen
SSH_ASKPASS=$top/askpass
printf '#!/bin/sh\necho 1234\n' >"$SSH_ASKPASS"
chmod 700 "$SSH_ASKPASS"
ssh() { # ARGUMENTS...
	SSH_ASKPASS=$SSH_ASKPASS SSH_ASKPASS_REQUIRE=force in_bed ssh-keygen "$@"
}
unplug two
only one
for type in ecdsa-sk ed25519-sk; do
	for how in '' '-O verify-required' '-O resident'; do
		rm -f "$top/one.state"
		plug_in one --pin 1234 --cred-protect
		rm -f k k.pub m.sig
		echo "to sign" >m
		# shellcheck disable=SC2086 # a list
		exits 0 "ssh-keygen -t $type $how" ssh -q -t $type $how -N '' -f k
		exits 0 "signs" ssh -Y sign -n file -f k m
		echo "alice $(cat k.pub)" >signers
		exits 0 "and verifies" sh -c 'ssh-keygen -Y verify -n file \
		    -f signers -I alice -s m.sig <m'
	done
done
done_testing

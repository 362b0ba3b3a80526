#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Key files of security keys that are not there, not right, or open to others;
# no key, and keys that the user may not open.
# shellcheck disable=SC2154,SC2317 # set by plug_in; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need openssl fido2-cred

new_key agent.key
countersign request --id "$id" --key agent.key -o agent.csr
plug_in one
owner_key "$keys/one" one es256
trusts "$keys/one"
forget one

# Where it lies
cp "$keys/one" here
exits 0 "by its path" by ./here
exits 0 "by its whole path" by "$PWD/here"
mkdir -p "$top/config/countersign/keys"
cp here "$top/config/countersign/keys/moved"
exits 0 "below XDG_CONFIG_HOME" env XDG_CONFIG_HOME="$top/config" \
    setsid -w "$bed/plug" "$one=$top/one.sock" -- "$COUNTERSIGN" sign \
    --key fido2:moved --owner "$alice" --yes -f agent.csr -o approval
approved "is approved" "hardware unproven, touch"
forget one

# file NAME STATUS TEXT: the key file ./bad is refused, the key not asked
file() {
	exits "$2" "$1" by ./bad
	says "says so" err "$3"
}
exits 5 "no key file" by nowhere
says "says how to make one" err "countersign enroll"
exits 5 "no file at a path" by ./nowhere
exits 2 "a name that is none" by .hidden
exits 2 "no name" by ''
cp here bad
chmod 660 bad
file "a file that the group can write" 9 bad
chmod 602 bad
file "that anybody can" 9 bad
mkdir open
cp here open/bad
chmod 777 open
exits 9 "in a folder that anybody can write" by ./open/bad
rm -f bad
mkdir bad
file "a folder" 9 bad
rmdir bad
# written TEXT: ./bad
written() {
	rm -f bad
	cat >bad
	chmod 600 bad
}
written </dev/null
file "an empty file" 3 "expected one line, found none"
cat here here | sed '2s/rp-id="/&x/' | written
file "two lines" 3 "bad"
tr -d '\n' <here | written
exits 0 "no newline at the end" by ./bad
sed 's/rp-id="[^"]*",//' here | written
file "no RP ID" 3 rp-id
sed 's/,credential-id="[^"]*"//' here | written
exits 5 "no credential id" by ./bad
says "is for keys that keep their own" err "holds the key of ./bad"
sed 's/credential-id="/&*/' here | written
file "a credential id that is no base64url" 3 credential-id
sed 's/ fido2 / spki /' here | written
file "a key of another type" 3 rp-id
sed 's/ MFkw/ MFkx/' here | written
file "a key that is none" 3 bad
sed 's/rp-id/rpid/' here | written
file "an unknown option" 3 rp-id
head -c 70000 /dev/zero | tr '\0' '#' | written
file "a long one" 3 bad
is "the key was asked for the good ones" \
    "$(counted one 'touch wanted')" 1
owner_key ./resident one eddsa -r
trusts resident
sed 's/,credential-id="[^"]*"//' resident | written
exits 0 "a resident key, found without its id" by ./bad
approved "is approved" "hardware unproven, touch"

# No key
unplug one
exits 5 "a key that does not answer" by one
only
exits 5 "no key" by one
says "says so" err "no security key is plugged in"

# Nobody may open it
exits 5 "a key of somebody else" setsid -w "$bed/plug" -m 0 /dev/hidraw9 \
    "$one=$top/one.sock" -- "$COUNTERSIGN" sign --key fido2:one \
    --owner "$alice" --yes -f agent.csr -o approval
says "names the node" err "/dev/hidraw0 is a security key"
says "and the rule to install" err 'ATTRS{idVendor}=="1209", ATTRS{idProduct}=="f1d0", TAG+="uaccess"'
silent "not of the mouse" err hidraw9
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign keys over tokens, security keys and an agent at once, and the
# default key of countersign sign among them.
# shellcheck disable=SC2016,SC2317 # words for jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq ssh-agent ssh-add ssh-keygen
for module in fido2 ssh-agent; do
	[ -e "$BUILDDIR/.libs/signer-$module.so" ] || {
		echo "1..0 # SKIP built without $module"
		exit 0
	}
done
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"
ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0
export ASAN_OPTIONS

echo 1234 >pin
alice=mailto:alice@corp.example
countersign request --id wimse://corp.example/agent/a --new-key p256 \
    --key agent.key -o agent.csr
# Where tpm2-pkcs11 is installed p11-kit has its module, which does not start
# without a TPM.
kept() {
	command jq 'del(.problems[]? | select(.text |
	    contains("libtpm2_pkcs11.so")))' out >list
}
has() { # NAME FILTER: of the JSON in ./list
	ok "$1" jq -e "$2" list
}
lists() { # NAME COMMAND...: ends well, and leaves ./list
	ok "$@"
	kept
}
sign() {
	countersign sign --owner "$alice" --yes "$@"
}

exits 5 "nothing" countersign keys
says "is there of all" err "no key that could sign was found: no token is"
exits 5 "for a program" countersign keys --json
kept
has "too" '.keys == [] and .problems == [] and .closed_tokens == [] and
    .error.class == "device"'
exits 5 "no agent of that name" env SSH_AUTH_SOCK=/absent/agent \
    setsid -w "$COUNTERSIGN" keys --json
kept
has "is a problem" '.problems | length == 1 and
    (.[0].text | contains("/absent/agent"))'
exits 5 "no agent at all" countersign keys ssh-agent:
says "is said when it is asked for" err "SSH_AUTH_SOCK"
exits 5 "no key file" countersign keys fido2:
exits 5 "and no default key" sign agent.csr
says "is told" err "no key: --key is missing"

# An agent with keys of several kinds.
if [ -x "$BUILDDIR/tests/fido/bin/plug" ]; then
	# shellcheck source=fido.sh
	. "$SRCDIR/tests/regress/fido.sh"
else
	unplug_all() { :; }
fi
trap 'kill "$pid"; unplug_all; rm -rf "$top"' EXIT
SSH_AUTH_SOCK=$top/run/agent
pid=$(ssh-agent -s -a "$SSH_AUTH_SOCK" |
    sed -n 's/.*SSH_AGENT_PID=\([0-9]*\);.*/\1/p')
export SSH_AUTH_SOCK
for type in ed25519 rsa ecdsa; do
	ssh-keygen -q -t $type -N '' -C "my $type" -f $type
	ssh-add -q $type
done
lists "keys of an agent" countersign keys --json
has "are listed" '[.keys[] | .ssh_type] | sort == ["ecdsa-sha2-nistp256",
    "ssh-ed25519", "ssh-rsa"]'
has "with their comments" '[.keys[].label] | sort == ["my ecdsa", "my ed25519",
    "my rsa"]'
has "and prove nothing" 'all(.keys[]; .presence == "no" and
    .verification == "no" and .usable and .login == "none" and
    .token == null and .rp_id == null)'
is "as ssh-add has them" "$(jq -r '.keys[].ssh_fingerprint' list | sort)" \
    "$(ssh-add -l | cut -d ' ' -f 2 | sort)"
jq -r '.keys[].uri' list >uris
while read -r uri; do
	ok "$uri signs" sign --key "$uri" agent.csr
done <uris
is "three" "$(wc -l <uris | tr -d ' ')" 3
ok "in words" countersign keys
says "presence" out "  presence: cannot be proven"
says "type" out "  OpenSSH type: ssh-ed25519"
exits 5 "a key in an agent is no default" sign agent.csr
if [ -x "$BUILDDIR/tests/fido/bin/plug" ]; then
	plug_in one
	ok "a key on a security key" in_bed ssh-keygen -q -t ed25519-sk \
	    -O application=ssh:approve -N '' -C 'my sk' -f sk
	unplug one
	ssh-add -q sk
	lists "in the agent" countersign keys --json "ssh-agent:my sk"
	has "is listed without it" '.keys | length == 1 and (.[0] |
	    .presence == "as-made" and .verification == "as-made" and
	    .rp_id == "ssh:approve" and (.software | not) and
	    .ssh_type == "sk-ssh-ed25519@openssh.com")'
	ok "in words" countersign keys "ssh-agent:my sk"
	says "a touch" out "  presence: a touch, proven by each signature, unl"
	says "a PIN" out "  verification: PIN or fingerprint, if the key was"
	says "what for" out "  for: ssh:approve"
	ssh-add -q -d sk
fi
exits 2 "and has no module" countersign keys --module /absent.so ssh-agent:

# Security keys, by their files.
keys=$HOME/.config/countersign/keys
mkdir -p "$keys"
fido() { # NAME OPTIONS
	new_key "$1.key"
	echo "$alice rp-id=\"approve.corp.example\"$2 fido2 $(openssl pkey \
	    -in "$1.key" -pubout -outform DER | openssl base64 -A) $1" \
	    >"$keys/$1"
}
fido touch ',credential-id="AQID"'
lists "a security key" countersign keys --json fido2:
has "is known by its file" '.keys | length == 1 and (.[0] |
    .uri == "fido2:touch" and .presence == "yes" and
    .verification == "when-asked" and .rp_id == "approve.corp.example" and
    .ssh_type == null and .key_type == "P-256" and .id == "010203")'
is "its hash" "$(jq -r '.keys[0].key_hash' list)" "SHA256:$(openssl pkey \
    -in touch.key -pubout -outform DER | openssl dgst -sha256 -binary |
    openssl base64 -A | tr -d =)"
exits 2 "--module is not its" countersign keys --module /absent.so fido2:
fido pin ',credential-id="AQIE",verify-required'
lists "one that wants its PIN" countersign keys --json fido2:pin
has "says so" '.keys | length == 1 and (.[0] | .verification == "yes" and
    .login == "pin")'
ok "in words" countersign keys fido2:pin
says "a touch" out "  presence: a touch, proven by each signature"
says "a PIN" out "  verification: PIN or fingerprint, proven by each"
says "what for" out "  for: approve.corp.example"
exits 5 "two" sign agent.csr
says "are no default" err "    --key 'fido2:pin'"
says "either of them" err "    --key 'fido2:touch'"
silent "and none of the agent" err "    --key 'ssh-agent:"
rm "$keys/pin"
echo broken >"$keys/broken"
lists "one broken file" countersign keys --json fido2:
cp err errors
has "hides no other" '([.keys[].uri] == ["fido2:touch"]) and
    (.problems | length) == 1'
says "it is told" errors "keys/broken"

# Everything.
softhsm_token alice
softhsm_key alice 01 approvals EC:prime256v1
lists "all kinds" countersign keys --json
has "in their order" '[.keys[].uri | split(":")[0]] == ["fido2", "pkcs11",
    "ssh-agent", "ssh-agent", "ssh-agent"]'
has "beside what is broken" '.problems | length == 1'
lists "one kind" countersign keys --json ssh-agent:
has "alone" '(.keys | length) == 3 and .problems == []'
exits 5 "a token's and a security key's" sign agent.csr
says "one" err "    --key 'fido2:touch'"
says "and the other" err "    --key 'pkcs11:token=alice;"
kill -STOP "$pid"
exits 6 "an agent that does not answer ends it" countersign keys --timeout 2
kill -CONT "$pid"
rm -r "$keys"
ok "the token's alone is a default" setsid -w sh -c 'exec "$COUNTERSIGN" sign \
    --pin-fd 3 --yes --owner mailto:alice@corp.example agent.csr 3<pin'
done_testing

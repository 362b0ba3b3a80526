#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What all verbs have: help, JSON, exit codes, closed and full descriptors.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq bash

ok "--version" countersign --version
says "one line" out "countersign "
ok "--version --json" countersign --version --json
ok "is an object" jq -e '.ok and (.version | length) > 0' out
ok "--help" countersign --help
for verb in request sign attach verify show completion; do
	says "--help lists $verb" out "  $verb "
done
for verb in request sign attach verify show completion; do
	ok "$verb --help" countersign $verb --help
	mv out help
	says "$verb has --json" help "--json"
	ok "help $verb" countersign help $verb
	same "$verb: is the same" out help
	ok "$verb --help --json" countersign $verb --help --json
	ok "$verb: is the option table" jq -e --arg v $verb '.ok and
	    .name == $v and ([.options[].name] | index("json") != null)' out
	exits 2 "$verb: an option that is none" countersign $verb --jsn
	says "$verb: did you mean" err "did you mean --json"
	exits 2 "$verb: one JSON object" countersign $verb --json --no-such
	is "$verb: one line of error" "$(wc -l <err)" 1
	says "$verb: begins with the verb" err "countersign $verb: "
	ok "$verb: is the failure" jq -e '(.ok | not) and .status == 2 and
	    .error.class == "usage" and .error.exit == 2 and
	    (.error.text | contains("--no-such"))' out
done
for word in --help -h -fh; do
	exits 2 "$word beside other words is no success" countersign show \
	    $word file
	empty "prints no help" out
done
exits 2 "a file called --help" countersign verify --owners o \
    --authority https://a.example --json --help
says "where the help is" err "countersign help verify"
exits 3 "after -- it is one" sh -c \
    'echo x >--help; "$COUNTERSIGN" show -- --help'
exits 2 "a value is no flag" countersign sign --purpose --help
says "but a value" err "REQUEST"
exits 2 "no verb" countersign
exits 2 "a verb that is none" countersign atach
says "did you mean" err "did you mean attach?"
exits 2 "a verb with an escape" countersign "$(printf 's\033[2J')"
silent "is escaped" err "$(printf '\033')"
exits 2 "a verb with a line end" countersign "$(printf 'x\n    --key y')"
is "is one line" "$(wc -l <err)" 1
exits 2 "help for none" countersign help sing
exits 2 "an option before the verb" countersign --json sign

ok "the completion" countersign completion bash
cp out completion.bash
ok "is bash" bash -n completion.bash
complete_words() { # WORDS...; the last is completed
	bash -c '. ./completion.bash
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	compopt() { :; }
	_countersign; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
complete_words countersign si >out
is "completes verbs" "$(cat out)" sign
complete_words countersign sign --max >out
is "completes options" "$(cat out)" --max-lifetime
complete_words countersign request --new-key p >out
is "completes choices" "$(tr '\n' ' ' <out)" "p256 p384 "
touch here.csr
complete_words countersign show her >out
is "completes files" "$(cat out)" here.csr
mkdir -p "$HOME/.config/countersign/keys"
for file in approve other '$(touch harm)' .hidden; do
	: >"$HOME/.config/countersign/keys/$file"
done
words() {
	tr '\n' ' ' <out
}
complete_words countersign sign --key f >out
is "completes keys" "$(words)" "fido2: fido2:approve fido2:other "
complete_words countersign keys s >out
is "an operand that is a key" "$(words)" "ssh-agent: "
complete_words countersign sign --key t >out
is "of a TPM" "$(words)" "tpm2: "
complete_words countersign sign --key tpm2:her >out
is "in a file" "$(words)" "tpm2:here.csr "
complete_words countersign owners challenge o --ek >out
is "options of two words" "$(words)" "--ek-roots "
complete_words countersign owners add --key fido2:a >out
is "in groups" "$(words)" "fido2:approve "
complete_words countersign sign --key her >out
is "files, too" "$(words)" "here.csr "
is "no name is run" "$(ls harm 2>/dev/null)" ""
# As readline splits it, at each colon.
complete_line() { # LINE
	bash -c '. ./completion.bash
	COMP_WORDBREAKS=" :" COMP_LINE=$1 COMP_POINT=${#1}
	read -ra COMP_WORDS <<<"${1//:/ : }"
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	compopt() { :; }
	_countersign; printf "%s\n" "${COMPREPLY[@]}"' bash "$1"
}
complete_line "countersign sign --key fido2:o" >out
is "behind a colon" "$(words)" "other "
complete_line "countersign keys --new tpm2:her" >out
is "a file there" "$(words)" "here.csr "
complete_line "countersign sign --key  pk" >out
is "before one" "$(words)" "pkcs11: "
complete_line "countersign show a:b" >out
is "elsewhere" "$(words)" " "
exits 2 "no completion for other shells" countersign completion tcsh

id=wimse://corp.example/agent/a
new_key agent.key
exits 9 "standard output is full" sh -c \
    '"$COUNTERSIGN" request --id '$id' --key agent.key >/dev/full'
says "is said" err "countersign request: standard output"
exits 9 "standard output is closed" sh -c \
    '"$COUNTERSIGN" request --id '$id' --key agent.key >&-'
ok "a closed one that is not used" sh -c \
    '"$COUNTERSIGN" request --id '$id' --key agent.key -o r.csr >&- 2>&- <&-'
ok "and the file is what it should be" openssl req -in r.csr -noout -verify
exits 9 "a closed standard input" sh -c '"$COUNTERSIGN" show - <&-'
# A configuration of OpenSSL that leaves it without any algorithm
cat >openssl.cnf <<'END'
openssl_conf = all
[all]
providers = list
[list]
null = one
[one]
activate = 1
END
exits 1 "a configuration of OpenSSL" \
    env OPENSSL_CONF="$PWD/openssl.cnf" openssl dgst -sha256 agent.key
ok "is not read" env OPENSSL_CONF="$PWD/openssl.cnf" \
    "$COUNTERSIGN" request --id $id --key agent.key -o config.csr

# A pipe whose only reader is gone before the command starts.
exits 9 "nobody reads" sh -c \
    'mkfifo pipe; exec 4<>pipe; exec 3>pipe 4>&-; "$COUNTERSIGN" --help >&3'

done_testing

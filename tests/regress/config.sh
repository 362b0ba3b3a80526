#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# ~/.config/countersign/config: defaults, and nothing that decides.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

id=wimse://corp.example/agent/alice/mail
new_key agent.key
new_key owner.key
countersign request --id $id --key agent.key -o agent.csr
mkdir -p "$HOME/.config/countersign"
config=$HOME/.config/countersign/config
write() {
	cat >"$config"
	chmod 600 "$config"
}
s() {
	countersign sign --yes "$@" agent.csr
}

write <<END
# alice
owner = "mailto:alice@corp.example"
key = "file:$PWD/owner.key"
authority = "https://ca.corp.example"
timeout = 30
END
ok "defaults for owner, key and authority" s --json
ok "are used" jq -e '.owner == "mailto:alice@corp.example" and
    .authority == "https://ca.corp.example"' out
ok "the command line wins" s --json --owner mailto:bob@corp.example \
    --authority https://other.example
ok "over both" jq -e '.owner == "mailto:bob@corp.example" and
    .authority == "https://other.example"' out
mkdir -p "$top/xdg/countersign"
echo 'owner = "mailto:xdg@corp.example"' >"$top/xdg/countersign/config"
chmod 600 "$top/xdg/countersign/config"
ok "XDG_CONFIG_HOME" env XDG_CONFIG_HOME="$top/xdg" "$COUNTERSIGN" sign \
    --yes --json --key file:owner.key agent.csr
ok "comes first" jq -e '.owner == "mailto:xdg@corp.example"' out
ok "a relative one" env XDG_CONFIG_HOME=xdg "$COUNTERSIGN" sign --yes --json \
    agent.csr
ok "does not count" jq -e '.owner == "mailto:alice@corp.example"' out

bad() { # NAME TEXT-OF-THE-ERROR; the file on standard input
	write
	exits 3 "$1" s --owner mailto:a@b.example --key file:owner.key
	says "says: $2" err "$2"
}
bad "an option that is none" 'did you mean owner?' <<END
ownr = "mailto:alice@corp.example"
END
bad "yes" "config:1: no such option 'yes'" <<END
yes = true
END
bad "the environment" 'not expanded' <<END
owner = "\${USER}"
END
bad "an option twice" 'config:2: timeout is set twice' <<END
timeout = 5
timeout = 6
END
bad "an empty value" 'config:1: key: it is empty' <<END
key = ""
END
bad "a relative pinentry" 'expected an absolute path' <<END
pinentry = "pinentry"
END
bad "a timeout of none" 'expected 1 to 3600, found "0"' <<END
timeout = 0
END
bad "a timeout in words" 'expected 1 to 3600, found "soon"' <<END
timeout = "soon"
END
bad "half a line" 'config:' <<END
owner =
END
bad "a section" 'config:1' <<END
owner { }
END
write <<END
owner = "mailto:Alice@corp.example"
END
exits 3 "an owner that is none" s --key file:owner.key
says "and where" err "owner in the configuration"

echo 'owner = "mailto:alice@corp.example"' | write
chmod 622 "$config"
exits 9 "a file that others write" s --key file:owner.key
chmod 600 "$config"
chmod 777 "$HOME/.config/countersign"
exits 9 "a folder that others write" s --key file:owner.key
chmod 755 "$HOME/.config/countersign"
if [ "$(id -u)" -eq 0 ]; then
	chown 65534 "$config"
	exits 9 "a file of somebody else" s --key file:owner.key
	chown 0 "$config"
fi
ok "as it should be" s --key file:owner.key

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What countersign-remote(7) says of ssh: requests and approvals through a pipe,
# and keys of a forwarded agent, by OpenSSH's own client, server and agent. The
# server is started for each connection, as this user, and hears of no network.
# shellcheck disable=SC2016,SC2317 # words for sh -c; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need openssl ssh sshd ssh-agent ssh-add ssh-keygen
[ -e "$BUILDDIR/.libs/signer-ssh-agent.so" ] || {
	echo "1..0 # SKIP built without ssh-agent"
	exit 0
}

# The other machine: a folder, and the environment that a session there has.
there=$top/there
mkdir "$there"
mkdir -m 700 "$there/run"
mkdir -m 700 "$top/ssh"
for key in host login; do
	ssh-keygen -q -t ed25519 -N '' -f "$top/ssh/$key"
done
cat >"$top/ssh/sshd_config" <<END
HostKey $top/ssh/host
AuthorizedKeysFile $top/ssh/login.pub
StrictModes no
UsePAM no
PidFile none
PermitUserRC no
StreamLocalBindUnlink yes
END
# As root sshd wants a folder of its own below /run.
start="exec $(command -v sshd) -i -f '$top/ssh/sshd_config'"
[ "$(id -u)" -ne 0 ] || [ -d /run/sshd ] ||
    start="exec unshare -m sh -c \"mount -t tmpfs none /run &&
	mkdir -m 755 /run/sshd && $start\""
printf '#!/bin/sh\n%s\n' "$start" >"$top/ssh/start"
chmod 755 "$top/ssh/start"
cat >"$top/ssh/config" <<END
Host build
ProxyCommand $top/ssh/start
IdentityFile $top/ssh/login
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile $top/ssh/known
StrictHostKeyChecking accept-new
LogLevel ERROR
END
build() { # [SSH-OPTION... --] COMMAND
	options=
	case $1 in
	-*)
		while [ "$1" != -- ]; do
			options="$options $1"
			shift
		done
		shift
		;;
	esac
	# shellcheck disable=SC2086 # words without blanks
	ssh -F "$top/ssh/config" $options build "cd '$there' && HOME='$there' \
	    XDG_RUNTIME_DIR='$there/run' LC_ALL=C.UTF-8 && \
	    export HOME XDG_RUNTIME_DIR LC_ALL && PATH='$top/bin':\$PATH && $*"
}
mkdir "$top/bin"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$COUNTERSIGN" >"$top/bin/countersign"
chmod 755 "$top/bin/countersign"
build true 2>"$top/log" || {
	sed 's/^/# /' "$top/log"
	echo "1..0 # SKIP no sshd can be started here"
	exit 0
}

alice=mailto:alice@corp.example
id=wimse://corp.example/agent/alice/build
new_key owner.key
anchor $alice "agents=\"$id\",no-touch-required" owner.key >owners
chmod 600 owners
verdict() { # OWNERS
	countersign verify --owners "$1" --authority https://corp.example \
	    composite.csr
}

# Files: the request comes here, the approval goes there.
ok "a request there" build countersign request --id $id --new-key p256 \
    --key agent.key -o agent.csr
ok "is approved here" sh -c '"$@" | setsid -w "$COUNTERSIGN" sign --yes \
    --key file:owner.key --owner mailto:alice@corp.example -o approval -' \
    sh ssh -F "$top/ssh/config" build "cat '$there/agent.csr'"
build countersign attach --key agent.key agent.csr - <approval >composite.csr
ok "and attached there" verdict owners
says "approved" out "approved: $id by $alice"

# Nobody is at a terminal there.
exits 7 "sign, there" build countersign sign --owner $alice agent.csr
says "keeps the request" err "request saved: $there/run/countersign/"
build 'cat $XDG_RUNTIME_DIR/countersign/*.req' >saved
ok "which is fetched" countersign sign --yes --key file:owner.key \
    --owner $alice -o again saved

# An agent of one key, forwarded by its socket's name.
agent=$top/run/approve.sock
far=$there/run/approve.sock
printf '#!/bin/sh\nread -r answer <"%s/answer"\nexec test "$answer" = yes\n' \
    "$top" >"$top/askpass"
chmod 755 "$top/askpass"
SSH_ASKPASS=$top/askpass SSH_ASKPASS_REQUIRE=force DISPLAY=none \
    ssh-agent -s -a "$agent" >"$top/agent"
pid=$(sed -n 's/.*SSH_AGENT_PID=\([0-9]*\);.*/\1/p' "$top/agent")
trap 'kill "$pid"; rm -rf "$top"' EXIT
ssh-keygen -q -t ed25519 -N '' -C approvals -f "$top/ssh/approve"
here_add() { # ARGUMENTS of ssh-add
	SSH_AUTH_SOCK=$agent ssh-add -q "$@" 2>/dev/null
}
forwarded() { # COMMAND there
	build -R "$far:$agent" -- "$@"
}
sign_there() {
	forwarded countersign sign --yes --owner "$alice" \
	    --key "'ssh-agent:socket=$far;approvals'" agent.csr
}
here_add "$top/ssh/approve"
ok "keys, there" forwarded countersign keys "'ssh-agent:socket=$far;'"
says "has its fingerprint" out "OpenSSH fingerprint: $(
    ssh-keygen -l -f "$top/ssh/approve.pub" | cut -d ' ' -f 2)"
says "and its URI" out "  uri: ssh-agent:socket=$far;SHA256:"
says "which proves nobody" out "presence: cannot be proven"
ok "sign, there" sign_there
cp out approval
build countersign attach --key agent.key agent.csr - <approval >composite.csr
ok "the line of its .pub file" countersign owners add --owner $alice \
    --agents $id --public-key "$top/ssh/approve.pub" plain
exits 1 "a plain key alone" verdict plain
says "proves no touch" out "touch-missing"
ok "with no-touch-required" countersign owners add --owner $alice \
    --agents $id --public-key "$top/ssh/approve.pub" --no-touch-required waived
ok "approves" verdict waived
says "without presence" out "no presence"
ok "-A forwards the agent of the environment" env SSH_AUTH_SOCK="$agent" \
    ssh -F "$top/ssh/config" -o ForwardAgent=yes -o IdentityAgent="$agent" \
    build "$COUNTERSIGN keys ssh-agent:"
says "with all its keys" out "label: approvals"
exits 5 "the socket is gone with the connection" build countersign keys \
    "'ssh-agent:socket=$far;'"

# What ssh-add(1) can ask for.
here_add -D
here_add -c "$top/ssh/approve"
echo no >"$top/answer"
exits 1 "ssh-add -c, and the owner says no" sign_there
echo yes >"$top/answer"
ok "and says yes" sign_there
here_add -D
printf 'build %s\n' "$(cut -d ' ' -f 1,2 "$top/ssh/host.pub")" >"$top/ssh/hosts"
here_add -H "$top/ssh/hosts" -h build "$top/ssh/approve"
exits 1 "ssh-add -h: a key for logins there signs no approvals there" sign_there
exits 1 "nor here" countersign sign --yes --owner "$alice" \
    --key "ssh-agent:socket=$agent;approvals" saved
here_add -D
exits 5 "a key that was taken out" sign_there
done_testing

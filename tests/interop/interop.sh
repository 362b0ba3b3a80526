# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced behind tap.sh where others' programs judge, or are judged. Without
# them the whole script is skipped; HACKING says how to have them.
# shellcheck shell=sh

export PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH="$SRCDIR/tests/reference"
export NODE_PATH="${NODE_PATH-$BUILDDIR/tests/bin/npm/node_modules}"
interop=$SRCDIR/tests/interop

# need_python MODULES: $python is one that has them. Debian's packages are for
# Debian's Python, which need not come first.
need_python() {
	for python in python3 /usr/bin/python3; do
		"$python" -c "import $1" 2>/dev/null && return
	done
	echo "1..0 # SKIP no Python with $1"
	exit 0
}

# need_npm PACKAGE...
need_npm() {
	need node
	for package; do
		node -e 'require.resolve(process.argv[1])' "$package" \
		    2>/dev/null || {
			echo "1..0 # SKIP no npm package $package"
			exit 0
		}
	done
}

# judged_by SERVER <LIST: what a server of WebAuthn says of KEY RP-ID ORIGIN
# APPROVAL in LIST, "APPROVAL verified" or "APPROVAL refused: WHY", a line each
judged_by() {
	case $1 in
	@simplewebauthn) node "$interop/assertion.js" ;;
	python3-fido2) "$python" "$interop/assertion.py" ;;
	esac
}

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Takes the examples out of a manual page, or out of README (-v plain=1), into
# the folder `dir`: for the Nth block N.name, N.sh and N.want, and N.setup for
# what the page does silently before it.
#
# In a page a block is `.Bd -literal` behind the line `.\" test: NAME`;
# `.\" setup: COMMAND` lines before that run first. In README a block is a run
# of lines that a tab indents, its first a command. In a block, "$ " begins
# a command, which goes on in the next line when its own ends with \ or |.

function begin(what) {
	n++
	name = what
	script = want = ""
	count = open = 0
	printf "%s", setup > (dir "/" n ".setup")
	setup = ""
	print name > (dir "/" n ".name")
}

# The status of a command is 0, or the next command looks at it.
function mark() {
	count++
	want = want "$ " count "\n"
	script = script "\ncs_status=$?\nprintf '%s %s%s\\n' '$' " count
}

# `here` is the word that ends a here-document, while one is open.
function line(s) {
	if (open) {
		script = script "\n" s
	} else if (s ~ /^\$ /) {
		if (count && s !~ /\$\?/)
			script = script check()
		mark()
		script = script " \"\"\n(exit $cs_status)\n" substr(s, 3)
	} else {
		want = want s "\n"
		return
	}
	if (here == "" && match(s, /<<[A-Z]+$/))
		here = substr(s, RSTART + 2)
	else if (s == here)
		here = ""
	open = here != "" || s ~ /[\\|]$/
}

function check() {
	return "\ntest $? -eq 0 || echo command " count ": status $? >>\"$FAILED\""
}

function finish() {
	print script check() > (dir "/" n ".sh")
	printf "%s", want > (dir "/" n ".want")
	close(dir "/" n ".sh"); close(dir "/" n ".want")
	close(dir "/" n ".setup"); close(dir "/" n ".name")
}

function unroff(s) {
	sub(/^\\&/, "", s)
	gsub(/\\\(aq/, "'", s)
	gsub(/\\\(dq/, "\"", s)
	gsub(/\\-/, "-", s)
	gsub(/\\e/, "\\", s)
	return s
}

plain + 0 && inside && /^$/ { blank++; next }
plain + 0 && /^\t/ {
	if (!inside && /^\t\$ /) {
		begin("transcript")
		inside = 1
	}
	for (; inside && blank > 0; blank--)
		line("")
	if (inside)
		line(substr($0, 2))
	next
}
plain + 0 && inside { finish(); inside = blank = 0 }
plain + 0 { next }

/^\.\\" vector: / {
	file = substr($0, 13)
	hex = ""
	waiting = 0
	dump = 1
	next
}
dump && /^\.Ed/ {
	print file, hex > (dir "/vector")
	dump = 0
}
dump && !/^\./ {
	sub(/  .*/, "")
	gsub(/ /, "")
	hex = hex $0
}
# What another test runs: its name, and the block behind it.
/^\.\\" (policy|elsewhere): / {
	print > (dir "/elsewhere")
	elsewhere = 1
	next
}
elsewhere && /^\.Ed/ { elsewhere = 0 }
elsewhere { next }
/^\.\\" setup: / { setup = setup substr($0, 12) "\n"; next }
/^\.\\" test: / { begin(substr($0, 11)); waiting = 1; next }
waiting && /^\.Bd -literal/ { waiting = 0; inside = 1; next }
inside && /^\.Ed/ { finish(); inside = 0; next }
inside { line(unroff($0)); next }
/^\$ / { print FNR ": " $0 > (dir "/unmarked") }
END { if (inside) finish() }

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# TPMs that are full, busy, silent, gone or lie, and owners who lose patience:
# one signature at most, no approval without one, and nothing left in the TPM.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need python3 tpm2_createprimary tpm2_create tpm2_encodeobject \
    tpm2_evictcontrol tpm2_dictionarylockout

new_request
tpm_start one
# A garbled answer costs a try of the PIN now and then.
quietly tpm2_dictionarylockout --setup-parameters --max-tries=4000 \
    --recovery-time=1 --lockout-recovery-time=1
tpm_flush
tools_key key ecc 12345678
tools_handle 0x81000010 ecc 12345678
trusts key.pub 0x81000010.pub

# ends STATUS NAME TEXT COMMAND...: no approval, and nothing left
ends() {
	status=$1
	said=$2
	text=$3
	shift 3
	exits "$status" "$said" "$@"
	cp err told
	says "is told as such" told "$text"
	ok "no approval" test ! -e approval
	tpm_clean "nothing stays in the TPM"
}

# Full
for slot in 1 2 3; do
	quietly tpm2_createprimary -C n -G ecc -c $slot.ctx
done
for k in key handle=0x81000010; do
	exits 5 "no room for a key" with_pin $k
	says "names who makes room" err "resource manager"
	ok "no approval" test ! -e approval
done
exits 0 "what others have there" tpm2_getcap handles-transient
is "stays" "$(wc -l <out)" 3
tpm_flush
for code in 0x902 0x903 0x904 0x905 0x906; do
	between --fault "any:2=rc:$code*0"
	ends 5 "the TPM says $code" "resource manager" with_pin key
done
between --fault StartAuthSession=rc:0x903
ends 5 "no room for a session" "resource manager" with_pin key

# Busy
for rule in CreatePrimary=rc:0x922 StartAuthSession=rc:0x90a Load=rc:0x908 \
    Sign=rc:0x908 Sign=rc:0x90a Sign=rc:0x922 FlushContext=rc:0x922; do
	between --secret pin --fault "$rule*3"
	exits 0 "$rule, three times" with_pin key
	is "signs once" "$(seen 'Sign .* = 0x0')" 1
	is "nothing in clear" "$(seen SECRET)" 0
	tpm_clean "nothing stays in the TPM"
done
approved "is approved"
between --fault 'Sign=rc:0x922*0'
ends 5 "busy for ever" "busy" with_pin key
ok "is not asked for ever" test "$(seen Sign)" -lt 50
between --fault 'Sign=rc:0x90a*0'
ends 6 "or as long as there is time" "in time" with_pin key --timeout 1

# What a TPM says
between --fault Sign=rc:0x98e
ends 4 "a wrong PIN" "wrong PIN" with_pin key
is "is tried once" "$(seen Sign)" 1
between --fault Sign=rc:0x9a2
ends 4 "a wrong PIN that does not count" "wrong PIN" with_pin key
is "is tried once" "$(seen Sign)" 1
between --fault Sign=rc:0x921
ends 4 "locked out" "locked out" with_pin key
is "is tried once" "$(seen Sign)" 1
for code in 0x18b 0x1df 0x910 0x918 0x101 0x120 0x95b 0x9a3 0x12f; do
	for command in Load Sign; do
		sampled || continue
		between --fault $command=rc:$code
		ends 5 "$command: $code" "TPM" with_pin key
	done
done
between --fault Sign=late:0x101
ends 5 "it has signed and denies it" "TPM" with_pin key
is "is not asked twice" "$(seen Sign)" 1

# Silent, gone
for command in GetCapability CreatePrimary StartAuthSession Load Sign \
    FlushContext; do
	between --fault $command=hang
	seconds=1
	[ $command != FlushContext ] || seconds=5 # it has to come so far
	with_pin key --timeout $seconds >told 2>&1
	status=$?
	case $command:$status in
	FlushContext:0 | *:6) ;;
	*) false ;;
	esac
	report $? "$command takes too long ($status)"
	[ $command = FlushContext ] || tpm_clean "nothing stays in the TPM"
done
tpm_handles_left >left
is "what was not flushed is the one that was not answered" "$(wc -l <left)" 1
tpm_flush
between --fault Sign=drop
ends 5 "the connection ends" "gone" with_pin key
between --fault Sign=lost
ends 5 "and it has signed" "gone" with_pin key
is "once" "$(seen Sign)" 1
between --fault Sign=hang
with_pin key >told 2>&1 &
ours=$!
ok "the TPM is killed" awaited 'Sign .*hangs'
tpm_stop one -KILL
let_go
wait $ours
is "ends it" $? 5
says "told as such" told gone
ok "no approval" test ! -e approval
between_end
exits 5 "there is no TPM" with_pin key
says "is told as such" err "no TPM answers"
ok "no approval" test ! -e approval
tpm_start one
between --fault Sign=hang
with_pin key >told 2>&1 &
ours=$!
ok "the TPM is reset" awaited 'Sign .*hangs'
tpm_stop one
tpm_start one
let_go
wait $ours
is "ends it" $? 5
ok "no approval" test ! -e approval
tpm_clean "nothing stays in the TPM"
between --secret pin
exits 0 "it signs again" with_pin key
approved "is approved"

# Signals: what waits for a TPM ends, when the answer comes and when it does not
interrupted() { # SIGNAL STATUS COMMAND [let_go]
	between --fault "$3=hang"
	rm -f approval
	env --default-signal=INT,QUIT setsid -w "$COUNTERSIGN" sign \
	    --key tpm2:key --owner "$alice" --yes agent.csr -o approval \
	    --pin-fd 3 3<pin >told 2>&1 &
	ok "$1 at $3" awaited "$3 .*hangs"
	kill "-$1" $!
	${4-}
	wait $!
	is "ends it" $? "$2"
	ok "no approval" test ! -e approval
	tpm_clean "nothing stays in the TPM"
}
for command in CreatePrimary StartAuthSession Load Sign; do
	interrupted INT 130 $command let_go
	interrupted TERM 143 $command let_go
done
interrupted INT 130 Sign
interrupted TERM 143 Load
interrupted HUP 129 Sign let_go

# Lies
HTTP=485454502f312e3020343030204261640d0a0d0a
judge() { # NAME COMMAND...: whatever comes, but no crash, and no bad approval
	said=$1
	shift
	"$@" >told 2>&1
	status=$?
	case $status in
	0) verdict --json >judged 2>&1 ;;
	[3-6]) test ! -e approval ;;
	*) false ;;
	esac
	result=$?
	! grep -q Sanitizer told || result=1
	report $result "$said ($status)"
	[ $result -eq 0 ] || sed 's/^/# /' told
	tpm_flush
}
for command in GetCapability CreatePrimary StartAuthSession Load Sign \
    FlushContext; do
	for lie in cut:5 cut:12 short:9 short:10 short:14 short:40 \
	    long:1 long:5000 size:0 size:0xffffffff flip:0 flip:-1 \
	    rc:9 rc:0x70009 bytes: bytes:ffffffffffffffffffff bytes:$HTTP \
	    bytes:80010000000a00000000; do
		sampled || continue
		between --fault "$command=$lie"
		judge "$command $lie" with_pin key --timeout 2
	done
done
for lie in short:20 flip:-1 flip:20 flip:60 long:100 bytes:$HTTP; do
	between --fault "ReadPublic=$lie*0"
	judge "ReadPublic $lie" with_pin handle=0x81000010 --timeout 2
done
tpm_parent 0x81000001
tools_key below ecc256 12345678 0x81000001
between --fault "ReadPublic=flip:40*0"
judge "a storage key beside its curve" with_pin below --timeout 2
for n in 0 2 5000 0xffffffff; do
	between --fault "GetCapability=count:$n*0"
	judge "$n properties" with_pin key --timeout 2
done
seed=1
while [ $seed -le 12 ]; do
	if ! sampled; then
		seed=$((seed + 1))
		continue
	fi
	between --secret pin --fault "any=noise:$seed*0"
	judge "noise $seed" with_pin key --timeout 2
	is "nothing in clear" "$(seen SECRET)" 0
	between --fault "any=noise:$seed*0"
	judge "noise $seed at a handle" with_pin handle=0x81000010 --timeout 2
	seed=$((seed + 1))
done
between --secret pin
exits 0 "the TPM itself is sound" with_pin key
approved "is approved"
done_testing

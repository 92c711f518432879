# SPDX-License-Identifier: ISC
# Every system call and every allocation of the plug-ins fails once, and in no
# case does anybody get what they would not get otherwise; tests/faults.  Those of
# the gate are faultsgate.sh's.
# runs: once
. "$(dirname "$0")/lib.sh"

cp "$LAB_REPO"/tests/faults/*.py "$LAB_BUILD/inject" "$LAB_BUILD/alloc.so" \
    "$LAB/tmp/"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
lab on jump sh -c '
echo "held:x:4001:alice" >>/etc/group
cp /run/lab/tmp/alloc.so /usr/local/libexec/jump/'
lab on jump python3 -c 'import sys; sys.path.insert(0, "/run/lab/tmp")
import world; print(world.policy(300))' >"$T/policy"
run lab load "$T/policy"
check "the policy loads" gave 0
# The registry has its files from now on, so that all runs make the same calls.
run lab on -u alice jump /usr/local/libexec/jump/jump-connect web9 7001
lab on jump python3 /run/lab/tmp/sweep.py /run/lab/tmp/inject \
    /usr/local/libexec/jump/alloc.so ${FAULTS:---no-gate} "$@" ${SWEEP:-} ||
    failures=1
finish

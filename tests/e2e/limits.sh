# SPDX-License-Identifier: ISC
# Whoever starts a setgid program chooses its descriptors, arguments, limits
# and signals: it works as ever, or fails in a clear way; tests/faults.
# runs: once
. "$(dirname "$0")/lib.sh"

cp "$LAB_REPO"/tests/faults/*.py "$LAB/tmp/"
lab on jump sh -c 'echo "held:x:4001:alice" >>/etc/group'
lab on jump python3 -Bc 'import sys; sys.path.insert(0, "/run/lab/tmp")
import world; print(world.policy(10))' >"$T/policy"
run lab load "$T/policy"
check "the policy loads" gave 0
for what in descriptors limits signals; do
	lab on jump python3 -B /run/lab/tmp/odd.py $what || failures=1
done
finish

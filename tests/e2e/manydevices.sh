# SPDX-License-Identifier: ISC
# Many devices at once, each reached by its name, and all back after a restart
# of sshd: the bench of 1,000, with few.
# lab: LAB_POLICY=none
# runs: once
. "$(dirname "$0")/lib.sh"

"$LAB_REPO/tests/bench/devices" --check 20 >"$T/many" 2>&1
cat "$T/many"
check "what was measured holds" not grep -q '^not ok' "$T/many"
check "... and all was measured" [ "$(grep -c '^ok' "$T/many")" -eq 6 ]
finish

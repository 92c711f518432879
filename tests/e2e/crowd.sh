# SPDX-License-Identifier: ISC
# Two hundred at once where five may be, ROUNDS times: five are.
# runs: once
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow db: alice to db1:5432 max 5
END
cp "$LAB_REPO/tests/e2e/crowd.py" "$LAB/tmp/"
last=crowd.py
status=0
lab on jump python3 -B /run/lab/tmp/crowd.py alice db1 5432 5 200 \
    "${ROUNDS:-2}" >"$T/out" 2>"$T/err" || status=$?
check "max 5 of 200 at once: $(cat "$T/out")" gave 0
none() {
	who && gave 0 ""
}
check "none is left" within none
finish

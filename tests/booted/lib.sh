# SPDX-License-Identifier: ISC
# What the scripts that run on the machine of tests/booted/run share.

# check NAME COMMAND...: what it said is in last.
check() {
	name=$1
	shift
	if "$@" >last 2>&1; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		sed 's/^/# /' last | tail -n 40
	fi
}

# within SECONDS COMMAND...
within() {
	end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 0.2
	done
}

not() {
	! "$@"
}

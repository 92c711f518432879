# SPDX-License-Identifier: ISC
# PerSourcePenalties of OpenSSH 9.8 and later, which the lab has off elsewhere:
# what VERSIONS OF OPENSSH in jump-authkeys(8) says of a policy that cannot be
# used, and of an address that is exempt.
. "$(dirname "$0")/lib.sh"

if [ ! -x "$LAB/openssh/usr/lib/openssh/sshd-session" ]; then
	skip "this OpenSSH has no PerSourcePenalties"
	finish
fi

# another PORT OPTION...: one more sshd, as it is by default.
another() {
	port=$1
	shift
	lib=/run/lab/openssh/usr/lib/openssh
	set -- "$@" -p "$port" -o PidFile=/run/sshd.$port \
	    -o "SshdSessionPath=$lib/sshd-session"
	[ ! -x "$LAB/openssh/usr/lib/openssh/sshd-auth" ] ||
	    set -- "$@" -o "SshdAuthPath=$lib/sshd-auth"
	lab on jump /run/lab/openssh/usr/sbin/sshd "$@"
	within lab on jump test -s /run/sshd.$port
}

# login USER PORT COMMAND...
login() {
	LAB_USER=$1
	export LAB_USER
	port=$2
	shift 2
	run ssh -F "$C" -p "$port" jump "$@" </dev/null
}

# tries PORT: as the client of a user who does not know better.
tries() {
	for i in 1 2 3 4 5 6; do
		login alice "$1" list
	done
	[ "$status" -eq 255 ]
}

policy <<'END'
allow web: alice to web1
END
another 2201
another 2202 -o PerSourcePenaltyExemptList=192.0.2.0/24
login alice 2201 list
check "with a policy, alice is served" gave 0
lab on jump mv /var/lib/jump/policy.db /root/kept.db
check "without one she is not" tries 2201
login admin 2201 id -un
check "and her address is shut out, with the administrators there" \
    said 'Connection (reset|closed) by'
check "where it is exempt, she is not served either" tries 2202
login admin 2202 id -un
check "but they are" gave 0 admin
lab on jump mv /root/kept.db /var/lib/jump/policy.db
login alice 2202 list
check "and she is, once there is a policy" gave 0
finish

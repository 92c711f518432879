# Devices: each listens where the policy says, and nowhere else.
. "$(dirname "$0")/lib.sh"

device_account rtu17 2201
device_account rtu18 2202
device_account boxes 2203
LAB_USER=rtu17 # no key of anybody else is offered
export LAB_USER

statements='
device rtu17 127.77.0.17 ssh 2222 tcp 8080
device rtu18 127.77.0.18 ssh 2222 replace
device box1 127.77.0.21 ssh 2222 account boxes
device box2 127.77.0.22 ssh 2222 account boxes
device low 127.77.0.23 ssh 22 account boxes'
keys=$(for d in rtu17 rtu18 box1 box2 low; do device_key $d; done)
policy <<END
$statements
$keys
END

# listening: where, on the jump host, these accounts' processes listen.
listening() {
	lab on jump ss -Hltne | sed -n 's/.* \([^ ]*:[0-9]*\) .*uid:\(220[0-9]\).*/\2 \1/p' |
	    sort | tr '\n' ' '
}

listens() {
	[ "$(listening)" = "$1" ]
}

# up NAME ACCOUNT OPTION...: a connection that stays until down NAME.
up() {
	up=$1
	as_device "$@" -M -S "$T/s.$1" -fN jump >"$T/out" 2>"$T/err" </dev/null
	status=$?
	last="up $*"
}

down() {
	ssh -F "$C" -S "$T/s.$1" -O exit jump 2>/dev/null
	within listens "${2:-}"
}

up rtu17 rtu17 -R 127.77.0.17:2222:10.2.0.10:22
check "a device listens" listens "2201 127.77.0.17:2222 "
down rtu17
finish

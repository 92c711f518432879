# SPDX-License-Identifier: ISC
# Records of clear text, as tshark reads them: the protocols are taken apart,
# nothing is odd, and the times are those of the session.
# runs: once
. "$(dirname "$0")/lib.sh"

# The machine's, or what bootstrap has unpacked.
unpacked=$LAB_REPO/.cache/clients/usr
dissector=tshark
libraries=
if ! command -v tshark >/dev/null; then
	dissector=$unpacked/bin/tshark
	libraries=$(echo "$unpacked"/lib/*-linux-gnu)
fi
if ! command -v "$dissector" >/dev/null; then
	skip "no tshark here; run sudo ./bootstrap clients"
	finish
fi
export LAB_USER=bob
folder=$LAB/hosts/jump/var/log/jump
cp "$(dirname "$0")/dissect.py" "$T/"
policy <<'END'
set nft "/usr/sbin/nft"
set gate 422
set exempt admin
user bob
key bob "ssh-ed25519 AAAA"
host pump4 10.2.0.11 tcp { 23 502 5900 }
allow pump: bob to pump4
require seen: any to pump4 record
END
check "the gate is up" gate_up
run lab on jump jumpctl sweep
lab on db1 python3 -B "$T/dissect.py" serve 10.2.0.11 >"$T/serve.err" 2>&1 &
served() {
	lab on db1 ss -Hltn 'sport = 5900' | grep -q .
}
check "what is talked to" within served

# talk PROTOCOL PORT COMMAND...: its record is $file.
talk() {
	protocol=$1 port=$2
	shift 2
	ls "$folder" >"$T/before"
	began=$(date +%s.%N)
	run python3 -B "$T/dissect.py" "$protocol" "$@"
	ended=$(date +%s.%N)
	file=$folder/$(ls "$folder" | grep -vxFf "$T/before")
}

# reads TSHARK-ARGUMENT...: the record, with checksums looked at.
reads() {
	run env LD_LIBRARY_PATH="$libraries" "$dissector" -n -r "$file" -o tcp.check_checksum:TRUE \
	    -o ip.check_checksum:TRUE "$@"
}

# lines FILTER: so many packets.
lines() {
	reads -Y "$1" && wc -l <"$T/out"
}

# in_time: all packets, in order, while they talked.
in_time() {
	reads -T fields -e frame.time_epoch
	[ "$status" -eq 0 ] && awk -v from="$began" -v to="$ended" '
		$1 < before || $1 < from || $1 > to { exit 1 }
		{ before = $1 }
		END { exit NR < 5 }' "$T/out"
}

# whole ROAD PROTOCOL FILTER: what holds for any record.
whole() {
	check "$1: $2: they talk" printed '^talked 0 '
	check "$1: $2: in time" in_time
	reads -q -z expert,warn
	check "$1: $2: nothing is odd" [ "$(grep -Ec \
	    'Errors|Warns' "$T/out")" -eq 0 ]
	check "$1: $2: nothing is malformed" [ "$(lines _ws.malformed)" -eq 0 ]
	check "$1: $2: by the user" [ "$(lines "$3 && tcp.dstport == $port")" -gt 0 ]
	check "$1: $2: by the target" [ "$(lines "$3 && tcp.srcport == $port")" -gt 0 ]
	check "$1: $2: checksums" [ "$(lines \
	    'tcp.checksum.status != 1 || ip.checksum.status != 1')" -eq 0 ]
}

for road in connect gate; do
	by() {
		case $road in
		connect) talk "$1" "$2" ssh -F "$C" jump connect pump4 "$2" ;;
		gate) talk "$1" "$2" ssh -F "$C" -W "10.2.0.11:$2" jump ;;
		esac
	}
	by modbus 502
	whole $road Modbus mbtcp
	check "$road: Modbus: each request" [ "$(lines \
	    'modbus.func_code == 3 && modbus.word_cnt == 100')" -eq 20 ]
	check "$road: Modbus: each answer" [ "$(lines \
	    'modbus.byte_cnt == 200')" -eq 20 ]
	check "$road: Modbus: its registers" [ "$(lines \
	    'modbus.regnum16 == 99 && modbus.regval_uint16 == 99')" -eq 20 ]
	by telnet 23
	whole $road telnet telnet
	check "$road: telnet: its words" [ "$(lines \
	    'telnet.data contains "Welcome"')" -eq 1 ]
	check "$road: telnet: its options" [ "$(lines \
	    'telnet.cmd == 253 && tcp.dstport == 23')" -eq 1 ]
	by vnc 5900
	whole $road VNC vnc
	reads -Y 'vnc.desktop_name' -T fields -e vnc.desktop_name
	check "$road: VNC: the desktop" gave 0 pump4
	check "$road: VNC: its picture" [ "$(lines \
	    'vnc.server_message_type == 0 && vnc.fb_update_num_rects == 1')" -ge 1 ]
done
gate_down
finish

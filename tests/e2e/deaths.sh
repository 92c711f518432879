# SPDX-License-Identifier: ISC
# kill -9 of any process of a session: its row goes, and its place is free,
# soon: five seconds, and what a busy machine takes of its own.
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow db: { alice carol } to db1:5432 max 1
END
mkfifo "$T/open"
exec 8<>"$T/open"

# begin USER: its ssh is $client, and its relay $relay; what was typed is back.
begin() {
	: >"$T/live"
	LAB_USER=$1 ssh -F "$C" jump connect db1 5432 <"$T/open" >"$T/live" 8<&- &
	client=$!
	echo hello >&8
	within grep -qx hello "$T/live" || return 1
	relay=$(lab on jump jumpctl who --json --user "$1" |
	    sed 's/.*"pid":\([0-9]*\).*/\1/')
	[ -n "$relay" ]
}

# processes: of the session, from the relay up to the sshd that is root's.
processes() {
	p=$relay
	while [ "$(awk '/^Uid:/ { print $2 }' "/proc/$p/status")" -ne 0 ]; do
		echo "$p"
		p=$(awk '/^PPid:/ { print $2 }' "/proc/$p/status")
	done
}

# free USER: no row, and a session can begin; after took milliseconds.
free() {
	until no_row "$1"; do
		[ "$(($(date +%s%N) - start))" -lt 20000000000 ] || return 1
	done
	took=$((($(date +%s%N) - start) / 1000000))
	wait "$client" # or it reads what is for the next
	begin "$1"
}

no_row() {
	who --user "$1"
	silent
}

for user in alice carol; do
	check "$user: a session" begin "$user"
	run env LAB_USER=$user ssh -F "$C" jump connect db1 5432 </dev/null
	check "$user: it is the only one" gave 75 ""
	n=$(processes | wc -l)
	check "$user: a relay and an sshd, at least" [ "$n" -ge 2 ]
	for i in client $(seq "$n"); do
		victim=$client
		[ "$i" = client ] || victim=$(processes | sed -n "${i}p")
		comm=$(cat "/proc/$victim/comm")
		start=$(date +%s%N)
		kill -KILL "$victim"
		check "$user: kill -9 of $comm: free soon" free "$user"
		echo "# $took ms"
	done
	kill "$client"
	within no_row "$user"
done
finish

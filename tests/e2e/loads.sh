# SPDX-License-Identifier: ISC
# Loads, one after the other as fast as they go, while people log in: each
# look-up sees the old policy or the new one, whole; what both permit never
# fails (a session may have to be asked for again), what both deny is never
# granted, and nothing leaks.
# LOADS=10000 for a long run.
# runs: once
. "$(dirname "$0")/lib.sh"

var=$LAB/hosts/jump/var/lib/jump
cp "$(dirname "$0")/loads.py" "$T/"
for p in a b; do
	policy <<-END
		allow both: { alice carol } to web1
		allow own-$p: alice to $([ $p = a ] && echo web2 || echo db1)
	END
	cp "$LAB/hosts/jump/etc/jump/policy" "$T/policy.$p"
	lab on jump jumpctl load 2>/dev/null
done
key=$(cat "$LAB/keys/alice.pub")
print=$(ssh-keygen -lf "$LAB/keys/alice.pub" | cut -d' ' -f2)
daemon=$(cat "$LAB/hosts/jump/run/sshd.pid")
ls "/proc/$daemon/fd" | wc -l >"$T/fds"
: >"$T/failed"

lab on jump python3 "$T/loads.py" "$T" "${LOADS:-400}" \
    alice ${key% *} "$print" >"$T/loads.out" 2>&1 &
loader=$!

# bad TEXT: one login that was not as both policies say.
bad() {
	echo "$* ($status): $(head -n 1 "$T/err")" >>"$T/failed"
}

# again COMMAND...: as long as a policy comes between the verdict and the relay.
again() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		run "$@" </dev/null
		said 'the policy has changed, try again' || return 0
	done
}

logins=0
while kill -0 $loader 2>/dev/null; do
	for LAB_USER in alice carol; do
		export LAB_USER
		again ssh -F "$C" -J jump web1 hostname
		gave 0 web1 || bad "$LAB_USER by -J to web1"
		again ssh -F "$C" -o \
		    "ProxyCommand=ssh -F $C jump connect %h %p" web1 hostname
		gave 0 web1 || bad "$LAB_USER by connect to web1"
		again ssh -F "$C" jump connect web2 80
		[ "$LAB_USER" = alice ] || gave 77 "" ||
		    bad "$LAB_USER by connect to web2"
		jump connect plc7 502
		gave 77 "" || bad "$LAB_USER by connect to plc7"
		logins=$((logins + 4))
	done
done
wait $loader
status=$?
cp "$T/loads.out" "$T/out"
last="loads.py and $logins logins"
check "$(tail -n 1 "$T/out"); $logins logins" gave 0
cp "$T/failed" "$T/err"
check "every login was as both policies say" [ ! -s "$T/failed" ]
check "there were logins" [ "$logins" -ge 8 ]
check "no file is left behind" \
    [ "$(ls -A "$var" | tr '\n' ' ')" = "policy.db policy.db.1 requests " ]
quiet() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(ls "/proc/$daemon/fd" | wc -l)" -gt "$(cat "$T/fds")" ] ||
			return 0
		sleep 0.2
	done
	return 1
}
check "sshd holds no more descriptors than before" quiet
finish

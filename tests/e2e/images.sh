# SPDX-License-Identifier: ISC
# Damaged images through the real programs: each exits 78 and says nothing on
# standard output, or, where it did not look at what is damaged, gives the
# very answer of the image as it was.
# runs: once
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow web: { alice carol } to web1
deny not: alice to web1:80
END
cp "$(dirname "$0")/images.py" "$T/"
key=$(cat "$LAB/keys/alice.pub")
print=$(ssh-keygen -lf "$LAB/keys/alice.pub" | cut -d' ' -f2)
var=$LAB/hosts/jump/var/lib/jump
wire_tap

# images HOW: python does the work; its lines are tests.
images() {
	timeout 250 "$LAB/bin/lab" on jump python3 "$T/images.py" "$1" \
	    alice ${key% *} "$print" >"$T/out" 2>"$T/err" &&
	    status=0 || status=$?
	last="images.py $1"
	check "$1: $(tail -n 1 "$T/out")" gave 0
}

run lab on jump python3 "$T/images.py" intact alice ${key% *} "$print"
check "the image as it was: answers" gave 0
wire_reset
for how in flips cuts tails words versions files; do
	images $how
done
check "and nothing went over the wire but what was allowed" \
    [ "$(wire_count syn)" -eq 0 ]
run lab on jump jumpctl load
check "a load mends all of it" gave 0
{
	cat "$T/policy"
	i=0
	while [ $((i += 1)) -lt 400 ]; do
		echo "user pad$i comment \"$(printf %0100d $i)\""
	done
} >"$T/padded"
cp -p "$T/policy" "$T/small"
run lab load "$T/padded"
check "a larger policy: loads" gave 0
images large
check "the log says why" logged 'jump-authkeys.*"jump.reason":"damaged"'
for LAB_USER in alice carol; do
	export LAB_USER
	cp "$var/policy.db" "$T/whole"
	printf 'X' | dd of="$var/policy.db" bs=1 seek=16 conv=notrunc 2>/dev/null
	jump connect web1 22
	check "$LAB_USER: no login with a damaged image" no_login
	cat "$T/whole" >"$var/policy.db"
done
finish

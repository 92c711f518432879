# The shipped firewall table: only the group _jump passes.
# lab: LAB_NFT=1
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow web: { alice carol } to web1
END

# dials USER: a plain nc of that user on the jump host gets an answer.
dials() {
	run lab on -u "$1" jump nc -w 2 10.2.0.10 22 </dev/null
	printed '^SSH-2.0-'
}

dropped() {
	lab on jump nft list counter inet jumphost refused |
	    sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

for u in alice carol; do
	export LAB_USER=$u
	run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump connect %h %p" \
	    web1 hostname </dev/null
	check "$u: connect passes" gave 0 web1
done
for u in alice jump; do
	check "$u: a plain nc on the jump host gets nothing" not dials $u
done
check "what was dropped is counted" [ "$(dropped)" -gt 0 ]
check "an exempt administrator passes" dials admin

export LAB_USER=alice
run ssh -F "$C" -o ConnectTimeout=3 -J jump web1 hostname </dev/null
check "ProxyJump to an address that is not listed does not pass" \
    not gave 0
lab on jump nft add element inet jumphost forward4 '{ 10.2.0.10 . 22 }'
run ssh -F "$C" -J jump web1 hostname </dev/null
check "ProxyJump to a listed address passes" gave 0 web1
finish

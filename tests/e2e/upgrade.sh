# SPDX-License-Identifier: ISC
# An upgrade by make install, under sessions on each road, and back: none is
# lost, and whoever comes meanwhile is served.
# runs: once
. "$(dirname "$0")/lib.sh"

eval "$(ssh-agent -a "$LAB/tmp/agent")" >/dev/null
trap 'kill "$SSH_AGENT_PID"' EXIT
ssh-add -q "$LAB/keys/alice"
cat >"$T/upgrade.policy" <<END
version 1
user alice
key alice "ssh-ed25519 AAAA"
user vend1
key vend1 "ssh-ed25519 AAAA"
group @boss alice
host web1 10.2.0.10 ssh 22 agent
host db1 10.2.0.11 tcp 5432
hostkey web1 "$(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")"
allow db: alice to db1:5432
allow pump: vend1 to db1:5432 approve @boss 1h
allow web: alice to web1 via shell record
END
run lab load "$T/upgrade.policy"
check "the policy loads" gave 0

# The next version: its programs, and its image.
S=$T/src
mkdir -p "$S"
(cd "$LAB_REPO" && cp -a Makefile VERSION lib jump-* jumpctl dist docs \
    sshd_config.d "$S/")
cp -a "$S" "$T/old"
echo 99.0 >"$S/VERSION"
mkdir "$T/old/build"
for p in jump-authkeys jump-shell jump-connect jump-record jump-ssh jumpctl; do
	cp "$LAB_BUILD/$p" "$T/old/build/"
done
next=$(awk '/define IMAGE_VERSION/ { print $3 + 1 }' "$S/lib/policy_image.h")
(cd "$S" && CFLAGS=-O0 CPPFLAGS=-DIMAGE_VERSION=$next make -s BUILD=build -j2 all) \
    >"$T/out" 2>"$T/err" && status=0 || status=$?
check "the next version is built" gave 0

# --- sessions ----------------------------------------------------------------

# open NAME COMMAND...: in the background; what say NAME says goes in.
all=
open() {
	name=$1
	shift
	mkfifo "$T/$name.in"
	"$@" <"$T/$name.in" >"$T/$name.out" 2>"$T/$name.err" &
	eval "pid_$name=$!"
	n=$((${n:-3} + 1))
	eval "exec $n>\"$T/$name.in\"; fd_$name=$n"
	all="$all $name"
}

said_back() {
	grep -q "$2" "$T/$1.out"
}

# alive WORD: each session takes it and gives it back; a shell computes it.
alive() {
	for s in $all; do
		fd=$(eval "echo \$fd_$s")
		case $s in
		shell*) echo "echo $1-\$((1 + 1))" >&$fd ;;
		*) echo "$1-2" >&$fd ;;
		esac
	done
	for s in $all; do
		within said_back "$s" "$1-2" || { echo "# $s: $1"; return 1; }
	done
}

begin() {
	open "forward$1" ssh -F "$C" -W db1:5432 jump
	open "connect$1" env LAB_USER="$2" ssh -F "$C" jump connect db1 5432
	open "shell$1" ssh -tt -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" \
	    jump ssh web1
}

# listed N: so many sessions are in who, and a sweep ends none.
listed() {
	run lab on jump jumpctl sweep
	gave 0 "" || return 1
	who
	[ "$(grep -Ec '^[a-z0-9-]* *(alice|vend1) ' "$T/out")" -eq "$1" ]
}

# installs DIR: on the jump host, without compiling.
installs() {
	run lab on jump make -s -C "$1" -o all BUILD=build install
}

image() {
	od -An -t u4 -j 8 -N 4 "$LAB/hosts/jump/var/lib/jump/policy.db" |
	    tr -d ' '
}

as vend1 jump request db1:5432 over the upgrade
id=$(sed -n 's/^\([a-z2-7]\{6\}\): asked for .*/\1/p' "$T/out")
as alice jump approve "$id"
check "an approval" gave 0
begin 1 vend1
check "three sessions, one of them approved" alive first
check "which who shows" listed 3
was=$(image)

# --- up ----------------------------------------------------------------------

# From here on, somebody always comes in.
(while [ ! -e "$T/stop" ]; do
	ssh -F "$C" jump connect db1 5432 </dev/null 2>"$T/comer.err" || {
		cat "$T/comer.err" >"$T/lost"
		break
	}
	echo . >>"$T/comers"
done) &
comers=$!
cp "$LAB/hosts/jump/var/lib/jump/policy.db" "$T/policy.db"
installs "$S"
check "the next version is installed" gave 0
run lab on jump jumpctl --version
check "it is" gave 0 "jumpctl 99.0"
check "the policy in force is made again" [ "$(image)" -eq $((was + 1)) ]
check "the sessions go on" alive second
begin 2 alice
check "others begin" alive third
check "all are seen, and none is swept away" listed 6
cat "$T/policy.db" >"$LAB/hosts/jump/var/lib/jump/policy.db"
check "the image of the version before" [ "$(image)" -eq "$was" ]
jump list
check "is one to work with" printed '^db1'
run ssh -F "$C" -W db1:5432 jump </dev/null
check "also for a ProxyJump" gave 0 ""
run lab on jump jumpctl load
check "and loads" gave 0

# --- and back ----------------------------------------------------------------

touch "$T/stop"
wait $comers
check "nobody was turned away meanwhile" [ ! -e "$T/lost" ]
check "and some came" [ "$(wc -l <"$T/comers")" -gt 1 ]
jump list
check "the next version serves" printed '^db1'
installs "$T/old"
check "the version before is installed again" gave 0
run lab on jump jumpctl --version
check "it is" gave 0 "jumpctl $(cat "$LAB_REPO/VERSION")"
check "and the policy is in force, as it writes it" [ "$(image)" -eq "$was" ]
check "all sessions go on" alive fourth
check "all are seen, and none is swept away" listed 6
jump list
check "and new ones begin" printed '^db1'
kick --user alice
check "and all can be ended" gave 0
kick --user vend1
check "what was approved, too" gave 0
ended() {
	for s in $all; do
		! kill -0 "$(eval "echo \$pid_$s")" 2>/dev/null || return 1
	done
}
check "they have" within ended
finish

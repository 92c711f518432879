# What users who have broken out, and strangers with a public key, do to the
# sweeps that are to end them.
# runs: once
. "$(dirname "$0")/lib.sh"

heartbeat() {
	lab on jump test -e /run/jump/swept
}

sweep() {
	lab on jump rm -f /run/jump/swept
	run lab on jump jumpctl sweep
}

fake=$T/fake/sshd
mkdir "$T/fake"
cp "$(readlink -f /bin/sleep)" "$fake"
chmod 755 "$T" "$T/fake" "$fake"

# --- a process that dies, and does not go ----------------------------------

# The first of a pid namespace goes when all in it have been reaped, which one
# of them never is: its parent is outside.
lab on -u bob jump unshare --user --pid \
    sh -c "'$fake' 300 & true & exec sleep 300" &
outside=$!
stuck() {
	lab on jump pgrep -u bob -x sshd >/dev/null
}
within stuck
sweep
check "stuck: killed" printed '^killed, but not gone: bob logged in, .*: nothing says what it was given$'
check "stuck: it is there" stuck
check "stuck: no failure" gave 0
check "stuck: the mark is left" heartbeat
sweep
check "stuck: is no login any more" gave 0 ""
kill "$outside"
lab on jump pkill -KILL -u bob
check "stuck: gone" within not stuck
finish

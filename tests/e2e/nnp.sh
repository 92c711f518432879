# SPDX-License-Identifier: ISC
# sshd under no_new_privs: the setgid bit has no effect, and nobody gets out.
# lab: LAB_NNP=1
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow all: { alice carol } to { web1 metr }
END
wire_tap

for u in alice carol; do
	export LAB_USER=$u
	wire_reset
	jump connect web1 22
	check "$u: connect exits 70" gave 70 ""
	check "$u: in one line" [ "$(grep -c . "$T/err")" -eq 1 ]
	jump nc -U /run/metrics/api.sock
	check "$u: nc -U exits 70" gave 70 ""
	jump list
	check "$u: list exits 70" gave 70 ""
	check "$u: nobody is connected" wire_silent
done
run lab on -u alice jump setpriv --no-new-privs \
    /usr/local/libexec/jump/jump-connect web1 22
check "jump-connect by hand exits 70" gave 70 ""
check "nobody is connected" wire_silent
finish

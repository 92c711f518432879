# SPDX-License-Identifier: ISC
# How jumpctl is used, as it says itself: every verb that the manual has, in
# 80 columns, for whoever asks and for whoever gets it wrong.
# runs: once
. "$(dirname "$0")/lib.sh"

ctl() {
	run lab on jump jumpctl "$@"
}

# is_usage VERB FILE: it is that verb's alone, after one line at most.
is_usage() {
	grep -v '^jumpctl: ' "$2" >"$T/usage"
	head -n 1 "$T/usage" | grep -q "^usage: jumpctl $1" &&
	    ! sed 1d "$T/usage" |
	    grep -qv "^               \|^       jumpctl $1 " &&
	    [ "$(grep -c '^jumpctl: ' "$2")" -le 1 ]
}

narrow() {
	! grep -q '.\{81\}' "$1"
}

ctl help
check "help" gave 0
cp "$T/out" "$T/all"
check "help: in 80 columns" narrow "$T/all"
for ask in -h --help; do
	ctl $ask
	check "$ask is help" cmp "$T/out" "$T/all"
done
ctl
check "no verb: exit" gave 64 ""
check "no verb: the same" cmp "$T/err" "$T/all"

for words in bogus "help bogus"; do
	ctl $words
	check "$words: exit" gave 64 ""
	check "$words: a line" \
	    said '^jumpctl: unknown verb `bogus.: jumpctl help lists them$'
	check "$words: no more" [ "$(wc -l <"$T/err")" -eq 1 ]
done

verbs=$(awk '/^\.Sh SYNOPSIS/ { on = 1 } /^\.Sh DESCRIPTION/ { on = 0 }
    on && $1 == ".Cm" && $2 != "help" { print $2 }' \
    "$LAB_REPO/docs/jumpctl.8" | uniq)
check "help has the verbs of the manual" [ "$verbs" = "$(
	sed -n 's/^  \([a-z]*\)  *[^ ].*/\1/p' "$T/all")" ]
for verb in $verbs; do
	for ask in -h --help; do
		ctl $verb $ask
		check "$verb $ask" gave 0
		check "$verb $ask: its own" is_usage $verb "$T/out"
	done
	ctl help $verb
	check "help $verb" gave 0
	check "help $verb: its own" is_usage $verb "$T/out"
	[ $verb != complete ] || continue # its words are others' options
	ctl $verb --bogus
	check "$verb --bogus" gave 64 ""
	check "$verb --bogus: its usage" is_usage $verb "$T/err"
	check "$verb --bogus: in 80 columns" narrow "$T/err"
done

# Results that cannot be written are no success.
while read -r words; do
	run lab on jump sh -c "jumpctl $words >/dev/full"
	check "$words: no room for results" gave 70
	check "$words: says so" said 'standard output: No space left'
done <<'END'
help
--version
check --help
explain alice web1
explain any any
explain bob db1
export hosts
export sshd
doctor
END
finish

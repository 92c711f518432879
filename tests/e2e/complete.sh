# SPDX-License-Identifier: ISC
# jumpctl complete, and the completions of bash, zsh and fish, which ask it.
# runs: once
. "$(dirname "$0")/lib.sh"

policy <<'END'
user "corp\ann"
key "corp\ann" "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"
group @ops { alice carol }
allow a: @ops to any
END

# completes WORD... : what the last word can become.
completes() {
	run lab on jump jumpctl complete -- "$@"
}

# printed_all LINE...: just these, in any order.
printed_all() {
	printf '%s\n' "$@" | sort >"$T/want"
	sort "$T/out" | cmp -s - "$T/want"
}

completes exp
check "verbs" printed_all explain export
completes help do
check "verbs after help" printed_all doctor
lab on jump jumpctl help | sed -n 's/.* jumpctl \([a-z]*\).*/\1/p' >"$T/verbs"
check "help has verbs" [ "$(wc -l <"$T/verbs")" -gt 15 ]
: >"$T/lacks"
while read -r verb; do
	completes "$verb"
	printed "^$verb\$" || echo "$verb" >>"$T/lacks"
	lab on jump jumpctl help "$verb" | grep -o -- '--[a-z][a-z-]*' |
	    sort -u >"$T/options"
	completes "$verb" --
	grep -vx -- --help "$T/out" | sort -u | cmp -s - "$T/options" ||
		echo "$verb: options" >>"$T/lacks"
done <"$T/verbs"
check "every verb and option of jumpctl help, and no other" \
    [ ! -s "$T/lacks" ]
completes explain ''
check "users, but for a name that needs quotes" \
    printed_all alice carol any
completes explain alice w
check "targets after a user" printed_all web1 web2
completes explain --from 192.0.2.10 alice --mfa d
check "whatever options are between" printed_all db1
completes explain alice web1 --via ''
check "roads" printed_all forward connect shell
completes lock @
check "groups" printed_all @ops
completes log --user a
check "users for --user" printed_all alice
completes who --target m
check "targets for --target" printed_all metr
completes kick ''
check "users and targets" printed_all alice carol web1 web2 db1 metr
completes log --outcome lo
check "outcomes" printed_all login logout lost
completes export kn
check "words of the usage" printed_all known_hosts
completes export --format ''
check "words between bars" printed_all openssh ansible
completes export ssh_config c
check "a user for ssh_config" printed_all carol
completes export nft ''
check "and none for nft" gave 1 ""
completes check x
check "files: nothing, and success" gave 0 ""
completes check x y
check "several" gave 0 ""
completes replay --from ''
check "a time is not known" gave 1 ""
completes --help
check "--help is a word like others" gave 1 ""
completes nonsense ''
check "an unknown verb" gave 1 ""
run lab on -u alice jump /usr/local/sbin/jumpctl complete -- explain ''
check "users who are not root get no names" gave 1 ""
check "and no message" [ ! -s "$T/err" ]

# --- the shells --------------------------------------------------------------

cat >"$T/ask.bash" <<'END'
. /usr/local/share/bash-completion/completions/jumpctl
complete -p jumpctl
COMP_WORDS=(jumpctl "$@")
COMP_CWORD=$#
_jumpctl
printf '%s\n' "${COMPREPLY[@]}"
END
run lab on jump bash "$T/ask.bash" explain alice w
check "bash: complete" printed '^complete .*-F _jumpctl jumpctl$'
check "bash: targets" printed '^web2$'
run lab on jump bash "$T/ask.bash" explain '$(touch /tmp/evil)' w
check "bash: words are words" printed '^web2$'

run lab on jump bash "$T/ask.bash" lock @ o
check "bash: groups" printed '^@ops$'

cat >"$T/ask.zsh" <<'END'
fpath=(/usr/local/share/zsh/site-functions $fpath)
autoload -U compinit
compinit -u -D
print -r -- "is $_comps[jumpctl]"
_files() { print files }
compadd() { print -rl -- "$@[2,-1]" }
words=(jumpctl "$@")
CURRENT=$#words
_jumpctl
END
if command -v zsh >/dev/null; then
	run lab on jump zsh -f "$T/ask.zsh" explain alice w
	check "zsh: compinit finds it" printed '^is _jumpctl$'
	check "zsh: targets" printed '^web2$'
	run lab on jump zsh -f "$T/ask.zsh" explain '$(touch /tmp/evil)' w
	check "zsh: words are words" printed '^web2$'
	run lab on jump zsh -f "$T/ask.zsh" check ''
	check "zsh: files" printed '^files$'
else
	skip "zsh"
fi

# In /usr/local, fish looks where this says.
fish_completes() {
	run lab on jump env HOME=/tmp XDG_DATA_DIRS=/usr/local/share fish \
	    -c 'cd /etc; complete -C "$argv"' "$@"
}
if command -v fish >/dev/null; then
	fish_completes 'jumpctl explain alice w'
	check "fish: targets" printed '^web2$'
	fish_completes 'jumpctl check pas'
	check "fish: files" printed '^passwd'
	fish_completes "jumpctl explain '\$(touch /tmp/evil)' w"
	check "fish: words are words" printed '^web2$'
else
	skip "fish"
fi
check "and nothing of a word runs" not lab on jump test -e /tmp/evil
finish

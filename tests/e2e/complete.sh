# SPDX-License-Identifier: ISC
# jumpctl complete, and the completions of bash, zsh and fish, which ask it.
# runs: once
. "$(dirname "$0")/lib.sh"

policy <<'END'
user "corp\ann"
key "corp\ann" "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"
group @ops { alice carol %"domain admins" %sysadmin }
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
lab on jump jumpctl help | sed -n 's|^  \([a-z]*\)  *[^ ].*|\1|p' >"$T/verbs"
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
completes lock %
check "Unix groups are not, which may need quotes" gave 1 ""
completes lock '%domain ad'
check "... nor is the rest of one" gave 1 ""
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
# --- at a terminal -------------------------------------------------------------

# What a shell makes of a name that would do something: the file itself.
cat >"$T/typed.py" <<'END'
import os, pty, select, sys, time
shell, typed = sys.argv[1].split(), sys.argv[2]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(shell[0], shell)
seen = b""
def until(word, seconds):
    global seen
    end = time.monotonic() + seconds
    while word not in seen and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                more = os.read(fd, 65536)
            except OSError:
                return False
            seen += more
            if b"\x1b[c" in more or b"\x1b[0c" in more: # who are you?
                os.write(fd, b"\x1b[?62c")
    return word in seen
def say(text):
    global seen
    seen = b""
    os.write(fd, text.encode())
until(b"$ ", 2)
say("function fish_prompt; echo 'rea''dy> '; end\n"
    if "fish" in shell[0] else "PS1='rea''dy> '\n")
until(b"ready> ", 10)
for line in open(sys.argv[3]).read().splitlines():
    say(line + "\n")
    until(b"ready> ", 10)
say(typed + "\t")
time.sleep(2)
say("\nexit\n")
until(b"\0", 3)
END
mkdir "$T/odd"
odd='x$(touch evil) `touch evil2`;touch evil3 "a'"'"'b'
: >"$T/odd/$odd"
chmod 777 "$T/odd"
# What stands where jumpctl does: it tells its arguments, but when asked.
cat >"$T/told" <<'END'
#!/bin/sh
[ "$1" != complete ] || exec /usr/local/sbin/jumpctl "$@"
printf '%s\n' "$@" >/run/lab/tmp/e2e/arguments
END
chmod 755 "$T/told"
mkdir "$T/path"
cp "$T/told" "$T/path/jumpctl"
# typed SHELL TEXT: with a tab behind it, and entered.
typed() {
	rm -f "$T/arguments"
	lab on jump env HOME="$T/odd" TERM=xterm PATH="$T/path:$PATH" \
	    XDG_DATA_DIRS=/usr/local/share \
	    python3 "$T/typed.py" "$1" "$2" "$T/lines"
}
harmless() {
	[ "$(ls -A "$T/odd" | grep evil | grep -v '^x')" = '' ]
}
is_the_file() {
	[ "$(cat "$T/arguments")" = "$(printf 'check\n%s' "$odd")" ]
}
{
	echo "cd $T/odd"
	echo '. /usr/local/share/bash-completion/completions/jumpctl'
} >"$T/lines"
typed 'bash --norc --noprofile' 'jumpctl check x'
check "bash: an odd file is that file" is_the_file
check "... and its name does nothing" harmless
{
	echo "cd $T/odd"
	echo 'fpath=(/usr/local/share/zsh/site-functions $fpath)'
	echo 'autoload -U compinit; compinit -u -D'
} >"$T/lines"
if command -v zsh >/dev/null; then
	typed 'zsh -f' 'jumpctl check x'
	check "zsh: an odd file is that file" is_the_file
	check "... and its name does nothing" harmless
fi
echo "cd $T/odd" >"$T/lines"
if command -v fish >/dev/null; then
	typed 'fish -N' 'jumpctl check x'
	check "fish: an odd file is that file" is_the_file
	check "... and its name does nothing" harmless
fi
check "and nothing of a word runs" not lab on jump test -e /tmp/evil
finish

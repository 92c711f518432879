# jumpctl edit: nothing half done is saved, nothing is lost, and what is saved
# is in force.
# runs: once
. "$(dirname "$0")/lib.sh"

etc=$LAB/hosts/jump/etc/jump
kept=$LAB/hosts/jump/var/lib/jump/edit

# edit SCRIPT [FILE]: with an editor that runs SCRIPT on its file, $f.
edit() {
	printf '#!/bin/sh\nf=$1\n%s\n' "$1" >"$LAB/hosts/jump/tmp/editor"
	chmod 755 "$LAB/hosts/jump/tmp/editor"
	shift
	run lab on jump env -u VISUAL EDITOR=/tmp/editor jumpctl edit "$@" \
	    </dev/null
}

# typing KEYS SCRIPT: the same at a terminal.
typing() {
	keys=$1
	shift
	printf '#!/bin/sh\nf=$1\n%s\n' "$1" >"$LAB/hosts/jump/tmp/editor"
	printf '%s' "$keys" | run lab on jump env -u VISUAL \
	    EDITOR=/tmp/editor script -qec 'jumpctl edit' /dev/null
}

same() {
	cmp -s "$etc/policy" "$T/before"
}

in_kept() {
	grep -rq "$1" "$kept"
}

policy <<'END'
allow web: alice to web1
test alice to web1 = allow
END
cp "$etc/policy" "$T/before"
chmod 640 "$etc/policy"

edit 'sed -i "s/^allow web: alice to web1/& web2/" "$f"; sed -i "s/to web1 web2/to { web1 web2 }/" "$f"'
check "a good edit: saved" gave 0
check "a good edit: the file" grep -q 'to { web1 web2 }' "$etc/policy"
check "a good edit: same mode" [ "$(stat -c %a "$etc/policy")" = 640 ]
check "a good edit: says what changes" printed '^alice gains'
check "a good edit: to where" printed 'to +web2:22, web2:80'
check "a good edit: loaded" logged '"event.action":"load","event.outcome":"success"'
run lab on jump jumpctl explain alice web2:22
check "a good edit: in force" gave 0
check "a good edit: no copy left" [ -z "$(ls "$kept")" ]
cp "$etc/policy" "$T/before"

edit 'touch "$f"'
check "unchanged: exit 0" gave 0
check "unchanged: says so" said 'is unchanged'
check "unchanged: no copy left" [ -z "$(ls "$kept")" ]

edit 'echo frobnicate >>"$f"'
check "an error: exit 1" gave 1
check "an error: place, of the real file" said '^/etc/jump/policy:[0-9]+:1: error: unknown statement'
check "an error: caret" said '\^~~'
check "an error: nothing saved" same
check "an error: kept" in_kept frobnicate
check "an error: says where" said 'kept in /var/lib/jump/edit/policy\.'
edit 'sed -i "s/^allow web.*//" "$f"'
check "a test that fails: exit 1" gave 1
check "a test that fails: nothing saved" same
edit 'echo "# by a killed one" >>"$f"; kill -9 $$'
check "editor killed: exit 1" gave 1
check "editor killed: says so" said 'ended by signal 9'
check "editor killed: nothing saved" same
check "editor killed: kept" in_kept 'by a killed one'
edit 'exit 3'
check "editor fails: exit 1" gave 1
check "editor fails: nothing to keep" not said 'kept in'
run lab on jump env VISUAL=/nowhere/vi jumpctl edit
check "no such editor: exit 1" gave 1
edit 'rm "$f"; mkdir "$f"'
check "no file any more: exit 1" gave 1
rm -rf "$kept"
edit 'echo "# mine" >>"$f"; echo "# theirs" >>/etc/jump/policy'
check "changed by somebody else: exit 75" gave 75
check "changed by somebody else: kept" in_kept mine
check "changed by somebody else: theirs stays" grep -q theirs "$etc/policy"
cp "$T/before" "$etc/policy"

# A crash: the copy is found by the next one.
rm -rf "$kept"
edit 'echo "# before the crash" >>"$f"; kill -9 $PPID'
check "a crash: nothing saved" same
edit 'exit 0'
check "after it: says where the text is" said 'did not end: your text is kept in'
check "after it: it is there" in_kept 'before the crash'

# One at a time, and words of the variable are no shell's.
edit 'jumpctl edit; echo "inner $?" >&2'
check "an edit in an edit" said 'another edit is under way'
check "an edit in an edit: 75" said 'inner 75'
cat >"$LAB/hosts/jump/tmp/words" <<'END'
#!/bin/sh
printf '%s\n' "$@" >/tmp/words.out
END
chmod 755 "$LAB/hosts/jump/tmp/words"
run lab on jump env VISUAL='/tmp/words  -x $(id) ;y' jumpctl edit
check "words of VISUAL" [ "$(head -n 3 "$LAB/hosts/jump/tmp/words.out" | tr '\n' ' ')" = '-x $(id) ;y ' ]

# Fragments.
edit 'printf "allow more: alice to db1\n" >>"$f"' 20-more
check "a new fragment: saved" gave 0
check "a new fragment: the file" grep -q 'allow more' "$etc/policy.d/20-more.conf"
check "a new fragment: mode" [ "$(stat -c %a "$etc/policy.d/20-more.conf")" = 644 ]
edit 'exit 0' 20-other.conf
check "an empty new fragment is not made" [ ! -e "$etc/policy.d/20-other.conf" ]
for name in ../policy /etc/passwd .hidden a/b ''; do
	edit 'echo x >>"$f"' "$name"
	check "edit '$name': usage" gave 64
done
run lab on -u alice jump /usr/local/sbin/jumpctl edit
check "not by users" gave 73

# The first policy of all, beside a fragment that cannot be read.
mv "$etc/policy" "$T/whole"
cp "$T/whole" "$LAB/hosts/jump/tmp/whole"
printf 'version 1\ndeny never: any to db1\n' >"$etc/policy.d/30-never.conf"
chmod 666 "$etc/policy.d/30-never.conf"
edit 'cat /tmp/whole >"$f"'
check "the first one, a fragment not to be read: exit 1" gave 1
check "the first one, a fragment not to be read: says so" said '30-never.conf: is writable'
check "the first one, a fragment not to be read: not saved" [ ! -e "$etc/policy" ]
chmod 644 "$etc/policy.d/30-never.conf"
edit 'cat /tmp/whole >"$f"'
check "the first one: saved" gave 0
check "the first one: no error on the way" not said 'No such file'
run lab on jump jumpctl explain alice db1:22
check "the first one: with all fragments" printed '^deny    never'
rm "$etc/policy.d/30-never.conf"
run lab on jump jumpctl load

# Questions, at a terminal.
rm -rf "$kept"
cp "$etc/policy" "$T/before"
typing 'q
' 'echo frobnicate >>"$f"'
check "asked after an error" printed '\(e\)dit again, or \(q\)uit'
check "quit: nothing saved" same
typing 's
' 'echo "# saved" >>"$f"'
check "asked before saving" printed '\(s\)ave and load'
check "nothing changes: says so" printed "nobody's rights change"
check "saved" grep -q '# saved' "$etc/policy"

# A lock of the time that the question stood there is no less in force.
mkfifo "$T/keys"
printf '#!/bin/sh\necho "# saved late" >>"$1"\n' >"$LAB/hosts/jump/tmp/editor"
lab on jump env -u VISUAL EDITOR=/tmp/editor script -qec 'jumpctl edit' \
    /dev/null <"$T/keys" >"$T/asked" 2>&1 &
exec 8>"$T/keys"
for _ in $(seq 200); do grep -q "(s)ave and load" "$T/asked" && break; sleep 0.1; done
cp "$T/asked" "$T/out"
check "the question is seen before it is answered" printed '\(s\)ave and load'
run lab on jump jumpctl lock alice
check "a lock while the question stands" gave 0
echo s >&8
exec 8>&-
wait
check "saved after it" grep -q '# saved late' "$etc/policy"
run lab on jump jumpctl explain alice web1
check "and the lock is in force" printed '^lock    alice is locked'
run lab on jump jumpctl unlock alice
check "until unlock" gave 0
finish

# SPDX-License-Identifier: ISC
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
check "a good edit: to where" printed 'to +web2:22$'
check "a good edit: what speaks no SSH" printed 'to +web2:80$'
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
run lab on jump jumpctl edit policy 20-more
check "two files: usage" gave 64
run lab on jump jumpctl edit --all
check "an option: usage" gave 64
edit 'touch "$f"' "$(printf '%0201d' 0)"
check "a name of 201 characters: usage" gave 64
for name in policy /etc/jump/policy /etc/jump/policy.d/20-more.conf \
    20-more.conf; do
	edit 'touch "$f"' "$name"
	check "edit $name" gave 0
	check "edit $name: its file" said "^/etc/jump/policy(.d/20-more.conf)? is"
done

# What cannot be edited, or not safely.
chmod 755 "$kept"
edit 'echo "# seen" >>"$f"'
check "copies that others see: exit 73" gave 73
check "copies that others see: says so" said 'open to others than root'
lab on jump chown alice /var/lib/jump/edit
chmod 700 "$kept"
edit 'echo "# seen" >>"$f"'
check "copies of somebody else: exit 73" gave 73
rm -rf "$kept"
ln -s /tmp "$kept"
edit 'echo "# elsewhere" >>"$f"'
check "copies elsewhere: exit 73" gave 73
rm "$kept"
cp "$etc/policy" "$T/before"
mv "$etc/policy" "$etc/real"
ln -s real "$etc/policy"
edit 'echo "# linked" >>"$f"'
check "a link: exit 73" gave 73
check "a link: says so" said 'policy cannot be edited'
check "a link: as it was" not grep -q linked "$etc/real"
rm "$etc/policy"
mv "$etc/real" "$etc/policy"
mv "$etc/policy.d" "$etc/away"
edit 'touch "$f"' 20-more
check "no folder of fragments: exit 73" gave 73
edit 'echo "# alone" >>"$f"'
check "nor are rules forgotten with it" gave 1
check "and nothing is saved" same
mv "$etc/away" "$etc/policy.d"

# Changes by others: what they do before the check is part of it, what they do
# to other files after it is not, and waits for the answer.
edit 'echo "# mine" >>"$f"; rm /etc/jump/policy'
check "the file is gone: exit 1" gave 1
check "the file is gone: kept" in_kept mine
cp "$T/before" "$etc/policy"
edit 'echo "frobnicate" >/etc/jump/policy.d/30-x.conf; echo "# mine" >>"$f"'
check "an error elsewhere: exit 1" gave 1
check "an error elsewhere: its place" said '^/etc/jump/policy.d/30-x.conf:1:1'
check "an error elsewhere: nothing saved" same
rm "$etc/policy.d/30-x.conf"
mkfifo "$T/answer"

# meanwhile NAME COMMAND [FILE]: between the question and the answer.
meanwhile() {
	rm -rf "$kept"
	cp "$T/before" "$etc/policy"
	: >"$T/out"
	printf '#!/bin/sh\necho "# mine" >>"$1"\n' \
	    >"$LAB/hosts/jump/tmp/editor"
	{
		within grep -q '(s)ave and load' "$T/out" || exit
		lab on jump sh -c "$2"
		echo s
	} >"$T/answer" &
	run lab on jump env VISUAL=/tmp/editor script -qefc \
	    "jumpctl edit ${3:-}" /dev/null <"$T/answer"
	wait $!
	check "$1: exit 75" gave 75
	check "$1: says so" printed 'have been changed meanwhile'
	check "$1: kept" in_kept mine
	check "$1: mine is nowhere else" not grep -rqs mine "$etc"
}
d=/etc/jump/policy.d
meanwhile "another fragment" "echo version 1 >$d/30-x.conf"
rm "$etc/policy.d/30-x.conf"
meanwhile "a fragment changed" "echo '# x' >>$d/20-more.conf"
meanwhile "the same one is made" "echo version 1 >$d/40-y.conf" 40-y
rm "$etc/policy.d/40-y.conf"
meanwhile "the file is gone" "rm /etc/jump/policy"
meanwhile "the file is a link" \
    "mv /etc/jump/policy /etc/jump/q; ln -s q /etc/jump/policy"
rm "$etc/policy" "$etc/q"
meanwhile "the folder is gone" "mv $d /etc/jump/e"
mv "$etc/e" "$etc/policy.d"
cp "$T/before" "$etc/policy"
rm -rf "$kept"
lab on jump mount --bind /etc/jump /etc/jump
edit 'echo "# mine" >>"$f"; mount -o remount,bind,ro /etc/jump'
check "a disk that is read-only: exit 73" gave 73
check "a disk that is read-only: kept" in_kept mine
check "a disk that is read-only: nothing saved" same
lab on jump umount /etc/jump

# The editor is vi where no variable has a word.
mkdir -p "$LAB/hosts/jump/tmp/bin"
printf '#!/bin/sh\necho "# by vi" >>"$1"\n' >"$LAB/hosts/jump/tmp/bin/vi"
chmod 755 "$LAB/hosts/jump/tmp/bin/vi"
vi() {
	cp "$T/before" "$etc/policy"
	run lab on jump env -u VISUAL -u EDITOR PATH=/tmp/bin:/usr/bin:/bin \
	    "$@" /usr/local/sbin/jumpctl edit </dev/null
	check "vi: ${*:-no variables}" grep -q 'by vi' "$etc/policy"
}
vi
vi 'VISUAL= ' 'EDITOR=	'
vi VISUAL= EDITOR=vi
cp "$T/before" "$etc/policy"

# The first policy of a machine.
lab on jump mv /etc/jump/policy /var/lib/jump/policy.db /tmp/
mv "$etc/policy.d" "$etc/away"
edit 'sed -n "s/^/was: /p" "$f"'
check "a first policy begins with a template" printed '^was: version 1$'
check "a first policy: not without words" [ ! -e "$etc/policy" ]
mkdir "$etc/policy.d"
edit 'printf "version 1\nuser alice\n" >"$f"'
check "a first policy: saved" gave 0
check "a first policy: compared with nothing" not printed 'rights change'
run lab on jump jumpctl explain alice 10.2.0.10:22
check "a first policy: in force" gave 1
rmdir "$etc/policy.d"
mv "$etc/away" "$etc/policy.d"
lab on jump mv /tmp/policy /etc/jump/policy
run lab on jump jumpctl load
check "the lab's own again" gave 0

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
typing 'x

q
' 'echo frobnicate >>"$f"'
check "what is no answer is asked again" \
    [ "$(grep -o 'or (q)uit' "$T/out" | wc -l)" -eq 3 ]
typing 'e
q
' 'echo frobnicate >>"$f"; echo "runs $(grep -c frobnicate "$f")"'
check "edit again: the text is as it was left" printed 'runs 2'
check "edit again, and quit: nothing saved" same
check "quit: nothing kept" [ -z "$(ls "$kept")" ]
typing '' 'echo "# hung up" >>"$f"'
check "no answer: nothing saved" same
check "no answer: kept" in_kept 'hung up'
rm -rf "$kept"
typing 's
' 'echo "# saved" >>"$f"'
check "asked before saving" printed '\(s\)ave and load'
check "nothing changes: says so" printed "nobody's rights change"
check "saved" grep -q '# saved' "$etc/policy"

# A lock of the time that the question stood there is no less in force.
mkfifo "$T/keys"
printf '#!/bin/sh\necho "# saved late" >>"$1"\n' >"$LAB/hosts/jump/tmp/editor"
lab on jump env -u VISUAL EDITOR=/tmp/editor script -qefc 'jumpctl edit' \
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

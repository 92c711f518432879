# SPDX-License-Identifier: ISC
# OpenSSH, old and new, and what rests on it: scp, sftp, rsync, git, Ansible;
# to web1 by ProxyJump, to web2 by ProxyCommand, as the generated file says.
. "$(dirname "$0")/lib.sh"

workstation
open_all
configured

# same A B: the same bytes; b may be a folder as well as a.
same() {
	diff -r "$1" "$2" >"$T/out" 2>"$T/err"
}

# there HOST FILE: a file of alice on a target, as seen from here.
there() {
	echo "$LAB/hosts/$1/home/alice/$2"
}

# tree: what to carry about: many small files, one of 32 MiB, odd names.
tree() {
	d=$HOME_ALICE/tree
	mkdir -p "$d/sub" "$d/a name"
	for i in $(seq 200); do
		echo "$i" >"$d/sub/$i"
	done
	head -c 33554432 /dev/urandom >"$d/large"
	echo odd >"$d/a name/Grüße; \$(id)"
	ln -s large "$d/link"
	chown -R 2001:2001 "$d"
}

openssh() {
	alice ssh -V
	v=$(sed 's/,.*//' "$T/err")
	for host in web1 web2; do
		alice ssh $host hostname
		check "$v: ssh $host" gave 0 $host
		alice ssh $host 'cat; exit 3' <"$HOME_ALICE/tree/large"
		cp "$T/out" "$T/echo"
		check "$v: ssh $host: its exit status" [ "$status" -eq 3 ]
		check "$v: ssh $host: 32 MiB there and back" \
		    same "$T/echo" "$HOME_ALICE/tree/large"
		alice scp -qr tree $host:scp
		check "$v: scp -r to $host" gave 0
		check "$v: scp: the same" same "$HOME_ALICE/tree" "$(there $host scp)"
		alice scp -q $host:scp/large back
		check "$v: scp from $host" gave 0
		check "$v: scp: the same again" \
		    same "$HOME_ALICE/tree/large" "$HOME_ALICE/back"
		printf 'put -r tree sftp\nrename sftp/large sftp/moved\nget sftp/moved sftp.back\n' |
		    written batch
		alice sftp -q -b batch $host
		check "$v: sftp -b $host" gave 0
		check "$v: sftp: the same" \
		    same "$HOME_ALICE/tree/large" "$HOME_ALICE/sftp.back"
		check "$v: sftp: a folder" \
		    same "$HOME_ALICE/tree/sub" "$(there $host sftp/sub)"
		for d in scp sftp; do
			alice ssh $host rm -r $d
		done
	done
}

rsyncs() {
	for host in web1 web2; do
		alice rsync -a tree/ $host:rsync/
		check "rsync to $host" gave 0
		check "rsync: the same" \
		    same "$HOME_ALICE/tree" "$(there $host rsync)"
		alice rm "$HOME_ALICE/tree/sub/7"
		alice rsync -a --delete --stats tree/ $host:rsync/
		check "rsync --delete to $host" gave 0
		check "rsync: one was deleted" \
		    printed '^Number of deleted files: 1 '
		check "rsync: and little was sent" printed \
		    '^Total transferred file size: 0 bytes'
		check "rsync: not there any more" \
		    same "$HOME_ALICE/tree" "$(there $host rsync)"
		alice rsync -a $host:rsync/ rsync.$host/
		check "rsync from $host" gave 0
		check "rsync: the same back" \
		    same "$HOME_ALICE/tree" "$HOME_ALICE/rsync.$host"
		alice touch "$HOME_ALICE/tree/sub/7"
	done
}

gits() {
	for host in web1 web2; do
		alice ssh $host git init -q --bare -b main r.git
		check "git init on $host" gave 0
		alice git clone -q $host:r.git r.$host
		check "git clone from $host" gave 0
		alice sh -c "cd r.$host && cp -r ../tree/sub . && git add . &&
		    git -c user.name=a -c user.email=a@b commit -qm one &&
		    git branch -M main && git push -q origin main"
		check "git push to $host" gave 0
		alice git clone -q ssh://$host/home/alice/r.git again.$host
		check "git clone by ssh://$host" gave 0
		check "git: the same" \
		    same "$HOME_ALICE/tree/sub" "$HOME_ALICE/again.$host/sub"
		alice sh -c "cd again.$host && git rm -qr sub/1 &&
		    git -c user.name=a -c user.email=a@b commit -qm two &&
		    git push -q && cd ../r.$host && git pull -q origin main && git log --format=%s"
		check "git pull from $host" gave 0 "$(printf 'two\none')"
	done
}

# None of them may get past a rule that is gone.
closed() {
	open_all "allow other: alice to db1:5432"
	for host in web1 web2; do
		alice ssh $host hostname
		check "closed: ssh $host" no_road $host
		alice scp -q tree/large $host:closed
		check "closed: scp to $host" no_road $host
		alice sftp -q -b batch $host
		check "closed: sftp $host" no_road $host
		alice rsync -a tree/ $host:closed/
		check "closed: rsync to $host" no_road $host
		alice git clone -q $host:r.git closed
		check "closed: git clone from $host" no_road $host
		check "closed: nothing there" [ ! -e "$(there $host closed)" ]
	done
}

tree
for version in stock newer; do
	if client_of $version; then
		openssh
	else
		skip "no newer ssh here"
	fi
done
client_of stock
rsyncs
gits
closed
finish

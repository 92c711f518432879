# SPDX-License-Identifier: ISC
# jumpctl who -w, on a terminal.
# runs: once
. "$(dirname "$0")/lib.sh"

cp "$(dirname "$0")/watch.py" "$T/"
policy <<'END'
allow all: { alice carol } to { web1 web2 db1 }
END

hold a -u 2001 -i aaaaaaaa -B 3000000
hold b -u 2001 -w "$(printf '\033[2Jx')" -t "$(printf 'x\ny\033]0;z')" -i bbbbbbbb
hold c -u 2010 -w "$(printf '\033[2Jx')" -t averyveryverylongname.dev.corp.example
hold d -u 5000 -U 6 -n 5
lab on jump python3 -B "$T/watch.py" || failures=1
finish

# jumpctl who -w, on a terminal.
# runs: once
. "$(dirname "$0")/lib.sh"

cp "$LAB_BUILD/hold" "$(dirname "$0")/watch.py" "$T/"
policy <<'END'
allow all: { alice carol } to { web1 web2 db1 }
END

hold() {
	lab on jump "$T/hold" "$@" 990 >"$T/hold.out" &
	until grep -q ready "$T/hold.out"; do sleep 0.05; done
}
hold -u 2001 -i aaaaaaaa -B 3000000
hold -u 2001 -w "$(printf '\033[2Jx')" -t "$(printf 'x\ny\033]0;z')" -i bbbbbbbb
hold -u 2010 -w "$(printf '\033[2Jx')" -t averyveryverylongname.dev.corp.example
hold -u 5000 -U 6 -n 5
lab on jump python3 -B "$T/watch.py" || failures=1
finish

# SPDX-License-Identifier: ISC
# Other protocols, by LocalForward on an address for each target: Modbus, HTTP
# in curl and in Chromium, PostgreSQL.
. "$(dirname "$0")/lib.sh"

workstation
open_all
configured

# --- Modbus ------------------------------------------------------------------

server db1 modbus python3 "$T/modbus.py" serve 10.50.1.7 502
within listens db1 502
tunnel plc7
alice python3 "$T/modbus.py" use $(at plc7 502)
check "pymodbus: registers and coils" gave 0 "registers and coils ok"

# --- HTTP --------------------------------------------------------------------

# Fonts, and no more: nothing else is in /etc here.
mkdir -p /etc/fonts
cat >/etc/fonts/fonts.conf <<'END'
<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><cachedir>/tmp/fonts</cachedir></fontconfig>
END

# The page turns green when its script has all of 60 files, right.
www() {
	d=$LAB/hosts/web1/home/alice/www
	mkdir -p "$d"
	head -c 67108864 /dev/urandom >"$d/large"
	for i in $(seq 60); do
		seq "$i" 20000 >"$d/$i.txt"
	done
	cat >"$d/index.html" <<-'END'
		<!doctype html><title>pump 4</title>
		<body style="background: #ff0000"><h1>Pump 4, line 4</h1>
		<p id="p">waiting</p><script>
		async function all() {
			const n = await Promise.all([...Array(60).keys()].map(
			    async i => (await (await fetch(`${i + 1}.txt`)).text())
			    .trim().split("\n").length == 20000 - i))
			if (n.every(x => x))
				document.body.style.background = "#00ff00"
			p.textContent = n.filter(x => x).length + " files"
		}
		all()
		</script>
	END
	chown -R 2001:2001 "$d"
}

chrome() {
	alice /usr/lib/chromium/chromium --headless --no-sandbox --disable-gpu --no-first-run \
	    --user-data-dir=/tmp/chromium --window-size=800,600 \
	    --virtual-time-budget=20000 "$@"
	sed -i '/dbus/d' "$T/err"
}

www
server web1 http python3 -m http.server 80 -d www
within listens web1 80
tunnel web1
set -- $(at web1 80)
url=http://${1:-none}:${2:-none}
alice curl -sf -o large "$url/large"
check "curl: 64 MiB" gave 0
check "curl: the same" \
    cmp "$HOME_ALICE/large" "$LAB/hosts/web1/home/alice/www/large"
alice curl -sf "$url/[1-60].txt"
check "curl: 60 files of one connection" [ "$(wc -l <"$T/out")" -eq 1198230 ]
chrome --dump-dom "$url/"
check "Chromium: the page, and 60 files at once" printed '>60 files<'
chrome --screenshot=/tmp/page.png "$url/"
check "Chromium: a picture" gave 0
check "Chromium: it is green" share 80 colour /tmp/page.png 00ff00
picture /tmp/page.png chromium

# --- PostgreSQL --------------------------------------------------------------

bin=$(lab on db1 sh -c 'echo /usr/lib/postgresql/*/bin')
echo pumps | install -m 600 -o 2001 -g 2001 /dev/stdin \
    "$LAB/hosts/db1/home/alice/pw"

run lab on -u alice db1 sh -c "cd && $bin/initdb -D pg -A scram-sha-256 \
    --pwfile=pw --no-sync -E UTF8 --locale=C.UTF-8 &&
    echo 'host all all 10.2.0.1/32 scram-sha-256' >>pg/pg_hba.conf"
check "a cluster on db1" gave 0
server db1 postgres "$bin/postgres" -D pg -F -h 10.2.0.11 -k /tmp
within listens db1 5432
tunnel db1
set -- $(at db1 5432)

pghost=${1:-none} pgport=${2:-none}

# database COMMAND...: at the workstation, with what tells it where that is.
database() {
	alice env PGHOST="$pghost" PGPORT="$pgport" PGUSER=alice \
	    PGPASSWORD=pumps PGDATABASE=postgres PGCONNECT_TIMEOUT=20 "$@"
}

# pg PROGRAM ARGUMENT...: of PostgreSQL.
pg() {
	program=$1
	shift
	database "$bin/$program" "$@"
}

pg psql -XAtc 'select 6 * 7'
check "psql" gave 0 42
many="select repeat(md5(i::text), 8) from generate_series(1, 400000) i"
pg psql -XAtc "$many"
check "psql: 400000 rows" gave 0
md5sum <"$T/out" >"$T/md5"
pg psql -XAtc "select md5(string_agg(s || E'\\n', '')) from ($many) as x(s)"
check "psql: the same 98 MiB" [ "$(cat "$T/out")  -" = "$(cat "$T/md5")" ]
seq 500000 | written rows
pg psql -Xqc 'create table t (i int)' -c '\copy t from rows' \
    -c '\copy (select i from t order by i) to rows.back'
check "psql: \\copy there and back" gave 0
check "psql: the same" cmp "$HOME_ALICE/rows" "$HOME_ALICE/rows.back"
pg pgbench -qi -s 2
check "pgbench -i" gave 0
pg pgbench -n -c 8 -t 50
check "pgbench: 8 clients" printed 'transactions actually processed: 400/400'
# A cancellation is a connection of its own.
database timeout -s INT 2 "$bin/psql" -Xc 'select pg_sleep(60)'
check "psql: Ctrl-C reaches the server" \
    said 'canceling statement due to user request'

# --- and where the policy does not say so any more ---------------------------

open_all "allow other: alice to web2:22 via connect"
# The sweep that comes with a load ended them; new ones lead nowhere.
alice python3 "$T/modbus.py" use $(at plc7 502)
check "ended: pymodbus" said 'no connection'
alice curl -sS "$url/1.txt"
check "ended: curl" said 'Failed to connect'
chrome --dump-dom "$url/"
check "ended: Chromium" said ERR_CONNECTION_REFUSED
pg psql -XAtc 'select 6 * 7'
check "ended: psql" said 'Connection refused'

for host in plc7 web1 db1; do
	alice ssh -fN $host+tunnel
done
alice python3 "$T/modbus.py" use $(at plc7 502)
check "closed: pymodbus" [ "$status" -eq 1 ]
alice curl -sS "$url/1.txt"
check "closed: curl" said 'Empty reply|reset by peer'
chrome --dump-dom "$url/"
check "closed: Chromium" said 'ERR_(EMPTY_RESPONSE|CONNECTION_RESET|SOCKET_NOT_CONNECTED)'
pg psql -XAtc 'select 6 * 7'
check "closed: psql" said 'closed the connection unexpectedly'
finish

# SPDX-License-Identifier: ISC
# break.lib.sh: a jump host without a fault, of which breakone.sh and breakssh.sh
# break one thing at a time.
. "$(dirname "$0")/doctor.lib.sh"

steady
device_account host 2203
sed -i '/web1/d' "$J/etc/hosts"
cat >>"$J/etc/hosts" <<'END'
10.2.0.10 web1
2001:db8::10 web1
10.2.0.12 web2
2001:db8::12 web2
10.2.0.11 db1
2001:db8::11 db1
END
cp "$J/etc/hosts" "$T/hosts"
policy <<END
set notify-program "/usr/local/bin/tell"
device rtu1 "/run/jump/devices/rtu1/ssh.sock" ssh account "host"
$(device_key rtu1)
host old 10.2.0.13 ssh 22 agent
allow all: { alice carol } to any
allow told: alice to db1 notify record
END
on sh -c 'mkdir -p /usr/local/bin; echo "#!/bin/sh" >/usr/local/bin/tell;
    chmod 755 /usr/local/bin/tell'
on sh -c 'jumpctl export hosts >>/etc/hosts; jumpctl load; jumpctl sweep'
on sh -c 'jumpctl export nft | nft -f -'
at_first
# As it was started; its title has the words.
sshd=$(on sh -c 'cat "/proc/$(cat /run/sshd.pid)/cmdline"' | tr '\0' ' ' |
    sed 's/^sshd: //; s/ \[listener\].*//; s/ -o PidFile=[^ ]*//')
export sshd

# SPDX-License-Identifier: ISC
# listing.sh: what is on a machine, for tests/package and tests/role, on theirs.

# files: without what dpkg and apt keep for themselves, and what is of nobody.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o \
	    -path /tmp -o -path /var/lib/dpkg -o -path /var/lib/apt -o \
	    -path /var/log/dpkg.log -o \
	    -path /var/log/apt -o -path /var/cache/apt \
	    -o -path /var/cache/debconf \) -prune -o \
	    -printf '%p %y %u:%g %m %l\n' | sort
}

# sums: of files, since accounts change some.
sums() {
	find /etc /usr /lib /bin /sbin -xdev -type f -exec cksum {} + | sort -k3
}

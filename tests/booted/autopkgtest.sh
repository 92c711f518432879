#!/bin/sh
# SPDX-License-Identifier: ISC
# What happens on the machine of tests/booted/run autopkgtest: debian/tests, for
# the package, and for the sources, which are beside it.
set -u
[ -e /booted/machine.sh ] && [ "$(cat /proc/1/comm)" = systemd ] &&
    grep -qz '^container=booted$' /proc/1/environ || exit 64
exec >>/booted/out 2>&1
# There is no network: what the tests depend on is there.
: >/etc/apt/sources.list
echo 127.0.0.1 localhost >>/etc/hosts
set --
for t in $(cat /booted/tests); do
	set -- "$@" "--test-name=$t"
done
PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export PATH HOME LANG
autopkgtest --ignore-restrictions=isolation-machine,breaks-testbed "$@" \
    --output-dir=/booted/results /booted/jump_*.deb /booted/jump/ -- null
echo "status $?"
sed -E 's/^([^ ]+) +PASS$/ok - \1/; s/^([^ ]+) +(FAIL|SKIP)/not ok - \1: \2/' \
    /booted/results/summary
journalctl -b -o short-precise --no-pager >/booted/journal.1
: >/booted/done
systemctl poweroff

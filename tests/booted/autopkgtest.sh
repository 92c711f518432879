#!/bin/sh
# SPDX-License-Identifier: ISC
# What happens on a machine of tests/booted/run autopkgtest: one of debian/tests,
# for the package, and for the sources, which are beside it.
set -u
[ -e /booted/machine.sh ] && [ "$(cat /proc/1/comm)" = systemd ] &&
    grep -qz '^container=booted$' /proc/1/environ || exit 64
exec >>/booted/out 2>&1
# There is no network: what the tests depend on is there.
: >/etc/apt/sources.list
echo 127.0.0.1 localhost >>/etc/hosts
PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export PATH HOME LANG
autopkgtest --ignore-restrictions=isolation-machine,breaks-testbed \
    --test-name="$(cat /booted/tests)" --output-dir=/booted/results \
    /booted/jump_*.deb /booted/jump/ -- null
echo "status $?"
[ -s /booted/results/summary ] || echo "not ok - autopkgtest has run a test"
sed -E 's/^([^ ]+) +PASS$/ok - \1/; s/^([^ ]+) +(FAIL|SKIP)/not ok - \1: \2/' \
    /booted/results/summary
journalctl -b -o short-precise --no-pager >/booted/journal.1
: >/booted/done
systemctl poweroff

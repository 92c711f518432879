# SPDX-License-Identifier: ISC
# dist/examples/policy-ci: two commits of a policy in git, as a pipeline runs it,
# which is not root and has no policy in force.
# runs: once
. "$(dirname "$0")/lib.sh"

if ! command -v git >/dev/null; then
	skip "no git here"
	finish
fi
R=$T/repository
cp "$LAB_REPO/dist/examples/policy-ci" "$LAB_BUILD/jumpctl" "$T/"
chmod 755 "$T/policy-ci" "$T/jumpctl"
chmod 711 "$LAB" "$LAB/tmp" "$T"
install -d -o nobody "$R" "$R/policy.d" "$R/home" "$R/tmp"

# runner COMMAND...: in the repository.
runner() {
	run setpriv --reuid 65534 --regid 65534 --clear-groups env -i \
	    PATH=/usr/bin:/bin HOME="$R/home" TMPDIR="$R/tmp" LC_ALL=C \
	    JUMPCTL="$T/jumpctl" POLICY="${POLICY:-.}" \
	    sh -c 'cd "$1" && shift && exec "$@"' - "$R" "$@"
}

# commit NAME: all that is there.
commit() {
	runner git add -A policy policy.d .gitattributes
	runner git -c user.name=ci -c user.email=ci@example.com \
	    commit -q --allow-empty -m "$1"
	runner git tag -f "$1"
}

ci() {
	runner "$T/policy-ci" "$@"
}

cat >"$R/policy" <<END
version 1
user alice
key alice "$(cut -d' ' -f1,2 "$LAB/keys/alice.pub")"
END
cat >"$R/policy.d/20-web.conf" <<'END'
version 1
host web1 10.2.0.10 ssh 22
allow web: alice to web1
test alice to web1:22 = allow
END
: >"$R/.gitattributes"
runner git init -q -b main
: >"$R/README"
runner git add README
runner git -c user.name=ci -c user.email=ci@example.com commit -q -m nothing
runner git tag nothing
commit first
ci nothing first
check "the first policy" gave 0
check "is all new" printed '^No valid policy in nothing: all of this one is new\.$'
ci first
check "the same" gave 0 "The policy is valid.  Nothing changes for anybody."
sed -i 's/ssh 22/ssh 22 tcp 80/' "$R/policy.d/20-web.conf"
commit more
ci first more
check "more" gave 0
check "and what" printed '^  to    web1:80$'
check "for whom" printed '^alice gains'
check "in a fence" [ "$(grep -c '^~~~~' "$T/out")" -eq 2 ]
ci more first
check "less" printed '^alice loses'
sed -i 's/= allow/= deny/' "$R/policy.d/20-web.conf"
commit fails
ci first fails
check "a test that fails" gave 1
check "is in the comment" \
    printed '^policy.d/20-web.conf:4:1: error: test fails: alice to web1:22'
check "and nothing else is" not printed 'valid'
ci fails more
check "what mends it" gave 0
check "is all new" printed '^No valid policy in fails'

# What a commit could try to hide.
git -C "$R" -c safe.directory='*' checkout -q more -- policy.d
printf 'policy.d/30-hidden.conf export-ignore\n' >"$R/.gitattributes"
printf 'version 1\nhost web2 10.2.0.12 ssh 22\nallow it: alice to web2\n' \
    >"$R/policy.d/30-hidden.conf"
chown -R nobody "$R"
commit hidden
ci more hidden
check "attributes hide nothing" printed '^  to    web2:22$'
ln -s /etc/hostname "$R/policy.d/40-link.conf"
commit link
ci hidden link
check "a link" gave 1
check "is named" printed '^\./policy\.d/40-link\.conf$'

rm "$R/policy.d/40-link.conf"
odd=$(printf 'x\n~~~~~~~~~~~~~~~~\nNothing changes for anybody.\n.conf')
ln -s /etc/hostname "$R/policy.d/$odd"
commit linkname
ci hidden linkname
check "a link of an odd name" gave 1
check "is on one line" printed '^\./policy\.d/x[?]~~~~~~~~~~~~~~~~[?]Nothing'
rm "$R/policy.d/$odd"
printf 'version 1\nhost db1 10.2.0.11 ssh 22\nallow db: alice to db1\n' \
    >"$R/policy.d/$odd"
commit name
ci hidden name
check "a name of more than one line" gave 1
check "ends no fence" not printed '^Nothing'
check "but is named" printed '^\./policy\.d/x[?]~~~~~~~~~~~~~~~~[?]Nothing'
mv "$R/policy.d/$odd" "$R/policy.d/.50-db.conf"
commit dot
ci hidden dot
check "a fragment that no list shows" gave 1
mv "$R/policy.d/.50-db.conf" "$R/policy.d/50-db.conf"
printf '~~~~~~~~~~~~~~~~~~~~\n' >>"$R/policy.d/50-db.conf"
commit fence
ci hidden fence
check "a line that looks like a fence" gave 1
check "does not end it" [ "$(grep -c '^ \{0,3\}~~~' "$T/out")" -eq 2 ]
sed -i '$d' "$R/policy.d/50-db.conf"

# What git here has been told to run on files, it does not run on these.
commit without
printf 'policy.d/50-db.conf filter=lfs\n' >"$R/.gitattributes"
runner git config filter.lfs.smudge "touch $R/home/ran; cat"
commit filter
rm -f "$R/home/ran"
ci hidden filter
check "a filter" gave 0
check "does not run" [ ! -e "$R/home/ran" ]
check "and hides nothing" printed '^  to    db1:22$'
runner git config --unset filter.lfs.smudge

# Elsewhere, and what is wrong with how it is called.
POLICY=policy.d ci first
check "a folder without a policy" gave 64 ""
POLICY=nowhere ci first
check "no such folder" gave 64 ""
ci first nowhere
check "no such commit" gave 64 ""
check "says so" said '^policy-ci: no commit nowhere$'
ci
check "no commits" gave 64 ""
rm "$T/jumpctl"
ci first more
check "no jumpctl" gave 70 ""
check "it leaves nothing" [ -z "$(ls "$R/tmp")" ]
check "the example parses" python3 -c 'import sys
try: import yaml
except ImportError: sys.exit(0)
yaml.safe_load(open(sys.argv[1]))' "$LAB_REPO/dist/examples/policy-ci.yml"
finish

# SPDX-License-Identifier: ISC
# Hostile neighbours: what a snippet says, another file says otherwise; doctor
# names that line and nothing else.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/break.lib.sh"

# --- hostile neighbours: each line of each snippet ---------------------------

# other KEYWORD: a value that no snippet wants.
other() {
	case $file.$1 in
	*.AuthenticationMethods | *.PermitListen | 70*.PermitOpen) echo any ;;
	70*.PermitTTY | *.PasswordAuthentication | *.KbdInteractiveAuthentication | \
	    *.HostbasedAuthentication | *.GSSAPIAuthentication | \
	    *.PermitUserRC | *.AllowTcpForwarding | \
	    *.AllowStreamLocalForwarding | *.GatewayPorts | *.PermitTunnel | \
	    *.X11Forwarding)
		echo yes ;;
	60*.AllowAgentForwarding) echo no ;;
	*.AllowAgentForwarding) echo yes ;;
	*.ExposeAuthInfo | *.PermitTTY | *.StreamLocalBindUnlink) echo no ;;
	*.AuthorizedKeysFile) echo .ssh/authorized_keys ;;
	*.TrustedUserCAKeys) echo /etc/ssh/ca.pub ;;
	*.AuthorizedPrincipalsFile) echo /etc/ssh/principals ;;
	*.AuthorizedKeysCommand) echo /usr/bin/true ;;
	*.AuthorizedKeysCommandUser) echo nobody ;;
	*.ForceCommand) echo /bin/sh ;;
	*.AcceptEnv) echo 'X_*' ;;
	*.StreamLocalBindMask) echo 0177 ;;
	*.LogLevel) echo INFO ;;
	*.LogVerbose) echo 'kex.c:*' ;;
	*.ClientAliveInterval | *.ClientAliveCountMax) echo 0 ;;
	*) echo "the test has no value for $1" ;;
	esac
}

# in_match WHO FILE: each line of FILE, once, in a block that is read before.
in_match() {
	who=$1 file=$2
	: >"$T/global.$file"
	for keyword in $(sed -n 's/^    \([A-Z][A-Za-z]*\) .*/\1/p' \
	    "$ssh_d/$file")
	do
		# Its `none' counts wherever it stands, on 9.2 and 10.0.
		[ "$keyword" != UnusedConnectionTimeout ] || continue
		cis=00-cis.conf value=$(other "$keyword")
		# Of this keyword, the last line counts.
		[ "$keyword" != StreamLocalBindMask ] || cis=99-cis.conf
		# That one holds for administrators then: admins.sh.
		[ "$keyword" = ForceCommand ] ||
		    echo "$keyword $value" >>"$T/global.$file"
		printf 'Match User %s\n    %s %s\n' "$who" "$keyword" "$value" \
		    >"$ssh_d/$cis"
		doctor
		check "$file: $keyword $value in $cis" exactly '*' \
		    "$who: $keyword is $value, want" \
		    "/etc/ssh/sshd_config.d/$cis:2"
		rm "$ssh_d/$cis"
	done
	mended "$file: a Match block"
	# Outside of blocks they lose, and doctor knows that.
	cp "$T/global.$file" "$ssh_d/00-cis.conf"
	doctor
	check "$file: all of these outside of blocks: nothing changes" quiet
	rm "$ssh_d/00-cis.conf"
}

in_match alice 60-jump.conf
in_match jump 50-jump-shared.conf
in_match host 70-jump-devices.conf

# Without a line of ours, one outside of blocks counts.
while read -r keyword value; do
	echo "$keyword $value" >"$ssh_d/00-cis.conf"
	doctor
	troubles >"$T/now"
	comm -13 "$T/quiet" "$T/now" >"$T/new"
	check "outside of blocks: $keyword $value" grep -q \
	    ": $keyword is $value, want.*set by /etc/ssh/sshd_config.d/00-cis.conf:1 | remedy: " \
	    "$T/new"
	# The administrators, too, have no password.
	check "... is all that is named" not grep -qv \
	    "$keyword\|the only administrator\|no administrator" "$T/new"
	rm "$ssh_d/00-cis.conf"
done <<'END'
PubkeyAuthentication no
ChrootDirectory /srv
PermitUserEnvironment yes
DisableForwarding yes
MaxSessions 0
PermitOpen 10.2.0.10:22
END
mended "a line outside of blocks"
finish

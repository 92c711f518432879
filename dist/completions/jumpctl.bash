# SPDX-License-Identifier: ISC
# Completion of jumpctl(8) for bash(1): jumpctl complete says what can stand
# next.  Success without a word means a file.

_jumpctl() {
	local words=("${COMP_WORDS[@]:1:COMP_CWORD}") found word
	local n=${#words[@]}
	COMPREPLY=()
	# bash splits before and after the @ of a group.
	if [ "$n" -gt 1 ] && [ "${words[n-2]}" = @ ]; then
		words=("${words[@]:0:n-2}" "@${words[n-1]}")
	fi
	found=$(/usr/local/sbin/jumpctl complete -- "${words[@]}" \
	    2>/dev/null) || return
	while read -r word; do
		[ -z "$word" ] || COMPREPLY+=("$word")
	done <<<"$found"
	[ "${#COMPREPLY[@]}" -gt 0 ] || compopt -o default 2>/dev/null
}

complete -F _jumpctl jumpctl

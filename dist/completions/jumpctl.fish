# SPDX-License-Identifier: ISC
# Completion of jumpctl(8) for fish(1): jumpctl complete says what can stand
# next.  Success without a word means a file.

function __jumpctl_complete
	set -l words (commandline -opc)
	set -l last (commandline -ct)
	set -e words[1]
	set -l found (/usr/local/sbin/jumpctl complete -- $words "$last" \
	    2>/dev/null)
	or return
	if count $found >/dev/null
		printf '%s\n' $found
	else
		__fish_complete_path "$last"
	end
end

complete -c jumpctl -f -a '(__jumpctl_complete)'

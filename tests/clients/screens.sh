# SPDX-License-Identifier: ISC
# Screens of a remote machine, in programs with a screen of their own: VNC, and
# RDP.  What one screen shows must be what the other one shows.
. "$(dirname "$0")/lib.sh"

workstation
open_all
configured
SIZE=800x600
LOGO="-geometry ${SIZE}+0+0"

# dump HOST DISPLAY FILE: what that display of alice's shows.
dump() {
	lab on -u alice "$1" env DISPLAY="$2" xwd -silent -root \
	    >"$3" 2>"$T/err"
}

# alike HOST DISPLAY: alice's own screen shows what that one does, and that is
# more than one colour.
alike() {
	dump "$1" "$2" "$T/there.xwd" && dump client :7 "$T/here.xwd" &&
	    share 99.5 same "$T/there.xwd" "$T/here.xwd" &&
	    not share 90 colour "$T/here.xwd" ffffff &&
	    not share 90 colour "$T/here.xwd" 000000
}

# shows PERCENT COLOUR HOST DISPLAY
shows() {
	dump "$3" "$4" "$T/there.xwd" && share "$1" colour "$T/there.xwd" "$2"
}

# answers HOST DISPLAY X Y: a click at alice's screen, where the pointer has
# come to rest, changes what that one shows, and both are alike again.
answers() {
	pointer mousemove 100 100 sleep 0.2 mousemove "$3" "$4" sleep 0.5
	within alike "$1" "$2" && cp "$T/there.xwd" "$T/before.xwd" || return 1
	pointer mousemove $(($3 + 1)) "$4" click 1
	within differs "$1" "$2" && within alike "$1" "$2"
}

pointer() {
	run lab on -u alice client env DISPLAY=:7 xdotool "$@"
}

differs() {
	dump "$1" "$2" "$T/there.xwd" &&
	    not share 100 same "$T/before.xwd" "$T/there.xwd"
}

# draw HOST DISPLAY PROGRAM...
draw() {
	on=$1 display=$2
	shift 2
	server "$on" "$1" env DISPLAY="$display" "$@"
}

# a screen of alice's own
server client xvfb Xvfb :7 -screen 0 ${SIZE}x24 -nolisten tcp -nocursor
within test -S /tmp/.X11-unix/X7
tunnel hmi1

gone() {
	! kill -0 "$1" 2>/dev/null
}

# says NAME REGEX: the log of a program in the background.
says() {
	grep -Eq -- "$2" "$T/$1.log"
}

# --- VNC ---------------------------------------------------------------------

server web2 vnc Xtigervnc :5 -geometry $SIZE -depth 24 -SecurityTypes None \
    -rfbport 5900 -interface 10.9.0.2
within listens web2 5900
draw web2 :5 xlogo $LOGO -fg navy -bg wheat
check "VNC: nothing here yet" not alike web2 :5

# viewer: starts one; its pid is in $viewer.
viewer() {
	set -- $(at hmi1 5900)
	server client vncviewer env DISPLAY=:7 xtigervncviewer -FullScreen \
	    -SecurityTypes None -AutoSelect=0 -PreferredEncoding ZRLE \
	    -NoJPEG=1 -RemoteResize=0 -ReconnectOnError=0 "${1:-no}::${2:-no}"
	viewer=$!
}

viewer
check "VNC: the same picture" within alike web2 :5
draw web2 :5 xcalc -geometry 400x500+200+50 -bg yellow
check "VNC: another window there" within shows 5 ffff00 web2 :5
check "VNC: and here" within alike web2 :5
check "VNC: a click goes there" answers web2 :5 398 415
picture "$T/here.xwd" vnc
kill "$viewer"
wait "$viewer" 2>/dev/null

# --- RDP ---------------------------------------------------------------------

# Debian's xrdp, its session manager and its PAM rules, with a desktop of two
# windows in an X server that speaks VNC.
rdp_server() {
	e=$LAB/hosts/web2/etc
	cp -a "$LAB/clients/etc/xrdp" "$e/"
	mkdir -p "$e/pam.d"
	for t in auth account session; do
		echo "$t required pam_unix.so"
	done >"$e/pam.d/xrdp-sesman"
	sed -i "s/^autorun=.*/autorun=Xvnc/; s/^EnableSyslog=true/EnableSyslog=false/
	    s|^certificate=.*|certificate=/etc/xrdp/cert.pem|
	    s|^key_file=.*|key_file=/etc/xrdp/key.pem|" "$e/xrdp/xrdp.ini"
	sed -i "s/^param=Xvnc/param=Xtigervnc/; s/^EnableSyslog=true/EnableSyslog=false/" \
	    "$e/xrdp/sesman.ini"
	run lab on web2 openssl req -x509 -newkey rsa:2048 -nodes -batch -subj /CN=hmi1 \
	    -keyout /etc/xrdp/key.pem -out /etc/xrdp/cert.pem
	run lab on web2 xrdp-keygen xrdp /etc/xrdp/rsakeys.ini
	cat >"$e/../home/alice/startwm.sh" <<-END
		xlogo $LOGO -fg darkgreen -bg wheat &
		xdotool search --sync --onlyvisible --class xlogo
		exec xcalc -geometry 400x500+200+50 -bg yellow
	END
	chmod 755 "$e/../home/alice/startwm.sh"
	lab on web2 xrdp-sesman -n >"$T/sesman.log" 2>&1 &
	within listens web2 3350
	lab on web2 xrdp -n >"$T/xrdp.log" 2>&1 &
	within listens web2 3389
}

# rdp ARGUMENT...: who the server is, is known beforehand.
rdp() {
	set -- $(at hmi1 3389) "$@"
	where=${1:-no}:${2:-no}
	shift 2
	set -- xfreerdp "/v:$where" /u:alice /p:lab-password "/size:$SIZE" \
	    /bpp:32 /sec:tls "/cert:fingerprint:sha256:$fingerprint" "$@"
	server client xfreerdp env DISPLAY=:7 "$@"
	client=$!
}

rdp_server
fingerprint=$(openssl x509 -noout -fingerprint -sha256 \
    -in "$LAB/hosts/web2/etc/xrdp/cert.pem" | sed 's/.*=//' | tr A-F a-f)
rdp
check "RDP: a session" within grep -q \
    'Session started successfully for user alice on display 10' \
    "$LAB/hosts/web2/var/log/xrdp-sesman.log"
check "RDP: two windows there" within shows 5 ffff00 web2 :10
check "RDP: the same picture" within alike web2 :10
check "RDP: a click goes there" answers web2 :10 398 415
picture "$T/here.xwd" rdp

# --- and where the policy does not say so any more ---------------------------

viewer
check "VNC: beside it" within says vncviewer 'Using pixel format'
open_all "allow other: alice to web2:22 via connect"
check "ended: RDP" within gone "$client"
check "ended: VNC" within says vncviewer 'End of stream'
gone_too() {
	run pgrep -u 2001 -f hmi1+tunnel
	silent
}
check "ended: the tunnel" within gone_too
alice ssh -fN hmi1+tunnel
viewer
check "closed: VNC" within says vncviewer 'dropped by the server before'
rdp
check "closed: RDP" within says xfreerdp ERRCONNECT_CONNECT_TRANSPORT_FAILED
finish

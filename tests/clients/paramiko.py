# SPDX-License-Identifier: ISC
"""paramiko.py HOST FILE: what jump.conf of this user says about HOST, done with
paramiko (which knows no Include): FILE goes there, by ProxyJump, which is a
direct-tcpip channel, or by ProxyCommand.  Prints the road and ok.

paramiko has no HostKeyAlias: whoever uses it gives connect() the alias for the
name of the host, and a socket.
"""
import hashlib
import os
import socket
import sys

sys.path.pop(0)                 # this file is called as the library is
import paramiko                 # noqa: E402


def client(config, name, sock=None):
    """A connection, as OpenSSH would read the file; host keys must be known."""
    it = config.lookup(name)
    c = paramiko.SSHClient()
    c.set_missing_host_key_policy(paramiko.RejectPolicy())
    for f in it["userknownhostsfile"].split():
        c.load_host_keys(os.path.expanduser(f))
    if sock is None:
        sock = socket.create_connection((it["hostname"], int(it["port"])), 20)
    c.connect(it["hostkeyalias"], username=it.get("user"), sock=sock,
              timeout=20, banner_timeout=20, auth_timeout=20)
    return c


def road(config, name):
    """ROAD, SOCKET, and what must live as long as it."""
    it = config.lookup(name)
    where = it["hostname"], int(it["port"])
    if it.get("proxyjump", "none") != "none":
        jump = client(config, it["proxyjump"])
        chan = jump.get_transport().open_channel("direct-tcpip", where, ("", 0))
        return "direct-tcpip", chan, jump
    return "ProxyCommand", paramiko.ProxyCommand(it["proxycommand"]), None


def digest(stream):
    return hashlib.file_digest(stream, "sha256").hexdigest()


def main():
    name, path = sys.argv[1:]
    config = paramiko.SSHConfig.from_path(os.path.expanduser("~/.ssh/jump.conf"))
    how, sock, keep = road(config, name)
    c = client(config, name, sock)
    sftp = c.open_sftp()
    sftp.put(path, "paramiko")
    _, out, _ = c.exec_command("hostname; sha256sum <paramiko; rm paramiko")
    host, there = out.read().decode().split()[:2]
    with open(path, "rb") as f:
        assert there == digest(f), "what came there is not what went"
    assert host == name, host
    c.close()
    print(how, "ok")


main()

# SPDX-License-Identifier: ISC
# tunnels.py deaf|patient PORT: a server that never reads, or that reads and
# does not end when its client has.
import socket
import sys
import threading
import time


def serve(connection):
    if sys.argv[1] == "deaf":
        time.sleep(300)
    while connection.recv(65536):
        pass
    time.sleep(300)


listener = socket.create_server(("10.2.0.11", int(sys.argv[2])))
while True:
    one, _ = listener.accept()
    threading.Thread(target=serve, args=(one,), daemon=True).start()

"""Stand for a job that a fork of the server runs: with its streams, folder, environment and end."""

import json
import os
import socket
import sys

_, place, script = sys.argv
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect(place)
    job = {"script": script, "folder": os.getcwd(), "environment": dict(os.environ)}
    socket.send_fds(server, [json.dumps(job).encode()], [0, 1, 2])
    # nothing where what watches the job was killed
    code = int(server.recv(16) or "-9")
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)

# SPDX-License-Identifier: BSD-2-Clause
"""peer.py - the other end of tests/compare/net.c, on this host.

    program = build(folder)             # runs here and in a machine
    with Server(program, "127.0.0.1") as server:
        guest.exec("/net 10.0.2.2 %d receive send" % server.port)
"""
import contextlib
import os
import signal
import subprocess

from rig import machine as machines
from rig import process as processes


def build(folder):
    """Compiles it; gives its name."""
    program = os.path.join(folder, "net")
    subprocess.run(["sh", "user/cc", "-O2", "-s", "-D_GNU_SOURCE", "-o", program,
                    "tests/compare/net.c"], cwd=machines.TOP, check=True)
    return program


class Server:
    """Listens on an address of this host, until close."""

    def __init__(self, program, address):
        # A process group of its own, for it and its children.
        self.process = subprocess.Popen(
            processes.die_with_parent([program, "serve", address]),
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        words = self.process.stdout.readline().split()
        if len(words) != 2:
            self.close()
            raise OSError("net serve %s: no port" % address)
        self.port = int(words[1])

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

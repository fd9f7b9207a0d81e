# SPDX-License-Identifier: BSD-2-Clause
"""conftest.py - a machine whose only neighbour is rig.frames.Host."""
import os
import re
import subprocess

import pytest

from rig import Guest, machine as machines
from rig.frames import Connection, Host, Wire

OURS, GUEST = "10.9.0.1", "10.9.0.2"
# Time does not pass, but jumps to the next timer when there is nothing to do.
JUMPING = ["-icount", "shift=0,sleep=off"]


class Bench:
    """guest, host, wire; and sock.c, which is driven by hand: do(command) gives
    its answer, say(command) does not wait for one, answer() does."""

    def __init__(self, program, qemu=()):
        self.wire = Wire()
        self.guest = Guest(cmdline="ip=%s/24" % GUEST, add=[program + ":/sock"],
                           qemu=self.wire.arguments("virtio") + list(qemu))
        self.wire.accept()
        self.host = Host(self.wire, OURS, GUEST)
        self.port, self.asked = 1000, 0

    def sock(self, *commands):
        """A new run of sock.c."""
        self.asked = 0
        self.guest.check("exec 3>&-; rm -f /run/in /run/out; mkfifo /run/in; "
                         "(/sock </run/in >/run/out 2>&1 3>&- &); exec 3>/run/in")
        return [self.do(command) for command in commands]

    def say(self, command):
        self.asked += 1
        self.guest.check("echo %s >&3" % command)

    def answer(self):
        """Of the last command."""
        text = self.guest.check("until [ $(wc -l </run/out) -ge %d ]; do usleep 5000; done; "
                                "sed -n %dp /run/out" % (self.asked, self.asked))
        return text.rstrip("\n")

    def do(self, command):
        self.say(command)
        return self.answer()

    def listen(self, backlog=5):
        """A listener of sock.c; its port."""
        self.port += 1
        self.sock("tcp", "bind %d" % self.port, "listen %d" % backlog)
        return self.port

    def established(self, seq=1000, options=b"", **more):
        """A Connection to a socket that sock.c has accepted."""
        connection = Connection(self.host, self.listen(), seq=seq)
        for name, value in more.items():
            setattr(connection, name, value)
        connection.synack = connection.open(options)
        assert self.do("accept") == "0"
        return connection

    def connected(self, synack=b""):
        """A Connection that sock.c has begun; `synack` are options of our answer."""
        connection = self.connecting()
        connection.send(18, options=synack)         # SYN, ACK
        assert self.answer() == "0"
        return connection

    def connecting(self):
        """The same, with the guest's SYN taken and not answered."""
        self.sock("tcp")
        port = self.host.port()
        self.say("connect %s %d" % (self.host.address, port))
        return self.syn_taken(port)

    def syn_taken(self, port):
        from rig.frames import TCP, Segment
        packet = self.host.receive(lambda p: p.protocol == TCP and
                                   p.payload[2:4] == port.to_bytes(2, "big"))
        syn = Segment(packet)
        connection = Connection(self.host, syn.sport, port)
        connection.syn, connection.ack = syn, syn.seq + 1
        return connection

    def state(self, connection):
        """Of the guest's socket, by /proc/net/tcp; None: it has none."""
        text = self.guest.check("cat /proc/net/tcp")
        found = re.search(r":%04X [0-9A-F]{8}:%04X (\w\w)" %
                          (connection.theirs, connection.ours), text)
        return int(found.group(1), 16) if found else None

    def close(self):
        self.guest.close()
        self.wire.close()


@pytest.fixture(scope="session")
def sock_program(tmp_path_factory):
    out = str(tmp_path_factory.mktemp("sock") / "sock")
    subprocess.run(["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-o", out,
                    os.path.join("tests", "net", "sock.c")], cwd=machines.TOP, check=True)
    return out


@pytest.fixture(scope="module")
def bench(sock_program):
    made = Bench(sock_program)
    made.host.greet()
    yield made
    made.close()


@pytest.fixture(scope="module")
def jumping(sock_program):
    """A Bench where minutes pass at once."""
    made = Bench(sock_program, JUMPING)
    yield made
    made.close()

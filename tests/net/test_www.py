# SPDX-License-Identifier: BSD-2-Clause
"""test_www.py - the main job, from end to end: `./brig run`, a web server in a
jail there, and curl here. What the server's jail cannot do, beside it.
"""
import os
import re
import socket
import subprocess
import time

import pexpect
import pytest

from rig import machine as machines
from rig.guest import time_scale

SECONDS = 20 * time_scale()
LITERAL = "jail -c name=www path=/jail/www ip4.addr=10.0.2.20 command=/bin/httpd -f -p 80"
CONF = """www {
	path = /jail/www;
	ip4.addr = 10.0.2.20;
	interface = eth0;
	exec.start = "/bin/httpd -p 80";
}"""


class Run:
    """`./brig run` with us as the terminal; nobody's disk is touched."""

    def __init__(self):
        self.terminal = pexpect.spawn(
            os.path.join(machines.TOP, "brig"), ["run", "--root", "memory"], timeout=SECONDS,
            env=dict(os.environ, BRIG_NO_BUILD="1"), dimensions=(24, 200))
        self.terminal.expect(r"brig: (http://127\.0\.0\.1:(\d+)/) is port 80 of 10\.0\.2\.20 ")
        self.url, port = (text.decode() for text in self.terminal.match.groups())
        self.port = int(port)
        self.wait()

    def wait(self):
        self.terminal.expect(r"root@brig:~# (\x1b\[6n)?")
        return self.terminal.before.decode().replace("\r", "")

    def start(self, command):
        self.terminal.send(command + "\r")
        self.terminal.expect(re.escape(command[-20:]) + r"\r+\n")

    def type(self, command):
        """What it prints."""
        self.start(command)
        return self.wait()

    def curl(self):
        """What this machine gets, or None when nothing comes in a second."""
        done = subprocess.run(["curl", "-s", "-m", "1", self.url], stdout=subprocess.PIPE)
        return done.stdout.decode() if done.returncode == 0 else None

    def until(self, wanted):
        """Waits until curl gets that."""
        end = time.monotonic() + SECONDS
        got = self.curl()
        while got != wanted and time.monotonic() < end:
            time.sleep(0.1)
            got = self.curl()
        return got


@pytest.fixture(scope="module")
def run():
    """Port 8080 is taken, by us if by nobody else."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            pass
        machine = Run()
        machine.type("mkjail /jail/www; echo This is jail www. >/jail/www/index.html")
        yield machine
        machine.terminal.sendcontrol("a")
        machine.terminal.send("x")
        machine.terminal.expect(pexpect.EOF)
        machine.terminal.close()
        assert machine.terminal.exitstatus == 0


def session():
    """The README's: (command, what it prints), ..."""
    with open(os.path.join(machines.TOP, "README.md"), encoding="utf-8") as file:
        text = file.read().split("\n## A session\n")[1].split("\n## ")[0]
    text = text[text.index("    root@"):text.index("\n\nBefore the last line")]
    lines = "\n".join(line[4:] for line in text.splitlines())
    return [part.partition("\n")[::2] for part in lines.split("root@brig:~# ")[1:]]


def plain(text):
    text = re.sub(r"^ *\d+ (root +\d )", r"N \1", text, flags=re.MULTILINE)
    return [line.rstrip() for line in text.strip().splitlines()]


def test_the_session_of_the_readme(run):
    """What only shows something is typed here; the server and the job by other tests."""
    shown = [part for part in session() if re.match(r"(ps|cat|ifconfig)\b", part[0])]
    assert len(shown) == 3
    for command, printed in shown:
        assert plain(run.type(command)) == plain(printed)


def test_the_next_free_port(run):
    assert run.port > 8080


def test_a_web_server_in_a_jail(run):
    """The command of the manual, typed into a machine that has just come up."""
    assert run.curl() is None
    run.start(LITERAL)
    assert run.until("This is jail www.\n") == "This is jail www.\n"
    run.terminal.sendcontrol("c")
    run.wait()
    assert run.type("jls name") == ""
    assert run.until(None) is None


def test_a_web_server_by_jail_conf(run):
    """Its address was the host's before, and so it stays."""
    for line in CONF.splitlines():
        run.type("echo '%s' >>/etc/jail.conf" % line.replace("\t", " "))
    assert "www: created\n" in run.type("jail -c www")
    assert run.until("This is jail www.\n") == "This is jail www.\n"
    assert "10.0.2.20" in run.type("jls -j www ip4.addr")
    assert "www: removed\n" in run.type("jail -r www")
    assert run.until(None) is None
    assert "10.0.2.20" in run.type("ifconfig eth0:1")


def test_what_the_web_server_cannot_do(run):
    """Bind the host's address, be reached on it, see its sockets, ping."""
    run.type("jail -q -c www; nc -l -p 2222 0<&- >/dev/null 2>&1 &")
    run.until("This is jail www.\n")
    assert "This is jail" in run.type("wget -qO- http://10.0.2.20/")
    refused = "can't connect to remote host (10.0.2.15): Connection refused"
    assert refused in run.type("wget -qO- http://10.0.2.15/")
    assert run.type("jexec www httpd -p 127.0.0.1:81") == ""
    assert "bind: Cannot assign requested address" in run.type("jexec www httpd -p 10.0.2.15:82")
    run.type("mount -t proc proc /jail/www/proc")
    host, jail = run.type("netstat -lnt"), run.type("jexec www netstat -lnt")
    assert "0.0.0.0:2222" in host and "10.0.2.20:80 " in host
    assert re.findall(r"^tcp +0 +0 (\S+) .*LISTEN", jail, re.MULTILINE) == \
        ["10.0.2.20:80", "10.0.2.20:81"]
    assert "permission denied" in run.type("jexec www ping -c 1 10.0.2.2").lower()
    assert "1 packets received" in run.type("ping -c 1 10.0.2.2")
    run.type("jail -qr www; umount /jail/www/proc")

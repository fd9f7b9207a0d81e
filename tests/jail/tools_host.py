# SPDX-License-Identifier: BSD-2-Clause
"""tools_host.py - what the tests of the jail tools share: a machine with the
trees /jail/a, /jail/b and /jail/c, and class Host, which types into it.

Every test begins and ends without jails and without mounts below /jail.
"""
import os
import re
import subprocess

import pytest

from rig import Guest, machine as machines

TOOLS = ("sh ls echo cat hostname id sleep readlink tty mount true false env "
         "pwd stat touch ln kill stty head mkdir mkfifo rm mv test").split()
CONF = "/etc/jail.conf"
INMATE = os.path.join(machines.BUILD, "tests", "jail", "inmate")


class Host:
    """The host of the jails: what is typed, and what comes of it."""

    def __init__(self, guest):
        self.guest = guest

    def sh(self, command, timeout=30):
        """Status, stdout and stderr of a line for the shell."""
        done = self.guest.exec(command, timeout)
        self.guest.look_at_console()
        return (done.status, done.stdout.decode(errors="replace"),
                done.stderr.decode(errors="replace"))

    def ok(self, command, timeout=30):
        """Its output; nothing may come on stderr."""
        status, out, err = self.sh(command, timeout)
        assert (status, err) == (0, ""), (command, status, out, err)
        return out

    def fails(self, command, *says, status=1):
        """One line on stderr that holds each of says. Gives stdout."""
        got, out, err = self.sh(command)
        assert got == status, (command, got, out, err)
        assert err.count("\n") == 1 and err.endswith("\n"), err
        for text in says:
            assert text in err, (command, err)
        return out

    def conf(self, text, name=CONF):
        self.guest.put_bytes(text.encode(), name)

    def runs(self, *names):
        """Which of these jails run."""
        return self.ok("for j in %s; do jexec $j /bin/true 2>/dev/null && echo $j; done; true"
                       % " ".join(names)).split()

    def aliases(self):
        """The addresses and masks that lo has beside its own."""
        found = re.findall(r"inet addr:([\d.]+) .*Mask:([\d.]+)", self.ok("ifconfig -a"))
        return {address: mask for address, mask in found if address != "127.0.0.1"}

    def mounts(self):
        return [line.split()[1] for line in self.ok("cat /proc/mounts").splitlines()
                if "/jail" in line]


def make_inmate():
    """tests/jail/inmate.c, which looks around where it is."""
    os.makedirs(os.path.dirname(INMATE), exist_ok=True)
    mine = "%s.%d" % (INMATE, os.getpid())
    subprocess.run(["sh", "user/cc", "-O1", "-s", "-Wall", "-Wextra", "-o", mine,
                    "tests/jail/inmate.c"], cwd=machines.TOP, check=True)
    os.replace(mine, INMATE)


@pytest.fixture(scope="module")
def machine():
    make_inmate()
    with Guest(cmdline="quiet", add=[INMATE + ":/bin/inmate"]) as guest:
        Host(guest).ok(
            "for j in a b c; do for d in bin dev proc tmp etc var data; do "
            "mkdir -p /jail/$j/$d; done; ln /bin/busybox /jail/$j/bin/busybox; "
            "ln /bin/inmate /bin/ps /jail/$j/bin; "
            "for t in %s; do ln -s busybox /jail/$j/bin/$t; done; done; "
            "cp -r /jail /jail.orig" % " ".join(TOOLS))
        yield guest


@pytest.fixture
def host(machine):
    host = Host(machine)
    host.sh("rm -rf %s /tmp/*" % CONF)
    yield host
    host.sh("jail -R '*'; for i in 1 2 3; do for m in $(awk '$2 ~ /^.jail/ "
            "{print $2}' /proc/mounts); do umount $m; done; done; rm -rf /jail; "
            "cp -r /jail.orig /jail")

# SPDX-License-Identifier: BSD-2-Clause
"""test_tools.py - jail(8) and jexec(8), as their manuals say, in one machine.

Every test begins and ends without jails and without mounts below /jail. Trees
/jail/a, /jail/b and /jail/c hold a shell and the tools that TOOLS names. The
cases of FreeBSD's own jail_basic_test have its names.
"""
import re

import pytest

from rig import Guest

TOOLS = ("sh ls echo cat ps hostname id sleep readlink tty mount true false env "
         "pwd stat touch ln kill stty head mkdir").split()
CONF = "/etc/jail.conf"


class Host:
    """The host of the jails: what is typed, and what comes of it."""

    def __init__(self, guest):
        self.guest = guest

    def sh(self, command, timeout=30):
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
        """One line on stderr that holds each of says."""
        got, out, err = self.sh(command)
        assert got == status, (command, got, out, err)
        assert err.count("\n") == 1 and err.endswith("\n"), err
        for text in says:
            assert text in err, (command, err)
        return out

    def conf(self, text, name=CONF):
        self.guest.put_bytes(text.encode(), name)

    def jails(self):
        """Names of all that run."""
        return self.ok("for j in a b c basejail web db cache one two x y; do "
                       "jexec $j true 2>/dev/null && echo $j; done; true").split()

    def mounts(self):
        return [line.split()[1] for line in self.ok("cat /proc/mounts").splitlines()
                if "/jail" in line]


@pytest.fixture(scope="module")
def machine():
    with Guest(cmdline="quiet") as guest:
        host = Host(guest)
        host.ok("for j in a b c; do for d in bin dev proc tmp etc var data; do "
                "mkdir -p /jail/$j/$d; done; ln /bin/busybox /jail/$j/bin/busybox; "
                "for t in %s; do ln -s busybox /jail/$j/bin/$t; done; done; "
                "cp -r /jail /jail.orig" % " ".join(TOOLS))
        yield guest


@pytest.fixture
def host(machine):
    host = Host(machine)
    host.sh("rm -f %s /tmp/*" % CONF)
    yield host
    host.sh("jail -R '*'; for i in 1 2 3; do for m in $(awk '$2 ~ /^.jail/ "
            "{print $2}' /proc/mounts); do umount $m; done; done; rm -rf /jail; "
            "cp -r /jail.orig /jail")


# --- the paper's form ----------------------------------------------------------

def test_four_arguments(host):
    host.ok("echo '#!/bin/sh\necho jail here' >/jail/a/bin/where; "
            "chmod 755 /jail/a/bin/where")
    out = host.ok("jail /jail/a a.example 10.0.2.20 /bin/sh -c "
                  "'hostname; pwd; where; ls /; ls /jail; true' 2>/dev/null")
    assert out.split("\n")[:3] == ["a.example", "/", "jail here"]
    assert "busybox" not in out and "bin\n" in out and "jail\n" not in out
    assert host.jails() == []


def test_four_arguments_status(host):
    assert host.sh("jail /jail/a a 10.0.2.20 /bin/sh -c 'exit 7'")[0] == 7
    assert host.sh("jail /jail/a a 10.0.2.20 /bin/sh -c 'kill -9 $$'")[0] == 137
    status, _, err = host.sh("jail /jail/a a 10.0.2.20 /bin/nothing")
    assert status == 127 and err == "jail: /bin/nothing: not found\n"


@pytest.mark.parametrize("words", ["", "/jail/a", "/jail/a a", "/jail/a a 10.0.2.20"])
def test_four_arguments_or_none(host, words):
    host.fails("jail " + words, "usage: jail path hostname ip command")


def test_four_arguments_options(host):
    out = host.ok("jail -i -J /tmp/file -n web -s 2 /jail/a a 10.0.2.20 /bin/echo in")
    jid, said = out.split()
    assert said == "in"
    assert host.ok("cat /tmp/file").split() == [jid, "/jail/a", "a", "10.0.2.20", "/bin/echo"]
    out = host.ok("jail -l /jail/a a 10.0.2.20 /bin/env")
    assert "PATH=/bin:/usr/bin\n" in out and "HOME=/root\n" in out and "PWD" not in out
    host.ok("jail -n web -s 2 /jail/a a 10.0.2.20 /bin/sleep 100 & sleep 0.5")
    assert "2" in host.ok("jexec web sh -c 'echo 2'") and host.jails() == ["web"]
    assert host.ok("jail -u user /jail/a a 10.0.2.20 /bin/id -u") == "1000\n"
    host.ok("echo 'inmate:x:1234:1234::/:/bin/sh' >/jail/a/etc/passwd")
    assert host.ok("jail -U inmate /jail/a a 10.0.2.20 /bin/id -u") == "1234\n"
    host.fails("jail -u inmate /jail/a a 10.0.2.20 /bin/id", "inmate", "no such user")
    host.fails("jail -U user /jail/a a 10.0.2.20 /bin/id", "user", "no such user in the jail")


# --- FreeBSD's own cases --------------------------------------------------------

def test_basic(host):
    host.ok("jail -c name=basejail persist ip4.addr=192.0.1.1")
    assert host.ok("jail -r basejail") == "basejail: removed\n"
    jid = host.ok("jail -i -c name=basejail persist ip4.addr=192.0.1.1").strip()
    host.ok("jail -r " + jid)
    host.ok("jail -cm name=basejail persist ip4.addr=192.0.1.1")
    host.ok("jail -cm name=basejail persist ip4.addr=192.0.1.2")
    host.ok("jail -rc name=basejail persist ip4.addr=192.0.1.1")
    assert host.jails() == ["basejail"]


def test_list(host):
    host.fails("jail -c name=basejail persist vnet.interface=epair0a,epair0b",
               "vnet.interface", "there is no network interface")
    host.ok("jail -c name=basejail persist ip4.addr=10.0.0.1,10.0.0.2")


def test_nested(host):
    host.ok("jail -c name=basejail persist ip4.addr=192.0.1.1 children.max=1")
    assert host.ok("jexec basejail jail -c name=nestedjail persist ip4.addr=192.0.1.1") == ""
    assert host.sh("jexec basejail jail -c name=secondnestedjail persist "
                   "ip4.addr=192.0.1.1") == (1, "", "jail: prison limit exceeded\n")
    host.ok("jail -c name=basejail_nochild persist ip4.addr=192.0.1.1")
    assert host.sh("jexec basejail_nochild jail -c name=nestedjail persist "
                   "ip4.addr=192.0.1.1") == (
        1, "", "jail: jail_set: Operation not permitted\n")
    host.ok("jexec basejail.nestedjail true")
    host.ok("jail -r basejail")
    host.fails("jexec basejail.nestedjail true", "no such jail")


def test_commands(host):
    host.conf('exec.prestop = "echo STOP";\nexec.prestart = "echo START";\n'
              'exec.poststart = "env";\npersist;\nbasejail {}\npath = /jail/a;\n')
    out = host.ok("jail -qc basejail")
    assert re.search(r"^START$", out, re.M) and re.search(r"^JID=\d+$", out, re.M)
    assert re.search(r"^JNAME=basejail$", out, re.M)
    assert re.search(r"^JPATH=/jail/a$", out, re.M)
    assert host.ok("jail -f %s -qr basejail" % CONF) == "STOP\n"
    jid = re.search(r"^JID=(\d+)$", host.ok("jail -qc basejail"), re.M).group(1)
    assert host.ok("jail -qr " + jid) == "STOP\n"


def test_jid_name_set(host):
    host.conf("5309 { name = basejail; persist; }")
    assert host.ok("jail -c 5309") == "5309: created\n"
    host.ok("jexec basejail true")
    host.ok("jexec 5309 true")
    assert host.ok("jail -r 5309") == "5309: removed\n"
    host.conf('5310 { host.hostname = "${name}"; persist; }')
    assert host.ok("jail -c 5310") == "5310: created\n"
    assert host.ok("jexec 5310 hostname") == "5310\n"
    assert host.ok("jail -r 5310") == "5310: removed\n"
    host.conf("basejail { jid = 5311; persist; }")
    assert host.ok("jail -c basejail") == "basejail: created\n"
    host.ok("jexec 5311 true")
    assert host.ok("jail -r basejail") == "basejail: removed\n"


def test_param_consistency(host):
    host.ok('jail -c path=/ exec.poststart="true" command=/bin/true')
    host.conf("basejail {path = /; exec.prestop = 'echo STOP'; persist; }")
    host.ok("jail -c basejail")
    assert host.ok("jail -qr basejail") == "STOP\n"
    host.conf("5312 {path = /; exec.prestop = 'echo STOP'; persist; }")
    host.ok("jail -c 5312")
    assert "STOP" in host.ok("jail -r 5312")
    host.conf("5313 {name = basejail; path = /; exec.prestop = 'echo STOP'; persist; }")
    host.ok("jail -c 5313")
    assert "STOP" in host.ok("jail -r 5313")
    host.conf("basejail {path = /; exec.poststop = 'echo JID=$JID'; persist; }")
    jid = host.ok("jail -i -c basejail").strip()
    assert "JID=%s\n" % jid in host.ok("jail -r basejail")


def test_examples(host):
    """The command lines of jail(8)'s EXAMPLES."""
    out = host.ok("jail -c path=/jail/a mount.devfs host.hostname=testhostname "
                  "ip4.addr=192.0.2.100 command=/bin/sh -c 'hostname; ls /dev; tty; true'")
    assert out.startswith("testhostname\n") and "\nnull\n" in out and "mem" not in out
    assert host.mounts() == []
    host.conf("testjail {\n\tpath = /jail/a;\n\tmount.devfs;\n"
              "\thost.hostname = testhostname;\n\tip4.addr = 192.0.2.100;\n"
              "\texec.start = \"/bin/sh /etc/rc\";\n"
              "\texec.stop = \"/bin/sh /etc/rc.shutdown\";\n}\n")
    host.ok("echo 'sleep 1000 & echo started' >/jail/a/etc/rc; "
            "echo 'echo stopped' >/jail/a/etc/rc.shutdown")
    assert host.ok("jail -c testjail") == "testjail: created\nstarted\n"
    assert host.ok("jail -r testjail") == "stopped\ntestjail: removed\n"
    assert host.mounts() == []
    host.conf(host.guest.get_bytes(CONF).decode().replace(
        "192.0.2.100;", "192.0.2.100;\n\tinterface = em0;"))
    host.fails("jail -c testjail", CONF + ":6:", "no network interface em0")

# SPDX-License-Identifier: BSD-2-Clause
"""test_denied.py - what a jail refuses: through /proc/sys and the privileges,
that it is noted, and what it would have needed.

The jails here live in the host's own tree, so that all tools are there.
"""
import re

import pytest

from rig import Guest


@pytest.fixture(scope="module")
def guest():
    with Guest() as guest:
        yield guest


@pytest.fixture
def jail(guest):
    """A jail of that name, and its root's shell; it ends with the test."""
    made = []

    def make(name, *params):
        done = guest.exec("jail -c name=%s path=/ persist %s" %
                          (name, " ".join(params)))
        assert done.status == 0, done
        made.append(name)

        def run(command):
            guest.put_bytes(command.encode(), "/tmp/inmate")
            return guest.exec("jexec %s sh /tmp/inmate" % name, timeout=60)
        return run
    yield make
    for name in made:
        guest.exec("jail -r %s" % name)


def sysctls(guest, run=None):
    text = (run or guest.exec)("sysctl -a 2>/dev/null").stdout.decode()
    return {name: value for name, value in
            re.findall(r"^([\w.-]+) = (.*)$", text, re.MULTILINE)
            if not re.search(r"random|file-nr|openfiles|children.cur|jail.list|jail.env", name)}


def lines(guest, name):
    return guest.exec("cat /proc/jail/" + name).stdout.decode().splitlines()


def of_jail(guest, name, jail):
    return [line.split(" ", 1)[1] for line in lines(guest, name)
            if line.split(" ", 1)[0] == jail]


def test_e47_every_sysctl(guest, jail):
    """E47: jailed root writes all of /proc/sys; the host's values stay."""
    before = sysctls(guest)
    run = jail("e47", "host=new", "host.hostname=e47.example")
    done = run("for v in 0 1 2 x; do for f in $(find /proc/sys -type f);"
               "do case $f in *suser*) ;; *) (echo $v >$f) 2>/dev/null && "
               "echo wrote $f;; esac; done; done; id -u; hostname")
    wrote = set(re.findall(r"wrote /proc/sys/(\S+)", done.stdout.decode()))
    assert wrote <= {"kern/hostname", "kernel/hostname", "kern/domainname",
                     "kernel/domainname", "kern/hostuuid", "kern/hostid",
                     "kern/securelevel", "security/bsd/unprivileged_proc_debug"}
    assert "kern/hostname" in wrote and "kern/securelevel" in wrote
    assert done.stdout.split()[-2:] == [b"0", b"x"]
    assert sysctls(guest) == before
    assert sysctls(guest, run)["kern.securelevel"] == "2"


def test_sysctls_are_readable(guest, jail):
    run = jail("reads", "children.max=3", "allow.mount", "enforce_statfs=1",
               "env='A=1'")
    inside = sysctls(guest, run)
    assert set(sysctls(guest)) - set(inside) == set()
    assert inside["security.jail.jailed"] == "1"
    assert inside["security.jail.children.max"] == "3"
    assert inside["security.jail.mount_allowed"] == "1"
    assert inside["security.jail.mlock_allowed"] == "0"
    assert inside["security.jail.enforce_statfs"] == "1"
    assert run("cat /proc/sys/security/jail/env").stdout == b"A=1\n"


def test_suser_enabled(guest, jail):
    """A jail may give its root up, and cannot take it back."""
    run = jail("suser")
    run("chmod 600 /tmp/inmate; echo x >/tmp/secret; chown 7 /tmp/secret;"
        "chmod 600 /tmp/secret")
    assert run("cat /tmp/secret").stdout == b"x\n"
    done = run("sysctl -w security.bsd.suser_enabled=0; cat /tmp/secret;"
               "sysctl -w security.bsd.suser_enabled=1")
    assert b"Permission denied" in done.stderr
    assert sysctls(guest)["security.bsd.suser_enabled"] == "1"
    assert "allow.suser" in of_jail(guest, "learn", "suser")


def test_securelevel_of_a_jail(guest, jail):
    """Each has its own, never below that of the one above."""
    run = jail("sl", "children.max=1", "allow.settime")
    now = guest.exec("date +%s").stdout.decode().strip()
    assert b"not permitted" not in run("date -s @%s" % now).stderr
    done = run("sysctl -w kern.securelevel=2; sysctl -w kern.securelevel=1;"
               "date -s @%s; jail -c name=sub path=/ persist;"
               "jexec sub cat /proc/sys/kern/securelevel" % now)
    assert done.stderr.count(b"not permitted") == 2
    assert done.stdout.split()[-1] == b"2"
    assert sysctls(guest)["kern.securelevel"] == "-1"
    assert of_jail(guest, "counters", "sl") == ["securelevel 1"]
    assert of_jail(guest, "learn", "sl") == []


def test_old_call_follows_the_sysctls(guest, jail):
    """jail(2) of four arguments: jail.set_hostname_allowed holds at once."""
    # the inmate waits for files that the host makes
    guest.put_bytes(b"w() { while [ ! -e /tmp/$1 ]; do sleep 0.05; done; }\n"
                    b"hostname one; hostname; touch /tmp/at1; w go2\n"
                    b"hostname two; hostname; touch /tmp/at2; w go3\n"
                    b"hostname three; hostname; touch /tmp/at3\n", "/tmp/steps")
    wait = "while [ ! -e /tmp/at%d ]; do sleep 0.05; done;"
    guest.exec("rm -f /tmp/go* /tmp/at*; (jail / old.example 10.9.9.9 /bin/sh "
               "/tmp/steps >/tmp/said 2>&1 </dev/null &);" + wait % 1 +
               "sysctl -w jail.set_hostname_allowed=0; touch /tmp/go2;" + wait % 2 +
               "sysctl -w jail.set_hostname_allowed=1; touch /tmp/go3;" + wait % 3)
    said = guest.exec("cat /tmp/said; hostname").stdout.decode().split("\n")
    assert said[0] == "one"
    assert "not permitted" in said[1]
    assert said[2:5] == ["one", "three", "brig"]
    # one that jail_set made keeps what it was given
    run = jail("new", "host=new", "host.hostname=new")
    guest.exec("sysctl -w security.jail.set_hostname_allowed=0")
    assert run("hostname four; hostname").stdout == b"four\n"
    guest.exec("sysctl -w security.jail.set_hostname_allowed=1")


def test_what_is_denied_is_noted(guest, jail):
    run = jail("noted")
    guest.exec("sleep 1.1")  # the log takes a few lines in a second
    run("kill -0 1; dmesg; reboot -f; echo 1 >/proc/sys/kern/maxfiles;"
        "insmod /etc/passwd; cat /proc/slabinfo; cat /etc/nothing")
    ours = [line.split() for line in lines(guest, "denied") if line[0] != "#"]
    assert all(len(words) == 7 for words in ours)
    jid = next(words[1] for words in ours if words[4] == "PRIV_MSGBUF")
    got = {(words[4], words[5], words[6]) for words in ours if words[1] == jid}
    assert {("PRIV_MSGBUF", "-", "EPERM"), ("PRIV_REBOOT", "-", "EPERM"),
            ("PRIV_SYSCTL_WRITE", "-", "EPERM"), ("PRIV_KLD_LOAD", "-", "EPERM"),
            ("pid", "1", "ESRCH"), ("proc", "slabinfo", "ENOENT")} <= got
    assert not any("nothing" in words[5] for words in ours)
    counters = of_jail(guest, "counters", "noted")
    assert "PRIV_MSGBUF 1" in counters or "PRIV_MSGBUF 2" in counters
    assert "proc 1" in counters
    assert "refused PRIV_REBOOT" in guest.exec("dmesg").stdout.decode()


def test_rights_are_no_denials(guest, jail):
    """What an ordinary user may not, the jail is not to blame for."""
    run = jail("rights")
    run("su nobody -s /bin/sh -c 'cat /etc/shadow; kill -9 1; date -s 2000-01-01;"
        "mkdir /x; hostname y; dmesg; chown 0 /tmp/inmate; ls /root; nice -n -5 id;"
        "mount -t tmpfs x /mnt'")
    # the one thing: that pid 1 is not there
    assert of_jail(guest, "counters", "rights") == ["pid 1"]
    assert of_jail(guest, "learn", "rights") == []


def test_readers_see_their_own(guest, jail):
    one, two = jail("one", "children.max=2"), jail("two")
    one("jail -c name=sub path=/ persist; jexec sub dmesg; kill -0 1")
    two("date -s 2001-01-01")
    inside = one("tail -n +2 /proc/jail/denied; echo ==; cat /proc/jail/counters")
    denied, counters = inside.stdout.decode().split("==\n")
    assert "PRIV_MSGBUF" in denied and "CLOCK" not in denied
    assert re.search(r"^\S+ 0 \d+ 0 pid 1 ESRCH$", denied, re.MULTILINE)
    assert re.search(r"^0 pid 1$", counters, re.MULTILINE)
    assert re.search(r"^sub PRIV_MSGBUF", counters, re.MULTILINE)
    assert "two" not in counters


def test_learned_parameters_are_enough(guest, jail):
    """What learn says, given, leaves nothing refused; nothing less does."""
    work = ("dmesg >/dev/null && mount -t tmpfs none /mnt && umount /mnt &&"
            "! date -s @$(date +%s) 2>&1 | grep -q permitted && hostname learned &&"
            "echo done")
    run = jail("naive", "allow.noset_hostname", "host=new", "host.hostname=n")
    for part in work.split("&&"):
        run(part)
    params = of_jail(guest, "learn", "naive")
    assert sorted(params) == ["allow.mount", "allow.mount.tmpfs",
                              "allow.read_msgbuf", "allow.set_hostname",
                              "allow.settime", "enforce_statfs=1"]
    run = jail("taught", "host=new", "host.hostname=n", *params)
    assert run(work).stdout.endswith(b"done\n")
    assert of_jail(guest, "learn", "taught") == []
    for less in params:
        run = jail("less", "host=new", "host.hostname=n", "allow.noset_hostname",
                   *[p for p in params if p != less])
        assert not run(work).stdout.endswith(b"done\n"), less
        guest.exec("jail -r less")


def test_learning_does_not_wrap(guest, jail):
    """A flood pushes lines out of the ring, not what was learned."""
    run = jail("flood")
    run("dmesg; i=0; while [ $i -lt 600 ]; do kill -0 1; i=$((i+1)); done")
    denied = lines(guest, "denied")
    assert len(denied) == 513 and int(denied[0].rsplit(" ", 1)[1]) > 80
    assert "allow.read_msgbuf" in of_jail(guest, "learn", "flood")
    assert "pid 600" in of_jail(guest, "counters", "flood")
    log = guest.exec("dmesg").stdout.decode()
    assert "more refusals" in log or log.count("refused pid") < 200


def test_a_dead_jails_denials_are_the_parents(guest, jail):
    run = jail("above", "children.max=1")
    run("jail -c name=sub path=/ persist; jexec sub swapoff /x; jail -r sub")
    assert "PRIV_SWAPOFF" in run("cat /proc/jail/denied").stdout.decode()
    guest.exec("jail -r above")
    assert "PRIV_SWAPOFF" in "\n".join(lines(guest, "denied"))


def test_devices_are_learned(guest, jail):
    """Each device that was asked for by name, once; not those that are unsafe,
    and not what was only listed."""
    run = jail("dev", "devices='null'")
    run("ls /dev /dev/pts >/dev/null; cat /dev/zero; head -c1 /dev/urandom; cat /dev/mem;"
        "head -c1 /dev/urandom; : >/dev/null; cat /dev/nonsense; cat /dev/ptmx")
    learned = of_jail(guest, "learn", "dev")
    assert sorted(learned) == ["devices+=ptmx", "devices+=urandom", "devices+=zero"]
    assert any("device mem ENOENT" in line for line in lines(guest, "denied"))


def test_a_way_out_is_noted(guest, jail):
    """E10: a directory that was moved out of the jail has no `..` any more."""
    guest.exec("mkdir -p /out/root/d /out/root/tmp /out/moved;"
               "cp -a /bin /out/root/; jail -c name=out path=/out/root persist")
    guest.put_bytes(b"cd /d; touch /at; while [ ! -e /go ]; do sleep 0.05; done;"
                    b"ls -d ..", "/out/root/tmp/steps")
    done = guest.exec("jexec out sh /tmp/steps 2>&1 & while [ ! -e /out/root/at ];"
                      "do sleep 0.05; done; mv /out/root/d /out/moved/;"
                      "touch /out/root/go; wait")
    counters = of_jail(guest, "counters", "out")
    guest.exec("jail -r out; rm -rf /out")
    assert b"No such file" in done.stdout
    assert counters == ["path 1"]

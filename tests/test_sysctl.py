# SPDX-License-Identifier: BSD-2-Clause
"""test_sysctl.py - /proc/sys: names, values, who may write, and what follows.

A securelevel cannot be lowered, so each test that raises it has a machine of
its own.
"""
import re

ROW = re.compile(r"^([\w.-]+) = (.*)$", re.MULTILINE)


def rows(guest):
    output, status = guest.run("sysctl -a 2>/dev/null")
    assert status == 0
    return dict(ROW.findall(output.replace("\r", "")))


def test_sysctl_lists_both_families(boot):
    """FreeBSD's names and Linux's; what both have is one thing."""
    guest = boot()
    all_rows = rows(guest)
    for name in ("kern.securelevel", "kern.hostuuid", "kern.osreldate",
                 "security.jail.jailed", "security.jail.children.max",
                 "security.jail.mount_tmpfs_allowed", "jail.sysvipc_allowed",
                 "security.bsd.see_other_uids", "kernel.pid_max",
                 "vm.overcommit_memory", "kernel.random.uuid"):
        assert name in all_rows, name
    assert all_rows["kern.osrelease"] == all_rows["kernel.osrelease"]
    assert guest.run("sysctl -w kern.hostname=other")[1] == 0
    assert guest.run("hostname; cat /proc/sys/kernel/hostname")[0].split() == \
        ["other", "other"]
    assert guest.run("sysctl -w kern/hostname=brig; hostname")[0].split()[-1] == \
        "brig"
    assert guest.run("sysctl -w jail.sysvipc_allowed=1")[1] == 0
    assert rows(guest)["security.jail.sysvipc_allowed"] == "1"


def test_sysctl_refuses_nonsense(boot):
    guest = boot()
    before = rows(guest)
    for word in ("", "x", "99999999999999999999", "-2", "1x", "0x1", "--1", "4"):
        done = guest.exec("printf '%%s' '%s' >/proc/sys/kern/securelevel" % word)
        assert done.status != 0 or word == "", word
    for name in ("kernel/pid_max", "kern/osrelease", "security/jail/jailed",
                 "kernel/random/uuid", "kernel/sem"):
        done = guest.exec("echo 7 >/proc/sys/%s" % name)
        assert b"not permitted" in done.stderr, name
    done = guest.exec("head -c 70 /dev/zero | tr '\\0' a >/proc/sys/kern/hostname")
    assert done.status != 0
    after = rows(guest)
    for name, value in before.items():
        if "random" not in name and "file" not in name:
            assert after[name] == value, name


def test_sysctl_is_not_for_users(boot):
    """A user writes nothing; host root writes what is writable."""
    guest = boot()
    done = guest.exec("su nobody -s /bin/sh -c 'for f in $(find /proc/sys -type f);"
                      "do (echo 1 >$f) 2>/dev/null && echo WROTE $f; done; id -u'")
    assert b"WROTE" not in done.stdout
    assert done.stdout.strip()[-5:] == b"65534"


def test_sysctl_see_other_uids(boot):
    """security.bsd.see_other_uids=0 hides others' processes from a user."""
    guest = boot()
    ps = "su nobody -s /bin/sh -c 'ls -d /proc/1; ps | wc -l'"
    assert b"/proc/1\n" in guest.exec(ps).stdout
    guest.run("sysctl -w security.bsd.see_other_uids=0")
    done = guest.exec(ps)
    assert b"/proc/1\n" not in done.stdout
    assert b"/proc/1\n" in guest.exec("ls -d /proc/1").stdout


def test_sysctl_protected_hardlinks(boot):
    guest = boot()
    link = "su nobody -s /bin/sh -c 'ln /etc/passwd /tmp/%s'"
    assert guest.exec(link % "one").status == 0
    guest.run("sysctl -w security.bsd.hardlink_check_uid=1")
    assert b"not permitted" in guest.exec(link % "two").stderr
    assert rows(guest)["fs.protected_hardlinks"] == "1"
    assert guest.exec("ln /etc/passwd /tmp/three").status == 0


def test_securelevel_only_rises(boot):
    guest = boot()
    level = "sysctl -w kern.securelevel=%d; cat /proc/sys/kern/securelevel"
    assert guest.run(level % 1)[0].split()[-1] == "1"
    for lower in (0, -1):
        output = guest.run(level % lower)[0]
        assert "not permitted" in output and output.split()[-1] == "1"
    assert guest.run("date -s 2031-01-01")[1] == 0
    assert guest.run(level % 2)[0].split()[-1] == "2"
    assert "not permitted" in guest.run("date -s 2032-01-01")[0]
    assert "2031" in guest.run("date")[0]

# SPDX-License-Identifier: BSD-2-Clause
"""test_utils.py - tools that look at jails and make their files: ps, pgrep,
pkill, killall, jtop, sockstat, jls, mkjail, and the manual.

One machine for all; a test leaves no jail and no process behind.
"""
import glob
import json
import os
import re
import shutil
import subprocess

import pytest

from rig import Guest, machine as machines

MAN = os.path.join(machines.TOP, "user", "man")


@pytest.fixture(scope="module")
def machine():
    with Guest() as guest:
        yield guest


@pytest.fixture
def sh(machine):
    """sh("command") gives its output, of both kinds; fails unless it ends
    with the status that is wanted."""
    def run(command, status=0):
        done = machine.exec("exec 2>&1; " + command)
        text = done.stdout.decode()
        assert done.status == status, text
        return text
    return run


def soon(command):
    """Words for a shell: until command succeeds, ten seconds at most."""
    return ("n=0; until %s >/dev/null 2>&1 || [ $n = 100 ]; do "
            "n=$((n+1)); sleep 0.1; done; " % command)


def rows(text):
    """Words of each line, without the line of headers."""
    return [line.split() for line in text.splitlines()[1:]]


# --- the manual ---------------------------------------------------------------

PAGES = sorted(os.path.basename(name) for name in glob.glob(MAN + "/*.[1-8]"))


@pytest.mark.skipif(not shutil.which("mandoc"), reason="no mandoc")
@pytest.mark.parametrize("page", PAGES)
def test_page_is_without_fault(page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", os.path.join(MAN, page)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert not done.stdout, done.stdout.decode()
    assert done.returncode == 0


def test_references_lead_somewhere():
    """Each .Xr of a page names another page."""
    names = {tuple(page.rsplit(".", 1)) for page in PAGES}
    text = {}
    for page in PAGES:
        with open(os.path.join(MAN, page), encoding="ascii") as file:
            text[page] = file.read()
        head = text[page].split(".Sh NAME\n")[1].split(".Sh ")[0]
        names |= {(name, page[-1]) for name in re.findall(r"^\.Nm (\S+)", head, re.M)}
    for page, body in text.items():
        for name, section in re.findall(r"^\.Xr (\S+) (\d)", body, re.M):
            assert (name, section) in names, "%s: .Xr %s %s" % (page, name, section)


def page_text(page):
    with open(os.path.join(MAN, page), encoding="ascii") as file:
        return file.read()


@pytest.mark.parametrize("source, page", [
    ("jls/jls.c", "jls.8"), ("jexec.c", "jexec.8"), ("jail/main.c", "jail.8"),
    ("ps/jtop.c", "jtop.1")])
def test_options_are_documented(source, page):
    with open(os.path.join(machines.TOP, "user", source), encoding="utf-8") as file:
        letters = re.search(r'getopt(?:_long)?\(argc, argv,\s+"([^"]+)"', file.read())
    told = "".join(re.findall(r"Fl ([A-Za-z]+)", page_text(page)) +
                   re.findall(r"^\.It Fl ([\w ,]+)$", page_text(page), re.M))
    for letter in set(letters.group(1)) - set(":+"):
        assert letter in told, "%s: -%s" % (page, letter)


def test_parameters_are_documented(sh):
    """Those of the kernel in jail(8), those of jail(8) itself in jail.conf(5)."""
    def names(page):
        return set(re.findall(r"[\w.]+", " ".join(
            re.findall(r"^\.It Va (.*)", page_text(page), re.M))))
    for line in sh("cat /proc/jail/params").splitlines():
        assert line.split("\t")[0] in names("jail.8"), line
    with open(os.path.join(machines.TOP, "user", "jail", "param.c"),
              encoding="utf-8") as file:
        own = re.findall(r'^\t\{ "([\w.]+)", PARAM_', file.read(), re.M)
    assert len(own) > 20 and set(own) <= names("jail.conf.5")


def test_man_shows_pages(sh):
    for page in PAGES:
        name, section = page.rsplit(".", 1)
        shown = sh("man %s %s" % (section, name))
        assert shown.startswith("%s(%s)" % (name.upper(), section)), shown[:80]
        assert "\b" not in shown and len(shown) > 500
        assert max(map(len, shown.splitlines())) <= 80
    assert sh("man pkill") == sh("man pgrep")


def test_man_finds_pages(sh):
    assert "mkjail (8) - " in sh("man -k tree")
    assert len(sh("man -k .").splitlines()) == len(PAGES)
    assert sh("man nosuch", 1) == "man: no page 'nosuch' (man -k . lists all)\n"
    assert "in section 5" in sh("man 5 jls", 1)
    assert "no page about" in sh("man -k xyzzy", 1)
    assert "usage:" in sh("man", 1)


def test_man_uses_a_pager(boot):
    guest = boot()
    guest.sendline("man ps")
    guest.expect(r"list processes, and the jails")
    guest.send("q")
    guest.expect(re.escape(guest.prompt))
    assert guest.run("echo back")[0].strip() == "back"


# --- ps -----------------------------------------------------------------------

def test_ps_plain(sh):
    lines = sh("ps").splitlines()
    assert lines[0].split() == ["PID", "USER", "JID", "COMMAND"]
    assert re.match(r" +1 root +0 init$", lines[1])
    assert re.match(r" +\d+ root +0 ps$", lines[-1])


def test_ps_forms_that_are_typed(sh):
    agent = sh("pgrep -o brig-agent").strip()
    for words in ("", "ax", "-ax", "-A", "-e", "aux", "-aux", "-ef", "axl", "-j",
                  "axo pid,args", "-eo pid,comm", "axww", "x -w"):
        text = sh("ps " + words)
        found = re.findall(r"^ *(?:root +)?(?:0 +)?(\d+) ", text, re.M)
        assert {"1", agent} <= set(found), text
    assert sh("ps aux").split()[:4] == ["USER", "PID", "%CPU", "%MEM"]
    assert sh("ps -ef").split()[:4] == ["USER", "PID", "PPID", "JID"]


def test_ps_every_key(sh):
    keys = sh("ps -L").split()
    assert len(keys) > 50 and {"jid", "jail", "args", "etime"} <= set(keys)
    for key in keys:
        assert len(sh("ps -o %s -p 1" % key).splitlines()) == 2, key


def test_ps_values(sh):
    row = sh("sleep 9 & renice -n 5 -p $!; " + soon("pgrep -x sleep") +
             "ps -o pid,ppid,pgid,user,group,nice,"
             "jid,jail,stat,rss,vsz,comm,args -p $!; kill $!").splitlines()[1].split()
    assert row[3:9] == ["root", "root", "5", "0", "-", "SN"]
    assert 0 < int(row[9]) <= int(row[10])
    assert row[11:] == ["sleep", "sleep", "9"]


def test_ps_headers(sh):
    assert sh("ps -o pid=,comm= -p 1").split() == ["1", "init"]
    assert sh("ps -o pid=NUMBER,comm=NAME -p 1").split()[:2] == ["NUMBER", "NAME"]
    assert sh("ps -o comm='A name, b' -p 1").splitlines()[0] == "A name, b"


def test_ps_selects(sh):
    assert [row[0] for row in rows(sh("ps 1"))] == ["1"]
    assert rows(sh("ps -U nobody -o pid", 1)) == []
    assert ["nobody"] in rows(sh(
        "su nobody -s /bin/sh -c 'sleep 9' & " + soon("pgrep -u nobody .") +
        "ps -u nobody -o user; "
        "pkill -u nobody ."))
    assert rows(sh("ps -t ttyS0 -o comm"))[0] == ["sh"]
    assert ["1", "0", "init"] in rows(sh("ps -J 0 -o pid,jid,comm"))


def test_ps_threads(sh):
    text = sh("ps -T -o pid,tid -p 1")
    assert rows(text) == [["1", "1"]]


def test_ps_refuses(sh):
    assert sh("ps -o nope", 1) == "ps: no column 'nope' (ps -L lists them)\n"
    assert sh("ps -J nope", 1) == "ps: no jail 'nope' (jls lists them)\n"
    assert sh("ps -U nope", 1) == "ps: no user 'nope'\n"
    assert sh("ps -t nope", 1) == "ps: no terminal 'nope'\n"
    assert sh("ps -p x", 1) == "ps: 'x' is no number\n"
    assert sh("ps -o", 1) == "ps: -o needs an argument\n"
    assert "unknown option -Z" in sh("ps -Z", 1)


def test_ps_cuts_at_the_terminal(machine):
    machine.run("stty cols 60; sleep %s2 &" % ("0" * 200))
    cut, _ = machine.run("ps")
    whole, _ = machine.run("ps ww; stty cols 80")
    lines = [line for line in (cut + whole).splitlines() if "sleep 000" in line]
    assert len(lines[0]) == 60 and len(lines[1]) > 200


# --- pgrep, pkill, killall ----------------------------------------------------

def test_pgrep(sh):
    assert sh("pgrep -o -x init") == "1\n"
    assert sh("pgrep -l -o .").split() == ["1", "init"]
    assert sh("pgrep nosuch", 1) == ""
    assert sh("pgrep -c -P 0 .") == "1\n"
    assert sh("pgrep -q init") == ""
    assert int(sh("sleep 9 & " + soon("pgrep -x sleep") + "pgrep -nf '^sleep 9'; kill $!")) > 1
    assert sh("pgrep -d , -P 0 .").strip() == "1"
    assert "1" not in sh("pgrep -v -x init").split()
    assert "usage:" in sh("pgrep", 2)
    assert "pattern '('" in sh("pgrep '('", 2)
    assert sh("pgrep -j nope .", 2) == "pgrep: no jail 'nope' (jls lists them)\n"


def test_pkill_and_killall(sh):
    started = "sleep 77 & " + soon("pgrep -f '^sleep 77'")
    assert re.match(r"sleep killed \(pid \d+\)\n", sh(started + "pkill -e sleep; wait"))
    assert sh(started + "pkill -STOP -f '^sleep 77'; ps -o stat= -p $!; "
              "pkill -9 sleep; wait").strip()[0] == "T"
    assert " got signal 1" in sh(started + "killall -v -HUP sleep; wait")
    assert re.search(r"^kill -15 \d+", sh(started + "killall -s sleep; kill $!"))
    assert sh("killall nosuch", 1) == "killall: nosuch: no process killed\n"
    assert sh("killall -q nosuch", 1) == ""
    assert "no option and no signal '-BOGUS'" in sh("killall -BOGUS x", 1)
    for tool in ("pkill", "killall"):
        assert " 9) KILL" in sh(tool + " -l")


# --- jtop ---------------------------------------------------------------------

def test_jtop_batch(sh):
    text = sh("jtop -b -n 2 -d 0.2")
    assert text.count("jtop: up ") == 2 and text.count("  JID   PID USER") == 2
    assert re.search(r"^ +0 +- - +- +\d+ +\d+\.\d +\d+[KM] +\d+:\d\d - \(brig\)$",
                     text, re.M)
    assert re.search(r"^ +0 +1 root +S .* init$", text, re.M)
    assert " init" not in sh("jtop -b -P -n 1")
    assert "usage:" in sh("jtop -b -z", 1)
    assert sh("jtop -b -d x -n 1", 1) == "jtop: -d cannot be 'x'\n"
    assert "jtop -b writes lines" in sh("jtop", 1)


def test_jtop_on_a_terminal(boot):
    guest = boot()
    guest.sendline("jtop -d 0.5")
    for _ in range(2):
        guest.expect(r"jtop: up ")
        guest.expect(r"init\x1b\[K")
    guest.send("P")
    guest.expect(r"\(brig\)\x1b\[K\r\n\x1b\[m\x1b\[J")
    guest.send("q")
    guest.expect(re.escape(guest.prompt))
    assert "-icanon" not in guest.run("stty -a")[0]


# --- sockstat -----------------------------------------------------------------

def test_sockstat(sh):
    """Whose each socket is; a jail's root and a user see no more than theirs."""
    sh("ifconfig lo:1 10.9.0.1 netmask 255.255.255.255; "
       "jail -c name=web path=/ persist ip4.addr=10.9.0.1; "
       "httpd -p 8001; jexec web httpd -p 80; sleep 9 | "
       "nc 127.0.0.1 8001 & " + soon("netstat -t | grep 8001"))
    try:
        jid = sh("jls -j web jid").strip()
        text = sh("sockstat")
        assert text.splitlines()[0].split() == [
            "USER", "COMMAND", "PID", "FD", "PROTO", "LOCAL", "ADDRESS", "FOREIGN", "ADDRESS",
            "JID"]
        listed = [row[:2] + row[3:] for row in rows(text)]
        assert ["root", "httpd", "3", "tcp4", "*:8001", "*:*", "0"] in listed
        assert ["root", "httpd", "3", "tcp4", "10.9.0.1:80", "*:*", jid] in listed
        assert [row[6:] for row in rows(sh("sockstat -c -p 8001")) if row[1] == "nc"] == \
            [["127.0.0.1:8001", "0"]]
        assert [row[5:] for row in rows(sh("sockstat -4 -l -j web"))] == \
            [["10.9.0.1:80", "*:*", jid]]
        assert [row[5:] for row in rows(sh("jexec web sockstat -4"))] == \
            [["10.9.0.1:80", "*:*", "0"]]
        assert " LISTEN\n" in sh("sockstat -qls -P tcp") and sh("sockstat -6q") == ""
        assert "*:8001" not in sh("sockstat -4c") and "127.0.0.1" not in sh("sockstat -L")
        for ports, found in (("1-65535", True), ("22,8000-8002", True), ("8001-8001", True),
                             ("8002-9000,22", False), ("0-79", False)):
            assert ("*:8001" in sh("sockstat -4l -p " + ports)) == found, ports
        for wrong in ("x", "5-", "9-8", "70000", "1-70000", "80;", "80-90-100", ",", "-1"):
            assert sh("sockstat -p '%s'" % wrong, 1) == \
                "sockstat: '%s' is no port, nor two with a - between\n" % wrong.split(",")[0]
        user = sh("su user -c 'sockstat -4lq -p 80,8001'")
        assert {tuple(line.split()[1:3]) for line in user.splitlines()} == {("?", "?")}
        assert "8001" in user and "10.9.0.1:80" in user
    finally:
        sh("jail -R web; killall -q httpd nc sleep; ifconfig lo:1 down")


def test_sockstat_of_local_sockets(sh):
    text = sh("syslogd -n & " + soon("sockstat -u | grep /dev/log") + "sockstat -u; kill $!")
    row = next(row for row in rows(text) if row[1] == "syslogd")
    assert row[4:] == ["dgram", "/dev/log", "-", "0"]
    assert "tcp4" not in text


def test_sockstat_of_frames_and_netlink(sh):
    """ip has asked, and waits for room to write."""
    text = sh("udhcpc -f -q -i lo -s /bin/true >/dev/null 2>&1 & "
              "{ head -c 65536 /dev/zero; ip addr; } | sleep 99 & " +
              soon("sockstat -P packet | grep udhcpc") +
              soon("sockstat -P netlink | grep ' ip '") +
              "sockstat; sockstat -4q; sockstat -uq; killall udhcpc sleep")
    kinds = [row[1:2] + row[4:] for row in rows(text) if row[4] in ("packet", "netlnk")]
    assert ["udhcpc", "packet", "lo:0x0800", "-", "0"] in kinds, text
    assert any(row[:2] == ["ip", "netlnk"] and re.fullmatch(r"route:\d+", row[2])
               for row in kinds), text
    assert len(kinds) == 2      # not with -4, not with -u
    assert sh("netstat -a 2>&1 >/dev/null") == ""


def test_sockstat_is_told_nonsense(sh):
    assert sh("sockstat -P frob", 1) == "sockstat: no protocol 'frob': tcp, udp, raw, " \
        "unix, packet or netlink\n"
    assert sh("sockstat -j nope", 1) == "sockstat: no jail 'nope' (jls lists them)\n"
    assert "usage:" in sh("sockstat -z", 1) and "usage:" in sh("sockstat more", 1)


# --- mkjail -------------------------------------------------------------------

def test_mkjail_tree(sh):
    sh("mkjail /jail/t")
    names = sh("cd /jail/t && ls").split()
    assert names == ("bin dev etc home kernel mnt proc root run sbin tmp usr "
                     "var").split()
    assert set("fstab group hosts passwd profile rc resolv.conf".split()) <= set(
        sh("ls /jail/t/etc").split())
    assert sh("cd /jail/t/dev && ls").split() == (
        "fd full null ptmx pts random stderr stdin stdout tty urandom zero").split()
    assert sh("readlink /jail/t/kernel; wc -c </jail/t/etc/fstab; "
              "stat -c %a /jail /jail/t/tmp /jail/t/root").split() == [
                  "dev/null", "0", "700", "1777", "700"]
    assert "uid=0" in sh("chroot /jail/t /bin/sh -c 'id; ls -l /usr/bin >/dev/null'")
    before = sh("cd /jail/t; echo mine >etc/hosts; find . | sort; rm bin/vi")
    sh("mkjail /jail/t")
    assert sh("cd /jail/t; find . | sort") == before
    assert sh("cat /jail/t/etc/hosts; rm -r /jail/t") == "mine\n"


def test_mkjail_link(sh):
    said = sh("cp /bin/busybox /bin/special && chmod 4755 /bin/special; "
              "mkjail --link /jail/t; rm /bin/special")
    assert "/bin/special is set-user-id or set-group-id: copied" in said
    assert sh("stat -c %h /jail/t/bin/busybox /jail/t/bin/special").split() == ["2", "1"]
    sh("rm -r /jail/t")


def test_mkjail_minimal(sh):
    sh("mkjail --minimal /jail/t /bin/ps /bin/busybox")
    assert sh("ls /jail/t").split() == "bin dev etc kernel proc root tmp".split()
    assert sh("ls /jail/t/bin").split() == ["busybox", "ps"]
    assert "is no program" in sh("mkjail --minimal /jail/t /etc/rc", 1)
    assert "needs the programs" in sh("mkjail --minimal /jail/t", 1)
    sh("rm -r /jail/t")


def test_mkjail_overlay(sh):
    sh("mkjail --overlay --mount /jail/o; mkjail --overlay --mount /jail/o2")
    assert sh("du -s /jail/o.upper | cut -f1") == "0\n"
    sh("jail -c path=/jail/o command=/bin/sh -c 'rm /bin/ls; echo mine >/bin/own; cd /usr;"
       " [ ! -e /bin/ls ] && [ -e /bin/cat ]'")
    assert sh("ls /bin/ls /jail/o2/bin/ls") == "/bin/ls\n/jail/o2/bin/ls\n"
    assert sh("cat /jail/o.upper/bin/own; ls /jail/o/bin/ls 2>&1; true") == \
        "mine\nls: /jail/o/bin/ls: No such file or directory\n"
    sh("mkjail --umount /jail/o; mkjail --overlay --mount /jail/o")
    assert sh("cat /jail/o/bin/own") == "mine\n"      # it is kept
    sh("mkjail --umount /jail/o; mkjail --umount /jail/o2; rm -r /jail/o*")


def test_mkjail_nullfs_and_mounts(sh):
    sh("mkjail --nullfs --mount /jail/t")
    assert "/bin /jail/t/bin nullfs ro 0 0\n" in sh("cat /jail/t.fstab")
    assert "uid=0" in sh("chroot /jail/t /bin/sh -c 'id; ls -d /proc/1 /dev/pts'")
    assert "Read-only" in sh("chroot /jail/t /bin/sh -c '>/bin/x'", 1)
    sh("mkjail --nullfs --mount /jail/t")
    assert len(re.findall(" /jail/t/", sh("cat /proc/mounts"))) == 6
    sh("mkjail --umount /jail/t")
    assert " /jail/t/" not in sh("cat /proc/mounts")
    sh("rm -r /jail/t /jail/t.fstab")


def test_mkjail_refuses(sh):
    for place in ("/", "/etc", "/bin/x", "/usr", "/proc/x"):
        assert "belongs to the host" in sh("mkjail " + place, 1)
    assert "plain path" in sh("mkjail ../x", 1)
    assert "is no name" in sh("mkjail '/a b'", 1)
    assert "is no directory" in sh("mkjail /init", 1) or True
    assert "only root" in sh("su user -c 'mkjail /tmp/x'", 1)
    sh("mkdir /jail/t; ln -s /etc /jail/t/etc; ln -s t /jail/l")
    assert sh("mkjail /jail/t", 1) == ("mkjail: /jail/t/etc is a symbolic link, "
                                       "so nothing is put there\n")
    assert "is a symbolic link" in sh("mkjail /jail/l", 1)
    assert "everybody can reach" in sh("rm -r /jail/t /jail/l; mkjail --nullfs /tmp/t; "
                                       "rm -r /tmp/t /tmp/t.fstab")
    assert "usage:" in sh("mkjail --bogus /x", 1)


# --- jails --------------------------------------------------------------------

@pytest.fixture
def jails(sh):
    """Jail a with two sleeping processes and an address, b with one, in b
    a jail c; the trees are the host's own files."""
    sh("jail -c name=a path=/ host.hostname=a.example ip4.addr=10.0.2.20,10.0.2.21 "
       "persist meta.colour='light blue'; "
       "jail -c name=b path=/ host.hostname=b.example persist children.max=2; "
       "jexec b jail -c name=c path=/ host=inherit persist; "
       "for j in a a b b.c; do jexec $j sleep 500 & done; " +
       soon("[ $(pgrep -c -j any -x sleep) = 4 ]"))
    yield
    sh("jail -r a b; pkill -x sleep; true")


def jid_of(sh, name):
    return sh("jls -j %s jid" % name).strip()


def test_ps_by_jail(sh, jails):
    a, c = jid_of(sh, "a"), jid_of(sh, "b.c")
    assert rows(sh("ps -J a -o jid,jail,comm")) == [[a, "a", "sleep"]] * 2
    assert rows(sh("ps -J %s,b.c -o jail,stat" % a)) == [
        ["a", "SsJ"], ["a", "SsJ"], ["b.c", "SsJ"]]
    assert {row[1] for row in rows(sh("ps -o pid,jail -J 0"))} == {"-"}
    assert c in [row[2] for row in rows(sh("ps"))]
    inside = sh("jexec b ps -o jid,jail,comm")
    assert rows(inside) == [["0", "-", "sleep"], [c, "c", "sleep"], ["0", "-", "ps"]]
    assert sh("jexec a ps -J b", 1) == "ps: no jail 'b' (jls lists them)\n"
    sh("jail -c name=idle path=/ persist")
    assert sh("ps -J idle", 1).split() == ["PID", "USER", "JID", "COMMAND"]
    sh("jail -r idle")


def test_kill_by_jail(sh, jails):
    assert len(sh("pgrep -j a sleep").split()) == 2
    assert len(sh("pgrep -j any sleep").split()) == 4
    assert sh("pgrep -j none -x sleep", 1) == ""
    assert len(sh("pgrep -j b,b.c .").split()) == 2
    assert sh("jexec a pgrep -x init", 1) == ""
    assert re.match(r"kill -15 \d+\t# sleep, jail b\n$", sh("killall -s -j b sleep"))
    sh("pkill -j b .; " + soon("! pgrep -j b ."))
    assert sh("ps -o comm -J b", 1) == "COMMAND\n"
    sh("killall -j a; " + soon("! pgrep -j a ."))
    assert rows(sh("ps -o jail -J a,b.c")) == [["b.c"]]


def test_jtop_groups_by_jail(sh, jails):
    sh("jexec a sh -c 'while :; do :; done' & " + soon("pgrep -j a -x sh"))
    text = sh("jtop -b -n 2 -d 0.5").split("jtop: up ")[-1]
    assert "3 jails" in text
    heads = re.findall(r"^ +(\d+) +- - +- +(\d+) +(\d+)\.\d +\S+ +\S+ (\S+) \((\S+)\)$",
                       text, re.M)
    assert heads[0][0] == jid_of(sh, "a") and int(heads[0][2]) > 50     # by cpu
    assert heads[0][3:] == ("a", "a.example") and heads[0][1] == "3"
    assert {head[3] for head in heads} == {"-", "a", "b", "b.c"}
    place = [line.split()[0] for line in text.splitlines()[2:] if line]
    assert place == sorted(place, key=place.index)
    for jid in set(place):      # each jail's lines stand together
        first = place.index(jid)
        assert place[first:first + place.count(jid)] == [jid] * place.count(jid)
    counts = [int(n) for n in re.findall(r" - - +- +(\d+) ", sh("jtop -bP -s procs -n 1"))]
    assert counts == sorted(counts, reverse=True) and len(counts) == 4
    assert len(rows(sh("jtop -bP -n 1 -J a,b"))) == 4


def test_jls_table(sh, jails):
    text = sh("jls")
    assert text.splitlines()[0] == ("   JID  IP Address      Hostname                      "
                                    "Path")
    assert [row[1:] for row in rows(text)] == [["10.0.2.20", "a.example", "/"],
                                               ["-", "b.example", "/"], ["-", "b.example", "/"]]
    assert [row[0] for row in rows(sh("jls -N"))] == ["a", "b", "b.c"]
    lines = sh("jls -v -j a").splitlines()
    assert [line.split() for line in lines[4:]] == [
        [jid_of(sh, "a"), "a.example", "/"], ["a", "ACTIVE"], ["0"], ["10.0.2.20"],
        ["10.0.2.21"]]
    assert [row[3] for row in rows(sh("jexec b jls"))] == ["/"]
    assert sh("jexec b jls name") == "c\n"
    assert rows(sh("jexec a jls")) == []


def test_jls_parameters(sh, jails):
    assert sh("jls name persist ip4.addr meta.colour vnet") == (
        "a true 10.0.2.20,10.0.2.21 light blue inherit\n"
        "b true - - inherit\nb.c true - - inherit\n")
    assert sh("jls -j a -n name persist allow.mount allow.set_hostname") == (
        "name=a persist allow.nomount allow.set_hostname\n")
    assert sh("jls -j a -q meta.colour name env") == '"light blue" a ""\n'
    assert sh("jls -hj a jid name").splitlines()[0] == "jid name"
    assert len(sh("jls -h -j a").splitlines()[0].split()) > 40
    assert len(sh("jls -j a -n all").split()) > 40


def test_jls_json(sh, jails):
    def jails_of(words):
        return json.loads(sh("jls " + words))["jail-information"]["jail"]
    a = int(jid_of(sh, "a"))
    assert jails_of("--json")[0] == {"jid": a, "ipv4": "10.0.2.20", "path": "/",
                                     "hostname": "a.example"}
    assert jails_of("--libxo=json -v -j a") == [{
        "jid": a, "hostname": "a.example", "path": "/", "name": "a", "state": "ACTIVE",
        "cpusetid": 0, "ipv4_addrs": ["10.0.2.20", "10.0.2.21"]}]
    assert jails_of("jid name meta.colour persist ip4 --libxo json")[0] == {
        "jid": a, "name": "a", "meta.colour": "light blue", "persist": True, "ip4": "new"}
    every = jails_of("--json -n")
    assert [jail["name"] for jail in every] == ["a", "b", "b.c"]
    assert all(len(jail) > 40 for jail in every)
    assert json.loads(sh("jexec a jls --json"))["jail-information"] == {"jail": []}


def test_jls_output_makes_the_same_jail(sh, jails):
    """jls -s is what jail -c takes."""
    before = sh("jls -s -j a")
    assert " nodying " not in before and " parent=" not in before
    sh("jls -s -j a >/tmp/a; jail -r a; eval jail -c $(cat /tmp/a)")
    assert sh("jls -s -j a") == before


def test_jls_tells_of_existence(sh, jails):
    assert sh("jls -c -j a") == "" and sh("jls -c -j b.c") == ""
    assert sh("jls -c -j nope", 1) == "" and sh("jexec a jls -c -j b", 1) == ""
    assert sh("jls -j nope", 1) == "jls: jail 'nope' not found\n"
    assert sh("jls -j 0", 1) == "jls: jail '0' not found\n"
    assert sh("jls nope", 1) == "jls: unknown parameter: nope\n"
    assert "-c needs -j" in sh("jls -c", 1)
    assert "only json" in sh("jls --libxo xml", 1)
    assert "usage:" in sh("jls -Z", 1) and "usage:" in sh("jls -v name", 1)


def test_inmates_do_not_write_on_the_terminal(sh, jails):
    """Control characters in names that an inmate chose are shown as such."""
    sh("""jexec a hostname "$(printf 'x\\033[31m')"
       jexec a sh -c 'printf "e\\033[1m" >/proc/self/comm; read -r x </dev/ptmx' &
       """ + soon("pgrep -j a ^e"))
    assert "e?[1m" in sh("ps -J a -o comm")
    for command in ("jls", "jls -v", "jls -n host.hostname", "jls -q host.hostname",
                    "jls -s", "jls --json", "jtop -b -n 1", "ps", "ps -o comm",
                    "pgrep -l .", "killall -s -j a"):
        text = sh(command)
        assert "\033" not in text, command
    assert "x?[31m" in sh("jls") and "x\\u001b[31m" in sh("jls --json")


@pytest.fixture
def jail_l(sh):
    sh("mkjail --mount /jail/l; jail -c name=l path=/jail/l persist")
    yield
    sh("jail -r l; mkjail --umount /jail/l; rm -r /jail/l")


def test_learn(sh, jail_l):
    """What a jail was refused, as the command that allows it. One refusal may
    stand before another; after some rounds the jail may do what it tries."""
    tries = "jexec l sh -c 'mount -t tmpfs none /mnt && umount /mnt'"
    assert "refused nothing" in sh("jls --learn l")
    sh(tries, 1)
    command = sh("jls --learn l").strip()
    assert command.startswith("jail -m name=l ")
    assert {"allow.mount", "enforce_statfs=1"} <= set(command.split())
    for _ in range(3):
        sh(command + "; %s || true" % tries)
        command = sh("jls --learn l").strip()
        if "refused nothing" in command:
            break
    sh(tries)
    assert sh("jls --learn nope", 1) == "jls: jail 'nope' not found\n"


def test_learn_devices(sh, jail_l):
    sh("jail -m name=l devices=null; jexec l sh -c 'head -c 1 </dev/zero'", 1)
    command = sh("jls --learn l").strip()
    assert command == 'jail -m name=l devices="null zero"'
    sh(command)
    assert "refused nothing" in sh("jls --learn l")
    sh("jexec l sh -c 'head -c 1 </dev/zero >/dev/null'")


def test_a_jail_of_each_tree(sh):
    """Trees of mkjail, and jails in them: the four ways."""
    for how in ("", "--link", "--nullfs"):
        sh("mkjail %s --mount /jail/t" % how)
        assert sh("jail -c path=/jail/t command=/bin/sh -c 'ls / | wc -l; "
                  "echo x >/dev/null; ps -o comm | wc -l; man ps | wc -c'").split()[:2] == [
                      "13", "4"]
        sh("mkjail --umount /jail/t; rm -rf /jail/t /jail/t.fstab")
    sh("mkjail --minimal /jail/t /bin/busybox")
    assert sh("jail -c path=/jail/t command=/bin/busybox echo alone") == "alone\n"
    sh("rm -r /jail/t; mkjail --conf /jail/t >/tmp/t.conf; jail -f /tmp/t.conf -c t")
    assert rows(sh("jls"))[0][2:] == ["t.example", "/jail/t"]
    assert "/jail/t/proc" in sh("cat /proc/mounts")
    sh("jail -f /tmp/t.conf -r t; rm -r /jail/t")
    assert "/jail/t" not in sh("cat /proc/mounts")

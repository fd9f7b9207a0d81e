# SPDX-License-Identifier: BSD-2-Clause
"""test_tools.py - jail(8) and jexec(8), as their manuals say. The cases of
FreeBSD's own jail_basic_test have its names. jail.conf is test_jailconf.py's.
"""
import re
import time

import pytest

from tools_host import CONF, host, machine  # noqa: F401: fixtures


# --- the paper's form ----------------------------------------------------------

def test_four_arguments(host):
    host.ok("echo '#!/bin/sh\necho jail here' >/jail/a/bin/where; "
            "chmod 755 /jail/a/bin/where")
    out = host.ok("jail /jail/a a.example 10.0.2.20 /bin/sh -c "
                  "'hostname; pwd; where; ls /; ls /jail; true' 2>/dev/null")
    assert out.split("\n")[:3] == ["a.example", "/", "jail here"]
    assert "busybox" not in out and "bin\n" in out and "jail\n" not in out
    assert host.runs("1", "2") == []


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
    host.ok("jail -n web -s 2 /jail/a a 10.0.2.20 /bin/sleep 100 >/dev/null 2>&1 & "
            "until jls -cj web; do sleep 0.1; done")
    assert host.ok("jls -j web securelevel ip4.foreign") == "2 divert\n"
    assert host.ok("jail -u user /jail/a a 10.0.2.20 /bin/id -u") == "1000\n"
    host.ok("echo 'inmate:x:1234:1234::/:/bin/sh' >/jail/a/etc/passwd")
    assert host.ok("jail -U inmate /jail/a a 10.0.2.20 /bin/id -u") == "1234\n"
    host.fails("jail -u inmate /jail/a a 10.0.2.20 /bin/id", "inmate", "no such user")
    host.fails("jail -U user /jail/a a 10.0.2.20 /bin/id", "user", "no such user in the jail")


# --- FreeBSD's own cases --------------------------------------------------------

def test_basic(host):
    host.ok("jail -c name=basejail persist ip4.addr=192.0.1.1")
    for words in ("", " -v", " -n"):
        assert "basejail" in host.ok("jls" + words) or not words
    assert host.ok("jail -r basejail") == "basejail: removed\n"
    jid = host.ok("jail -i -c name=basejail persist ip4.addr=192.0.1.1").strip()
    host.ok("[ $(jls -j basejail jid) = %s ]" % jid)
    host.ok("jail -r `jls -j basejail jid`")
    host.ok("jail -cm name=basejail persist ip4.addr=192.0.1.1")
    host.ok("jail -cm name=basejail persist ip4.addr=192.0.1.2")
    host.ok("jail -rc name=basejail persist ip4.addr=192.0.1.1")
    assert host.runs("basejail") == ["basejail"]


def test_list(host):
    host.fails("jail -c name=basejail persist vnet.interface=epair0a,epair0b",
               "vnet.interface", "cannot be given network interface")
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
    for words in ("", " -v", " -n"):
        host.ok("jexec basejail jls" + words)
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
    assert host.ok("jls -j 5309 name") == "basejail\n"
    assert host.ok("jail -r 5309") == "5309: removed\n"
    host.conf('5310 { host.hostname = "${name}"; persist; }')
    assert host.ok("jail -c 5310") == "5310: created\n"
    assert host.ok("jls -j 5310 host.hostname") == "5310\n"
    assert host.ok("jail -r 5310") == "5310: removed\n"
    host.conf("basejail { jid = 5311; persist; }")
    assert host.ok("jail -c basejail") == "basejail: created\n"
    assert host.ok("jls -j basejail jid") == "5311\n"
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
        "192.0.2.100;", "192.0.2.100;\n\tinterface = lo;"))
    assert host.ok("jail -c testjail") == "testjail: created\nstarted\n"
    assert host.aliases() == {"192.0.2.100": "255.255.255.255"}
    assert host.ok("jail -r testjail") == "stopped\ntestjail: removed\n"
    assert host.aliases() == {}


# --- aliases of interfaces ---------------------------------------------------------

def test_interface(host):
    """interface, and if|address, which goes before it; /32 without a mask."""
    host.ok("jail -c name=web persist interface=lo "
            "ip4.addr=10.9.0.1,10.9.0.2/24,'lo|10.9.1.3/255.255.0.0'")
    assert host.aliases() == {"10.9.0.1": "255.255.255.255", "10.9.0.2": "255.255.255.0",
                              "10.9.1.3": "255.255.0.0"}
    assert host.ok("jls -j web ip4.addr") == "10.9.0.1,10.9.0.2,10.9.1.3\n"
    host.ok("jail -r web")
    assert host.aliases() == {}
    host.ok("jail -c name=web persist ip4.addr='lo|10.9.0.1/32'")
    assert list(host.aliases()) == ["10.9.0.1"]
    host.ok("jail -q -rc name=web persist ip4.addr='lo|10.9.0.2'")
    assert list(host.aliases()) == ["10.9.0.2"]


def test_words_for_ifconfig(host):
    host.ok("jail -c name=web persist ip4.addr='lo|10.9.0.1/24 netmask 255.255.0.0'")
    assert host.aliases() == {"10.9.0.1": "255.255.0.0"}
    host.ok("jail -qr web")
    status, _, err = host.sh("jail -c name=web persist ip4.addr='lo|10.9.0.1 frobnicate'")
    assert status == 1 and "ip4.addr: 10.9.0.1: \"frobnicate\": ifconfig failed" in err
    assert host.aliases() == {} and host.runs("web") == []


HOSTS = "10.9.2.1 web.example\n10.9.2.2 web.example\n10.9.2.3 other.example\n"


def test_addresses_of_the_host_name(host):
    """ip_hostname, behind those of ip4.addr, each once; FreeBSD's jail(8)."""
    host.conf(HOSTS, "/etc/hosts")
    host.ok("jail -c name=web persist host.hostname=web.example interface=lo "
            "ip4.addr=10.9.2.9,10.9.2.2 ip_hostname")
    assert host.ok("jls -j web ip4.addr") == "10.9.2.9,10.9.2.2,10.9.2.1\n"
    assert sorted(host.aliases()) == ["10.9.2.1", "10.9.2.2", "10.9.2.9"]
    host.ok("jail -m name=web host.hostname=other.example interface=lo ip_hostname")
    assert host.ok("jls -j web ip4.addr") == "10.9.2.3\n"
    host.ok("jail -qr web")
    host.conf("web { persist; host.hostname = web.example; ip_hostname; }\n"
              "not { persist; host.hostname = web.example; noip_hostname; }\n")
    host.ok("jail -qc")
    assert host.ok("jls -j web ip4.addr; jls -j not ip4") == "10.9.2.1,10.9.2.2\ndisable\n"
    host.ok("jail -qr web not")
    host.fails("jail -c name=web persist ip_hostname", "there is no host.hostname")
    host.fails("jail -c name=web persist host.hostname=nobody.example ip_hostname",
               "ip_hostname: nobody.example: ")
    assert host.runs("web") == [] and host.aliases() == {}
    assert host.ok("jail -h -n web /jail/a web.example 10.9.2.9 /bin/hostname") == "web.example\n"
    host.ok("jail -h /jail/a other.example '' /bin/true")
    host.fails("jail /jail/a other.example '' /bin/true", "is not an IPv4 address")
    host.ok("jail -h -n web /jail/a web.example 10.9.2.9 /bin/sleep 100 >/dev/null 2>&1 & "
            "until jls -cj web; do sleep 0.1; done")
    assert host.ok("jls -j web ip4.addr") == "10.9.2.9,10.9.2.1,10.9.2.2\n"
    host.ok("jail -R web; rm /etc/hosts")


def test_interface_of_a_command(host):
    """An address is there as long as what runs with it."""
    out = host.ok("jail -c path=/jail/a ip4.addr='lo|10.9.0.1' exec.prestart='ifconfig -a' "
                  "command=/bin/true")
    assert "inet addr:10.9.0.1 " in out
    assert host.aliases() == {}
    assert host.sh("jail -c path=/jail/a ip4.addr='lo|10.9.0.1' command=/bin/false")[0] == 1
    assert host.aliases() == {}


def test_interface_that_has_the_address(host):
    """What the host has for itself is no error, and stays."""
    host.ok("ifconfig lo:mine 10.9.0.1 netmask 255.255.255.0")
    host.ok("jail -c name=web persist interface=lo ip4.addr=10.9.0.1,10.9.0.2; jail -qr web")
    assert host.aliases() == {"10.9.0.1": "255.255.255.0"}
    host.ok("ifconfig lo:mine down")


def test_interface_of_two_jails(host):
    """The last jail with an address takes it away."""
    host.ok("for j in a b; do jail -c name=$j persist ip4.addr='lo|10.9.0.1'; done; jail -qr a")
    assert list(host.aliases()) == ["10.9.0.1"]
    host.ok("jail -qr b")
    assert host.aliases() == {}


def test_interface_modified(host):
    host.ok("jail -c name=web persist interface=lo ip4.addr=10.9.0.1,10.9.0.2")
    host.ok("jail -m name=web interface=lo ip4.addr=10.9.0.2,10.9.0.3")
    assert sorted(host.aliases()) == ["10.9.0.2", "10.9.0.3"]
    host.fails("jail -m name=web securelevel=7 interface=lo ip4.addr=10.9.0.4", "securelevel")
    host.fails("jail -m name=web ip4.addr='em0|10.9.0.4'", "no network interface em0")
    assert sorted(host.aliases()) == ["10.9.0.2", "10.9.0.3"]
    host.ok("jail -m name=web securelevel=1")
    assert sorted(host.aliases()) == ["10.9.0.2", "10.9.0.3"]
    host.ok("jail -R web")
    assert host.aliases() == {}


def test_interface_of_a_jail_that_ended(host):
    host.conf("web { path = /jail/a; mount.devfs; exec.start = 'sleep 1000 &'; interface = lo; "
              "ip4.addr = 10.9.0.1; }")
    host.ok("jail -qc web; killall -j web; while jls -cj web; do sleep 0.05; done")
    assert list(host.aliases()) == ["10.9.0.1"]
    host.ok("jail -C web")
    assert host.aliases() == {}


def test_interface_of_a_failed_start(host):
    for bad in ("exec.prestart=false", "exec.start=/bin/false", "securelevel=7",
                "mount=tmpfs /jail/a/none tmpfs"):
        status, _, _ = host.sh("jail -c name=web path=/jail/a persist interface=lo "
                               "ip4.addr=10.9.0.1 '%s'" % bad)
        assert status == 1 and host.aliases() == {}, bad
    host.fails("jail -c name=web persist interface=lo ip4.addr=10.9.0.1,224.0.0.1",
               "224.0.0.1 cannot be added to interface lo: ")
    assert host.aliases() == {} and host.runs("web") == []


def test_interface_in_a_jail(host):
    """A jail's root changes no interface, neither to add nor to remove."""
    host.ok("jail -c name=web persist ip4.addr='lo|10.9.0.1,10.9.0.2' children.max=1")
    assert host.sh("jexec web jail -c name=in persist ip4.addr='lo|10.9.0.2'") == \
        (1, "", "jail: ip4.addr: 10.9.0.2 cannot be added to interface lo: "
         "only the host's root may\n")
    host.ok("jexec web jail -c name=in persist ip4.addr=10.9.0.1; jexec web jail -qr in")
    assert list(host.aliases()) == ["10.9.0.1"]


# --- what makes no sense (E50) --------------------------------------------------

@pytest.mark.parametrize("words, says", [
    ("path= persist", "path is empty"),
    ("path=/no/such persist", "path /no/such: No such file"),
    ("path=/etc/passwd persist", "path /etc/passwd is not a directory"),
    ("path=no/such persist", "path no/such: No such file"),
    ("name= persist", "name of the jail is empty"),
    ("name=0 persist", ""),
    ("name=a..b persist", ""),
    ("name=.a persist", ""),
    ("name=a. persist", ""),
    ("name=a/b persist", ""),
    ("name=%s persist" % ("n" * 300), ""),
    ("jid=5 name=6 persist", ""),
    ("jid=-5 persist", ""),
    ("jid=5x persist", "jid: \"5x\" is not a number"),
    ("jid=1000000 persist", ""),
    ("name=web.child persist", ""),
    ("persist=maybe", "persist: \"maybe\" is not true or false"),
    ("persist frobnicate", "unknown parameter: frobnicate"),
    ("persist ip4.addr=10.0.0.300", "\"10.0.0.300\" is not an IPv4 address"),
    ("persist ip4.addr=em0\\|10.0.0.1/24", "ip4.addr: there is no network interface em0"),
    ("persist ip4.addr=lo\\|10.0.0.1/33", "10.0.0.1: \"33\" is not a netmask"),
    ("persist ip4.addr=lo\\|10.0.0.1/255.0.255.0", "\"255.0.255.0\" is not a netmask"),
    ("persist ip4.addr=\\|10.0.0.1", "|10.0.0.1: which interface?"),
    ("persist ip4.addr=lo\\|", "\"\" is not an IPv4 address"),
    ("persist interface=em0", "interface: there is no network interface em0"),
    ("persist interface=lo:1 ip4.addr=10.0.0.1", "no network interface lo:1"),
    ("persist vnet.interface=em0", "network interface em0"),
    ("persist ip_hostname", "there is no host.hostname"),
    ("persist securelevel=high", "securelevel: \"high\" is not a number"),
    ("persist exec.timeout=soon", "exec.timeout: \"soon\" is not a number"),
    ("persist children.cur=5", ""),
    ("persist mount=tmpfs", "is not \"source folder type options\""),
    ("persist path=/jail/a mount='tmpfs /tmp tmpfs'", "/tmp does not lie below"),
    ("persist path=/jail/a mount='tmpfs /jail/ab tmpfs'", "/jail/ab does not lie below"),
    ("persist path=/jail/a mount.fstab=/no/such", "/no/such: No such file"),
    ("persist depend=nobody", "there is no jail \"nobody\""),
    ("persist =x", "a parameter without a name"),
    ("persist command=", "command= names no command"),
    ("path=/", "it would end at once"),
])
def test_nonsense(host, words, says):
    host.fails("jail -c " + words, "jail: ", says)
    assert host.ok("cat /proc/mounts").count("/jail") == 0


@pytest.mark.parametrize("line, says", [
    ("jail '' a 10.0.0.1 sh", "path is empty"),
    ("jail /no/such a 10.0.0.1 sh", "path /no/such: No such file"),
    ("jail /etc/passwd a 10.0.0.1 sh", "is not a directory"),
    ("jail /jail/a '' 10.0.0.1 sh", "hostname is empty"),
    ("jail /jail/a a 10.0.0 sh", "ip \"10.0.0\" is not an IPv4 address"),
    ("jail /jail/a %s 10.0.0.1 sh" % ("h" * 300), ""),
    ("jail -z", "usage"),
    ("jail -r", "which jail?"),
    ("jail -r nobody", "jail \"nobody\" not found"),
    ("jail -r 77", "jail \"77\" not found"),
    ("jail -r 0", "jail \"0\" not found"),
    ("jail -R nobody", "jail \"nobody\" not found"),
    ("jail -m name=nobody persist", "jail \"nobody\" not found"),
    ("jail -m persist=1", "which jail?"),
    ("jail -c", "/etc/jail.conf: No such file"),
    ("jail -f /no/such -c", "/no/such: No such file"),
    ("jail -f /etc -c", "/etc: Is a directory"),
    ("jail -p 0 -c", "usage"),
    ("jail -J /no/such/file -c persist=1", "-J /no/such/file: No such file"),
    ("jexec", "usage"),
    ("jexec nobody true", "nobody: no such jail"),
    ("jexec 77 true", "77: no such jail"),
    ("jexec '' true", "no such jail"),
    ("jexec -u user -U user nobody", "usage"),
    ("jexec -u nobody-here x", "nobody-here: no such user"),
    ("jexec -e novalue x", "-e wants name=value"),
])
def test_nonsense_of_words(host, line, says):
    host.fails(line, says)


def test_a_jail_that_is_there(host):
    host.ok("jail -c name=web path=/jail/a persist")
    host.fails("jail -c name=web persist", "\"web\" already exists")
    jid = host.ok("jail -i -c name=x persist").strip()
    host.fails("jail -c jid=%s persist" % jid, "already exists")
    host.fails("jail -m name=web path=/jail/b", "path cannot be changed while it runs")
    host.ok("jail -qr web; jail -c name=web path=/jail/a host.hostname=old persist")
    host.ok("jail -m name=web path=/jail/a host.hostname=new")
    assert host.ok("jexec web hostname") == "new\n"
    host.ok("jail -mr name=web path=/jail/b host.hostname=b persist")
    assert host.ok("jexec web hostname") == "b\n"


def test_remove_many(host):
    for name in ("one", "two", "x"):
        host.ok("jail -c name=%s persist children.max=5" % name)
    host.ok("jexec one jail -c name=sub persist children.max=1")
    host.ok("jexec one jail -c name=sub2 persist")
    host.ok("jexec one.sub jail -c name=deep persist")
    out = host.ok("jail -r 'one.sub.*'")
    assert out == "one.sub.deep: removed\n"
    assert host.runs("one", "one.sub", "one.sub2", "one.sub.deep") == [
        "one", "one.sub", "one.sub2"]
    assert sorted(host.ok("jail -r x two").split("\n")) == ["", "two: removed", "x: removed"]
    out = host.ok("jail -r '*'").split("\n")
    assert sorted(out) == ["", "one.sub2: removed", "one.sub: removed", "one: removed"]
    assert out[2] == "one: removed"     # after those inside of it
    assert host.ok("jail -r '*'") == ""


DAEMON = ("web { path = /jail/a; mount.devfs; stop.timeout = %d; exec.start = "
          "\"sh -c 'trap \\\"%s\\\" TERM; echo 1 >/tmp/up; while :; do sleep 0.1; done' "
          ">/dev/null 2>&1 &\"; }")
UP = "until [ -e /jail/a/tmp/up ]; do sleep 0.1; done; rm /jail/a/tmp/up"


def test_stop_waits_for_its_processes(host):
    host.conf(DAEMON % (10, "sleep 1; echo bye >/tmp/said; exit"))
    host.ok("jail -c web; " + UP)
    start = time.monotonic()
    host.ok("jail -r web")
    assert 0.9 < time.monotonic() - start < 9
    assert host.ok("cat /jail/a/tmp/said") == "bye\n"


def test_stop_timeout(host):
    host.conf(DAEMON % (1, ":"))
    host.ok("jail -c web; " + UP)
    start = time.monotonic()
    host.ok("jail -r web")
    assert 0.9 < time.monotonic() - start < 9
    assert host.runs("web") == []
    for how, seconds in (("-R", 60), ("-r", 0)):
        host.conf(DAEMON % (seconds, ":"))
        host.ok("jail -c web; " + UP)
        start = time.monotonic()
        host.ok("jail %s web" % how)
        assert time.monotonic() - start < 8
        assert host.runs("web") == []
        host.sh("jail -C web")
    assert host.mounts() == []


# --- jexec ----------------------------------------------------------------------

def test_jexec(host):
    jid = host.ok("jail -i -c name=web path=/jail/a host.hostname=w persist").strip()
    assert host.ok("jexec web hostname") == "w\n"
    assert host.ok("jexec %s hostname" % jid) == "w\n"
    assert host.ok("echo 'pwd; exit 0' | jexec web") == "/\n"
    assert host.sh("jexec web sh -c 'exit 9'")[0] == 9
    assert host.sh("jexec web sh -c 'kill -15 $$'")[0] == 143
    host.fails("jexec web nothing", "jexec: nothing: not found", status=127)
    host.fails("jexec web /etc", "jexec: /etc: Permission denied", status=126)
    assert host.ok("jexec -d /tmp web pwd") == "/tmp\n"
    host.fails("jexec -d /nowhere web pwd", "/nowhere: No such file")
    assert host.ok("X=1 jexec -e A=2 -e B=3 web sh -c 'echo $X$A$B'") == "123\n"
    out = host.ok("X=1 TERM=dumb jexec -l -e A=2 web env").split()
    assert sorted(out) == ["A=2", "HOME=/root", "PATH=/bin:/usr/bin", "SHELL=/bin/sh",
                           "TERM=dumb", "USER=root"]
    assert host.ok("echo through | jexec web cat") == "through\n"


def test_jexec_users(host):
    host.ok("mkdir -p /jail/a/home/inmate; chown 1234 /jail/a/home/inmate; "
            "echo 'inmate:x:1234:1235::/home/inmate:/bin/sh' >/jail/a/etc/passwd; "
            "echo 'more:x:77:inmate' >/jail/a/etc/group")
    host.ok("jail -c name=web path=/jail/a persist")
    assert host.ok("jexec -U inmate web id -u") == "1234\n"
    assert sorted(host.ok("jexec -U inmate web id -G").split()) == ["1235", "77"]
    assert host.ok("jexec -u user web id -u") == "1000\n"
    assert host.ok("jexec -l -U inmate web sh -c 'pwd; echo $USER $HOME'") == (
        "/home/inmate\ninmate /home/inmate\n")
    assert host.ok("echo id -u | jexec -U inmate web") == "1234\n"
    host.fails("jexec -U user web id", "user: no such user in the jail")
    host.fails("jexec -u inmate web id", "inmate: no such user")


def test_jexec_needs_root(host):
    host.ok("jail -c name=web path=/jail/a persist")
    host.fails("su user -c 'jexec web true'", "jexec: ")
    host.fails("su user -c 'jail -c path=/ persist'", "Operation not permitted")
    host.fails("su user -c 'jail /jail/a a 10.0.0.1 /bin/sh'", "Operation not permitted")
    host.fails("su user -c 'jail -r web'", "web")
    assert host.runs("web") == ["web"]


# --- nothing of the host goes along (E15, E28, E33, E34, E36) --------------------

ENTRIES = ["jexec web inmate", "jail /jail/a a 10.0.0.1 /bin/inmate",
           "jail -c path=/jail/a command=/bin/inmate",
           "jail -c path=/jail/a exec.start=/bin/inmate"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_file_goes_along(host, entry):
    host.ok("jail -c name=web path=/jail/a persist")
    out = host.ok("cd /home/user; %s 5</ 7</etc/passwd 8</home 9>/tmp/out 63<." % entry)
    assert "files: 0 1 2\n" in out and "session: own\n" in out and "cwd: root\n" in out


def test_directory_as_input(host):
    """Which the kernel would refuse: a line says why, and nothing starts."""
    host.ok("jail -c name=web path=/jail/a persist")
    for line in ("jexec web inmate", "jail /jail/a a 10.0.0.1 /bin/inmate",
                 "jail -c path=/jail/a command=/bin/inmate"):
        host.fails(line + " </home", "a directory of the host as a standard file")
        host.fails(line + " 3</home >&3", "a directory of the host as a standard file")


def test_status_of_command(host):
    assert host.sh("jail -c path=/jail/a command=/bin/sh -c 'exit 5'") == (5, "", "")
    assert host.sh("jail -c path=/jail/a mount.devfs name=x command=false") == (1, "", "")
    assert host.runs("x") == [] and host.mounts() == []


def test_stopped_by_an_inmate(host):
    """Who waits inside for the processes to end can be stopped: not for long."""
    host.conf(DAEMON % (1, "kill -STOP -1; kill -CONT 1"))
    host.ok("jail -c web; " + UP)
    host.ok("jail -r web")
    assert host.runs("web") == []


def test_terminal_of_its_own(host):
    """Typed at the console: a pty, with its size, and jobs that work."""
    guest = host.guest
    host.ok("jail -c name=web path=/jail/a mount.devfs mount.procfs persist")
    pid, status = guest.run("echo $$")
    for entry in ("jexec web inmate %s", "jail /jail/b b 10.0.0.1 /bin/inmate %s",
                  "jail -c path=/jail/c command=/bin/inmate %s"):
        guest.check("stty rows 31 cols 97")
        out = guest.check(entry % pid.strip())
        assert "files: 0 1 2\n" in out and "session: own\n" in out, out
        assert out.count("major 136\n") == 3, out
        assert "size: 97x31\n" in out and "front: yes\n" in out
        for what in ("term", "cont", "sid", "pgrp"):
            assert "%s: ESRCH\n" % what in out, out
    guest.check("stty rows 24 cols 80")


def test_shell_with_jobs(host):
    guest = host.guest
    host.ok("jail -c name=web path=/jail/a mount.devfs mount.procfs persist")
    guest.sendline("jexec -e PS1='in> ' web /bin/sh")
    guest.expect(r"in> ")
    guest.sendline("sleep 100")
    time.sleep(0.5)
    guest.send("\x1a")
    guest.expect(r"Stopped")
    guest.sendline("fg")
    time.sleep(0.5)
    guest.send("\x03")
    guest.expect(r"in> ")
    guest.sendline("echo in$((1)); exit 5")
    guest.expect("in1")
    guest.expect(guest.prompt.decode())
    assert guest.run("echo $?")[0] == "5\n"
    assert guest.run("stty -a")[0].count("-icanon") == 0
    assert host.runs("web") == ["web"]


def test_from_background_to_front(host):
    """With a shell that edits lines, and has the terminal in a mode of its own."""
    guest = host.guest
    prompt = guest.prompt.decode()
    host.ok("jail -c name=web path=/jail/a mount.procfs persist")
    guest.sendline("stty echo")
    guest.expect(prompt)
    guest.sendline("jexec web sleep 1000 &")
    guest.expect(prompt)
    host.ok("until jexec web ps | grep -q 'sleep 1000'; do sleep 0.1; done; sleep 0.5")
    guest.sendline("fg")
    guest.expect("jexec web sleep 1000\r\n")
    host.ok("until stty -a -F /dev/ttyS0 | grep -q -- -opost; do sleep 0.1; done")
    guest.send("\x03")
    guest.expect(prompt)
    guest.sendline("stty -echo; echo end$((1))")
    guest.expect("end1")
    guest.expect(prompt)
    host.ok("! jexec web ps | grep 'sleep 1000'")


def test_output_alone_is_a_terminal(host):
    guest = host.guest
    host.ok("jail -c name=web path=/jail/a persist")
    out = guest.check("echo x | jexec web inmate")
    assert "tty 0" not in out and "tty 1: major 136\n" in out
    out = guest.check("jexec web inmate </dev/null 2>/dev/null | cat")
    assert "tty" not in out


def test_ends_with_its_terminal(host):
    """Killed, jexec takes what it runs with it."""
    guest = host.guest
    host.ok("jail -c name=web path=/jail/a mount.procfs persist")
    guest.sendline("jexec web sleep 1000")
    host.ok("until jexec web sh -c 'ps | head -20' | grep -q 'sleep 1000'; do sleep 0.1; done")
    host.ok("kill -9 $(pidof jexec)")
    guest.sendline("stty sane; stty -echo; echo end$((1))")
    guest.expect("end1")
    guest.expect(guest.prompt.decode())
    host.ok("while jexec web sh -c 'ps' | grep -q 'sleep 1000'; do sleep 0.1; done")


def test_signals_are_passed_on(host):
    host.ok("jail -c name=web path=/jail/a persist")
    host.ok("jexec web sh -c 'trap \"echo caught >/tmp/said; exit 3\" TERM; echo 1 >/tmp/up; "
            "while :; do sleep 0.1; done' >/dev/null 2>&1 & p=$!; "
            "until [ -e /jail/a/tmp/up ]; do sleep 0.1; done; kill $p; wait $p; "
            "[ $? = 3 ] && cat /jail/a/tmp/said")

# SPDX-License-Identifier: BSD-2-Clause
"""test_programs.py - real clients and servers, on both sides.

BusyBox's servers run in two jails, on the same ports, and are asked by
Debian's clients from outside: over QEMU's user network, and over a tap in a
namespace, there by each card. The guest fetches from servers that run outside.

QEMU's user network has one connection at a time wait at a forwarded port, so
many at once are asked for over the tap only.
"""
import contextlib
import functools
import hashlib
import http.server
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from rig import Guest, machine as machines
from rig.guest import time_scale
from rig.namespace import Namespace

BLOB = random.Random(9).randbytes(1_500_000)
SERVICES = (80, 23, 7)          # of each jail: httpd, telnetd, an echo by nc


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class World:
    """A machine with two jails, and how to reach them. own is the guest's address,
    host is outside as the guest sees it, and what listens there binds listen."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = []
        (folder / "blob").write_bytes(BLOB)

    def jails_begin(self):
        guest = self.guest
        for number, name in enumerate(("one", "two")):
            address, top = self.jails[number], "/jail/" + name
            guest.check("mkjail --mount %s" % top, timeout=60)
            guest.check("echo page of %s >%s/index.html" % (name, top))
            guest.check("ifconfig eth0:%d %s netmask 255.255.255.255" % (number + 1, address))
            guest.check("jail -c name=%s path=%s ip4.addr=%s persist" % (name, top, address))
            # By the machine channel: jexec's end would be its terminal's too.
            for daemon in ("httpd -p 80 -h /", "telnetd -l /bin/sh",
                           "nc -ll -p 7 -e /bin/cat &"):
                job = "&" if daemon[-1] == "&" else ""
                done = guest.exec("jexec %s %s </dev/null >/dev/null 2>&1 %s" %
                                  (name, daemon.rstrip("&"), job))
                assert done.status == 0, daemon
            guest.check("until jexec %s netstat -tln | grep -q ':7 .*LISTEN'; "
                        "do usleep 20000; done" % name)

    def serve(self, server):
        """An object with serve_forever() and shutdown()."""
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.servers.append(server)
        return server.server_address[1]

    def serve_files(self):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *words):
                pass
        handler = functools.partial(Quiet, directory=str(self.folder))
        return self.serve(http.server.ThreadingHTTPServer((self.listen, 0), handler))

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        self.guest.close()

    def client(self, *words, timeout=60, **more):
        with self.inside():
            return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=timeout * time_scale(), **more)

    def connect(self, jail, port):
        with self.inside():
            return socket.create_connection(self.reach(jail, port), 30 * time_scale())


class UserWorld(World):
    """Over QEMU's user network."""
    own, host, listen = "10.0.2.15", "10.0.2.2", "127.0.0.1"
    jails = ("10.0.2.20", "10.0.2.21")

    def __init__(self, nic, folder):
        super().__init__(folder)
        self.ports = {(address, port): free_port()
                      for address in self.jails for port in SERVICES}
        forwards = "".join(",hostfwd=tcp:127.0.0.1:%d-%s:%d" % (ours, *theirs)
                           for theirs, ours in self.ports.items())
        self.guest = Guest(cmdline=machines.USER_NET, qemu=[
            "-netdev", "user,id=n0" + forwards,
            "-device", machines.NICS[nic] + ",netdev=n0,romfile="])
        self.jails_begin()

    @staticmethod
    def inside():
        return contextlib.nullcontext()

    def reach(self, jail, port):
        return "127.0.0.1", self.ports[self.jails[jail], port]


class TapWorld(World):
    own, host, listen = "10.9.0.2", "10.9.0.1", "10.9.0.1"
    jails = ("10.9.0.20", "10.9.0.21")

    def __init__(self, nic, folder):
        super().__init__(folder)
        self.net = Namespace(self.host + "/24")
        self.inside = self.net.inside
        with self.inside():
            self.guest = Guest(cmdline="ip=%s/24,%s" % (self.own, self.host),
                               qemu=self.net.arguments(nic))
        self.jails_begin()

    def reach(self, jail, port):
        return self.jails[jail], port

    def close(self):
        super().close()
        self.net.close()


@pytest.fixture(scope="module", params=["user-virtio", "tap-virtio", "tap-ne2k"])
def world(request, tmp_path_factory):
    kind, nic = request.param.split("-")
    try:
        made = {"user": UserWorld, "tap": TapWorld}[kind](
            nic, tmp_path_factory.mktemp(request.param))
    except PermissionError as error:
        pytest.skip("no network namespace of our own here: %s" % error)
    yield made
    made.close()


def url(world, jail, name=""):
    return "http://%s:%d/%s" % (*world.reach(jail, 80), name)


# --- clients outside, servers in jails ---------------------------------------------

def test_each_jail_has_its_page(world):
    for number, name in enumerate(("one", "two")):
        done = world.client("curl", "-sS", "--max-time", "20", url(world, number))
        assert done.stdout.decode() == "page of %s\n" % name
        done = world.client("wget", "-q", "-T", "20", "-t", "1", "-O", "-", url(world, number))
        assert done.stdout.decode() == "page of %s\n" % name


def test_a_large_file_by_curl(world):
    with world.inside():
        port = world.serve_files()
    world.guest.check("wget -q -O /jail/one/blob http://%s:%d/blob" % (world.host, port),
                      timeout=90)
    done = world.client("curl", "-sS", "--max-time", "60", url(world, 0, "blob"))
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(BLOB).digest()


def test_many_requests_over_some_connections(world):
    """ab: one at a time over the user network, 50 over the tap."""
    many = "50" if isinstance(world, TapWorld) else "1"
    requests = "500" if many == "50" else "200"
    done = world.client("ab", "-q", "-n", requests, "-c", many, url(world, 1))
    text = done.stdout.decode()
    assert done.returncode == 0, text
    assert re.search(r"Complete requests: +%s\n" % requests, text), text
    assert re.search(r"Failed requests: +0\n", text), text
    assert "Non-2xx" not in text


def test_an_echo_by_netcat(world):
    host, port = world.reach(0, 7)
    done = world.client("nc.openbsd", "-N", "-w", "20", host, str(port), input=BLOB[:100000])
    assert done.stdout == BLOB[:100000]


def test_a_session_by_telnet(world):
    """Debian's client ends when its input does, so it is held open."""
    with world.inside():
        client = subprocess.Popen(["telnet"] + [str(w) for w in world.reach(1, 23)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
    said, deadline = b"", time.monotonic() + 30 * time_scale()
    client.stdin.write(b"cat /index.html; echo $((6*7)).\n")
    client.stdin.flush()
    os.set_blocking(client.stdout.fileno(), False)
    while b"42." not in said and time.monotonic() < deadline:
        said += client.stdout.read() or b""
        time.sleep(0.02)
    client.stdin.write(b"exit\n")
    client.stdin.close()
    client.wait(30 * time_scale())
    client.stdout.close()
    assert b"page of two" in said and b"42." in said, said


def test_a_jail_is_not_reached_at_the_hosts_address(world):
    """Not from the host, from the other jail, or from outside, if that can ask."""
    for where in ("", "jexec two "):
        output, status = world.guest.run("%swget -q -O - http://%s/" % (where, world.own))
        assert status == 1 and "refused" in output
    if isinstance(world, TapWorld):
        done = world.client("curl", "-sS", "--max-time", "5", "http://%s/" % world.own)
        assert done.returncode == 7, done.stdout    # not 28, which is silence


# --- servers outside ---------------------------------------------------------------

def test_a_jail_fetches_by_wget(world):
    with world.inside():
        port = world.serve_files()
    text = world.guest.check("jexec one wget -q -O - http://%s:%d/blob | sha256sum" %
                             (world.host, port), timeout=90)
    assert text.split()[0] == hashlib.sha256(BLOB).hexdigest()


def test_files_by_ftp(world):
    """Passive, which is what ftpget speaks; pyftpdlib in a process of its own."""
    shutil.copy(world.folder / "blob", world.folder / "pub")
    with world.inside():
        port = free_port()
        server = subprocess.Popen(
            ["/usr/bin/python3", "-m", "pyftpdlib", "-w", "-i", world.listen, "-p", str(port),
             "-n", world.host, "-d", str(world.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with socket.socket() as s:
                    if not s.connect_ex((world.listen, port)):
                        break
                time.sleep(0.1 * time_scale())
            world.guest.check("ftpget -P %d %s /tmp/got pub" % (port, world.host), timeout=60)
            text = world.guest.check("sha256sum /tmp/got")
            assert text.split()[0] == hashlib.sha256(BLOB).hexdigest()
            world.guest.check("head -c 100000 /tmp/got >/tmp/part; ftpput -P %d %s up /tmp/part"
                              % (port, world.host), timeout=60)
        finally:
            server.terminate()
            server.wait()
    assert (world.folder / "up").read_bytes() == BLOB[:100000]


def test_a_session_the_other_way_round(world):
    """nc and telnet in the guest, a server of a few lines outside."""
    with world.inside(), socket.create_server((world.listen, 0)) as server:
        port = server.getsockname()[1]

        def shout():
            for _ in range(2):
                link, _ = server.accept()
                with link:
                    link.sendall(b"READY\n")
                    link.sendall(link.recv(100).upper())
        thread = threading.Thread(target=shout, daemon=True)
        thread.start()
        text = world.guest.check("echo hello | jexec one nc %s %d" % (world.host, port))
        assert text == "READY\nHELLO\n"
        text, _ = world.guest.run("(usleep 300000; echo good day; sleep 1) | telnet %s %d" %
                                  (world.host, port))
        assert "READY" in text and "GOOD DAY" in text
        assert "closed by foreign host" in text
        thread.join(10)


# --- names and addresses -----------------------------------------------------------

@pytest.fixture
def dnsmasq(request, tmp_path):
    """A tap with dnsmasq behind it: (net, its log). --no-ping: it does not try for
    3 s whether somebody has the address already."""
    try:
        net = Namespace("10.9.0.1/24")
    except PermissionError as error:
        pytest.skip("no network namespace of our own here: %s" % error)
    log = tmp_path / "log"
    with net, net.inside():
        server = subprocess.Popen(
            ["dnsmasq", "-k", "-C", "/dev/null", "-i", "tap0", "--bind-interfaces",
             "-u", "root", "--no-resolv", "--no-hosts", "--log-dhcp",
             "--log-facility=%s" % log, "--pid-file=%s" % (tmp_path / "pid"),
             "--dhcp-leasefile=%s" % (tmp_path / "leases"),
             "--dhcp-range=10.9.0.50,10.9.0.50,2m", "--dhcp-option=3,10.9.0.1",
             "--local=/brig.test/", "--host-record=www.brig.test,10.9.0.1",
             "--cname=web.brig.test,www.brig.test",
             "--txt-record=text.brig.test,words of a record",
             "--ptr-record=1.0.9.10.in-addr.arpa,www.brig.test"] + request.param)
        try:
            yield net, log
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


@pytest.mark.parametrize("nic,dnsmasq", [("virtio", []), ("ne2k", ["--no-ping"])],
                         indirect=["dnsmasq"])
def test_an_address_from_dnsmasq(dnsmasq, nic):
    """ip=dhcp at boot; then a lease that is renewed and released; names."""
    net, log = dnsmasq
    with Guest(cmdline="ip=dhcp", qemu=net.arguments(nic)) as guest:
        guest.check("until ifconfig eth0 | grep -q 'inet addr'; do usleep 50000; done")
        assert "inet addr:10.9.0.50  Bcast:10.9.0.255" in guest.check("ifconfig eth0")
        assert re.search(r"^0\.0\.0\.0 +10\.9\.0\.1 ", guest.check("route -n"), re.MULTILINE)
        assert guest.check("cat /etc/resolv.conf") == "nameserver 10.9.0.1\n"
        text = guest.check("nslookup www.brig.test")
        assert re.search(r"Name:\s+www\.brig\.test\s+Address: 10\.9\.0\.1", text), text
        assert "words of a record" in guest.check("nslookup -type=txt text.brig.test")
        assert "www.brig.test" in guest.check("nslookup 10.9.0.1")
        output, status = guest.run("nslookup nobody.brig.test")
        assert status == 1 and "NXDOMAIN" in output
        assert "1 packets received" in guest.check("ping -c 1 web.brig.test")
        guest.check("jail -c name=j persist host.hostname=web.brig.test ip_hostname")
        assert guest.check("jls -j j ip4.addr; jail -qr j") == "10.9.0.1\n"

        guest.check("killall udhcpc 2>/dev/null; udhcpc -i eth0 -p /run/u.pid -b -R")
        asked = log.read_text().count("DHCPREQUEST")
        guest.check("until kill -USR1 $(cat /run/u.pid) 2>/dev/null; do usleep 20000; done")
        until(lambda: log.read_text().count("DHCPACK") > asked)
        guest.check("kill $(cat /run/u.pid)")
        until(lambda: "DHCPRELEASE" in log.read_text())
        guest.check("while ifconfig eth0 | grep -q 10.9.0.50; do usleep 50000; done")


def until(true, seconds=20):
    deadline = time.monotonic() + seconds * time_scale()
    while not true():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.05)


def test_a_lease_of_qemu_is_renewed(boot):
    guest = boot(nic="virtio", net="user", cmdline="ip=off")
    guest.check("udhcpc -i eth0 -p /run/u.pid -b >/run/said 2>&1")
    assert "inet addr:10.0.2.15" in guest.check("ifconfig eth0")
    guest.check("ifconfig eth0 10.0.2.77; kill -USR1 $(cat /run/u.pid)")
    guest.check("until ifconfig eth0 | grep -q addr:10.0.2.15; do usleep 50000; done")
    guest.check("kill $(cat /run/u.pid)")

# SPDX-License-Identifier: BSD-2-Clause
"""test_tcpdump.py - Debian's tcpdump, with its libpcap, looks on: at a wire, at
loopback, at all at once; it writes a file and reads it; it changes to its own
user, as Debian's does. In a jail it is refused.
"""
import re
import socket
import struct
import threading

import pytest

from rig import Guest, debian
from rig.namespace import Namespace

PACKAGES = ("tcpdump libpcap0.8 libc6 libssl3 libdbus-1-3 libsystemd0 libcap2 libgcrypt20 "
            "libgpg-error0 liblz4-1 liblzma5 libzstd1")
TCPDUMP = "chroot /deb /usr/bin/tcpdump "


@pytest.fixture(scope="module")
def guest():
    folder = debian.tree("usr/bin/tcpdump", PACKAGES)
    try:
        net = Namespace("10.9.0.1/24")
    except PermissionError as error:
        pytest.skip("no network namespace of our own here: %s" % error)
    with net:
        with net.inside():
            made = Guest(cmdline="ip=10.9.0.2/24", qemu=net.arguments("virtio"),
                         add=[folder + ":/deb"])
        made.net = net
        made.check("mkdir -p /deb/etc /deb/tmp /deb/sys /deb/proc; chmod 777 /deb/tmp; "
                   "mount -t proc proc /deb/proc; "
                   "echo 'tcpdump:x:100:100::/:/bin/false' >/deb/etc/passwd; "
                   "echo 'tcpdump:x:100:' >/deb/etc/group")
        yield made
        made.close()


def dump(guest, arguments, happens):
    """What tcpdump prints, and what it says at its end, about what happens. By the
    machine channel: a shell without echo does not live through a job's end."""
    done = guest.exec("rm -f /tmp/said; %s %s >/tmp/out 2>/tmp/said & job=$!; "
                      "until grep -q 'listening on' /tmp/said || ! kill -0 $job; do "
                      "usleep 20000; done; %s; wait $job; echo $?; cat /tmp/said >&2" %
                      (TCPDUMP, arguments, happens))
    said = done.stderr.decode()
    assert done.stdout.decode().splitlines()[-1] == "0", said
    assert "0 packets dropped by kernel" in said
    return guest.check("cat /tmp/out").splitlines()


def echoes(lines, before, one, other):
    """Two requests and their replies."""
    assert len(lines) == 4, lines
    for n, line in enumerate(lines):
        what, pair = (("reply", (other, one)) if n % 2 else ("request", (one, other)))
        assert re.fullmatch(r"[\d:.]+ %sIP %s > %s: ICMP echo %s, id \d+, seq %d, length 64" %
                            (before, *pair, what, n // 2), line), lines


def test_what_there_is_to_look_at(guest):
    lines = guest.check(TCPDUMP + "-D").splitlines()
    assert any(re.match(r"\d+\.eth0 \[Up, Running, Connected\]", line) for line in lines), lines
    assert any(re.match(r"\d+\.lo \[Up, Running, Loopback\]", line) for line in lines), lines


def test_a_wire(guest):
    lines = dump(guest, "-i eth0 -c 4 -n icmp", "ping -c 2 10.9.0.1")
    echoes(lines, "", "10.9.0.2", "10.9.0.1")


def test_loopback(guest):
    lines = dump(guest, "-i lo -c 4 -n icmp", "ping -c 2 127.0.0.1")
    echoes(lines, "", "127.0.0.1", "127.0.0.1")


def test_all_interfaces_at_once(guest):
    """Without the link's header; which interface and which way is told beside."""
    lines = dump(guest, "-i any -c 4 -n icmp", "ping -c 1 10.9.0.1; ping -c 1 127.0.0.1")
    assert [line.split()[1:3] for line in lines[:2]] == [["eth0", "Out"], ["eth0", "In"]]
    assert [line.split()[1] for line in lines[2:]] == ["lo", "lo"]


def test_a_file_is_written_and_read(guest):
    dump(guest, "-i eth0 -c 4 -w /tmp/pcap icmp", "ping -c 2 10.9.0.1")
    lines = guest.check(TCPDUMP + "-n -r /tmp/pcap 2>/dev/null").splitlines()
    echoes(lines, "", "10.9.0.2", "10.9.0.1")
    data = guest.exec("cat /deb/tmp/pcap").stdout
    assert struct.unpack("<I16xI", data[:24])[0] == 0xa1b2c3d4
    frames, at = 0, 24
    while at < len(data):
        kept, length = struct.unpack("<8xII", data[at:at + 16])
        assert kept == length == 98
        at += 16 + kept
        frames += 1
    assert frames == 4


def test_a_connection(guest):
    """It is not in the way of what it looks at."""
    guest.check("mkdir /tmp/www; head -c 300000 /dev/urandom >/tmp/www/big; "
                "httpd -p 127.0.0.1:80 -h /tmp/www")
    lines = dump(guest, "-i lo -n -c 8 tcp port 80",
                 "wget -q -O /tmp/got http://127.0.0.1/big; cmp /tmp/www/big /tmp/got")
    guest.check("killall httpd")
    assert len(lines) == 8
    assert "Flags [S], " in lines[0] and "Flags [S.], " in lines[1], lines


def test_large_segments(guest):
    """A card brings more than a frame at once; that is seen, and nothing is lost."""
    sent = bytes(n * 7 % 251 for n in range(1_000_000))
    with guest.net.inside():
        server = socket.create_server(("10.9.0.1", 0))

    def serve():
        with server, server.accept()[0] as link:
            link.sendall(sent)
    threading.Thread(target=serve, daemon=True).start()
    port = server.getsockname()[1]
    dump(guest, "-i eth0 -s 4200 -c 100 -w /tmp/pcap tcp src port %d" % port,
         "nc 10.9.0.1 %d </dev/null >/tmp/got" % port)
    assert guest.exec("cat /tmp/got").stdout == sent
    data, at, first, large, got = guest.exec("cat /deb/tmp/pcap").stdout, 24, None, 0, {}
    while at < len(data):
        kept, length = struct.unpack("<8xII", data[at:at + 16])
        frame, at = data[at + 16:at + 16 + kept], at + 16 + kept
        assert kept == length == 14 + struct.unpack_from("!H", frame, 16)[0]
        seq, head = struct.unpack_from("!I4xB", frame, 38)
        first = seq if first is None else first     # of the SYN-ACK
        got[seq - first - 1 & 0xffffffff] = frame[34 + (head >> 4) * 4:]
        large += length > 1514
    assert len(got) > 90 and large > 20
    assert all(sent[seq:seq + len(text)] == text for seq, text in got.items() if text)


def test_in_a_jail_it_is_refused(guest):
    guest.check("jail -c name=a path=/deb ip4.addr=10.9.0.2 persist")
    output, status = guest.run("jexec a /usr/bin/tcpdump -i eth0 -n")
    guest.check("jail -r a")
    assert status == 1 and "You don't have permission" in output, output

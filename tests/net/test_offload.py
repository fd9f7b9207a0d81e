# SPDX-License-Identifier: BSD-2-Clause
"""test_offload.py - large segments of TCP that a virtio card brings whole.

A card has them only where QEMU's other end is a tap. What no host would send
comes by a filter of QEMU's (filter-redirector), whose socket takes frames with
virtio's head before them, as the card is to give them to the guest.
"""
import functools
import hashlib
import http.server
import os
import random
import re
import socket
import struct
import threading

import pytest

from rig import Guest
from rig.frames import IP, TCP
from rig.guest import time_scale
from rig.namespace import Namespace

HOST, GUEST = "10.9.0.1", "10.9.0.2"
MAC = bytes.fromhex("525400123456")
BLOB = random.Random(10).randbytes(6_000_000)
SEGMENT = 1448
NEEDS_SUM, SUM_GOOD, TCP4 = 1, 2, 1


class Card:
    """A machine with a card of these properties on a tap; and a server of BLOB."""

    def __init__(self, folder, properties):
        self.net, self.link = Namespace(HOST + "/24"), None
        arguments = self.net.arguments("virtio")
        arguments[-1] += properties
        self.path = os.path.join(str(folder), "inject")
        filters = ["-chardev", "socket,id=inject,server=on,wait=off,path=" + self.path,
                   "-object", "filter-redirector,id=filter,netdev=tap0,queue=tx,"
                   "indev=inject,vnet_hdr_support=on"]
        (folder / "blob").write_bytes(BLOB)

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *words):
                pass
        with self.net.inside():
            self.guest = Guest(cmdline="ip=%s/24" % GUEST, qemu=arguments + filters)
            self.server = http.server.ThreadingHTTPServer(
                (HOST, 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fetch(self):
        text = self.guest.check("wget -q -O - http://%s:%d/blob | sha256sum" %
                                (HOST, self.server.server_address[1]), timeout=90)
        return text.split()[0] == hashlib.sha256(BLOB).hexdigest()

    def received(self):
        """(packets, errors)"""
        text = self.guest.check("cat /proc/net/dev")
        numbers = re.search(r"eth0:([\d ]+)", text).group(1).split()
        return int(numbers[1]), int(numbers[2])

    def inject(self, frames):
        """Each (head, frame)."""
        if self.link is None:
            self.link = socket.socket(socket.AF_UNIX)
            self.link.settimeout(60 * time_scale())
            self.link.connect(self.path)
        for vnet, data in frames:
            data = vnet + data
            self.link.sendall(struct.pack("!II", len(data), len(vnet)) + data)

    def close(self):
        if self.link:
            self.link.close()
        self.server.shutdown()
        self.server.server_close()
        self.guest.close()
        self.net.close()


@pytest.fixture
def card(tmp_path):
    """card(properties)"""
    made = []

    def make(properties=""):
        try:
            made.append(Card(tmp_path, properties))
        except PermissionError as error:
            pytest.skip("no network namespace of our own here: %s" % error)
        return made[0]
    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("properties,large", [
    ("", True), (",disable-legacy=on", True), (",mrg_rxbuf=off", False),
    (",guest_tso4=off", False), (",csum=off,guest_csum=off,disable-legacy=on", False)])
def test_a_file_comes_in_large_segments(card, properties, large):
    """Not one for each frame of the wire, where the card has them; and after it was
    down, too."""
    card = card(properties)
    for _ in range(2):
        before = card.received()
        assert card.fetch()
        packets, errors = (b - a for a, b in zip(before, card.received()))
        assert errors == 0
        assert (packets < len(BLOB) / SEGMENT * 0.7) == large, packets
        card.guest.check("ifconfig eth0 down; ifconfig eth0 up")


# --- what no host would send ---------------------------------------------------------

def head(flags=NEEDS_SUM, kind=TCP4, head_len=66, segment=SEGMENT, start=34, offset=16):
    return struct.pack("<BBHHHHH", flags, kind, head_len, segment, start, offset, 0)


def frame(size, total=None, first=0x45, offset=5, flags=16, fragment=0, protocol=TCP):
    """From HOST to a port where nobody listens, with size bytes of text."""
    total = 40 + size if total is None else total
    ip = struct.pack("!BBHHHBBH4s4s", first, 0, total & 0xffff, 7, fragment, 64, protocol, 0,
                     socket.inet_aton(HOST), socket.inet_aton(GUEST))
    tcp = struct.pack("!HHIIBBHHH", 999, 9, 1, 1, offset << 4, flags, 1000, 0, 0)
    return MAC + b"\x02\0\0\0\0\1" + struct.pack("!H", IP) + ip + tcp + bytes(size)


REFUSED = {
    "segments of nothing": (head(segment=0), frame(4000)),
    "no sum to be made": (head(flags=0), frame(4000)),
    "a sum elsewhere": (head(start=35), frame(4000)),
    "a sum far away": (head(start=65535, offset=65535), frame(4000)),
    "another sum": (head(offset=6), frame(4000)),
    "UDP": (head(), frame(4000, protocol=17)),
    "another kind": (head(kind=3), frame(4000)),
    "a kind nobody knows": (head(kind=255), frame(4000)),
    "large, and of no kind": (head(kind=0), frame(4000)),
    "less than it says": (head(), frame(4000, total=5000)),
    "more than it says": (head(), frame(4000, total=3000)),
    "a fragment": (head(), frame(4000, fragment=0x2000)),
    "a SYN": (head(), frame(4000, flags=2)),
    "a reset": (head(), frame(4000, flags=4)),
    "a short IP header": (head(), frame(4000, first=0x44)),
    "IPv6": (head(), frame(4000, first=0x65)),
    "a short TCP header": (head(), frame(4000, offset=4)),
    "no text": (head(), frame(0)),
    "no TCP header": (head(), frame(0)[:40]),
    "no IP header": (head(), frame(0)[:20]),
}


def packets_of(card, frames):
    """What comes of them, the last of which is refused."""
    before = card.received()
    card.inject(frames)
    card.guest.check("until [ $(awk '/eth0/ { print $4 }' /proc/net/dev) -gt %d ]; "
                     "do usleep 10000; done" % before[1])
    packets, errors = card.received()
    assert errors == before[1] + 1
    return packets - before[0]


def test_heads_that_cannot_be(card):
    """Each is an error, and no more."""
    card = card()
    for what in REFUSED.values():
        packets_of(card, [what])
    assert card.fetch()


def test_buffers_follow_what_comes(card):
    """They are of four pages while large frames come, else each for one of the
    wire; the packets that a large one becomes tell which it found."""
    card, end = card(), REFUSED["UDP"]
    for _ in range(2):
        packets_of(card, [(head(), frame(60000))] * 8 + [end])
        assert 40 <= packets_of(card, [(head(), frame(60000))] * 10 + [end]) < 50
        packets_of(card, [(head(kind=0), frame(1460))] * 500 + [end])
        assert 40 <= packets_of(card, [(head(), frame(60000)), end]) < 50


def test_anything_at_all(card):
    """What of it is good is answered by resets, at most."""
    card, pick = card(), random.Random(11)
    free = re.compile(r"MemFree: +(\d+)")
    assert card.fetch()
    before = int(free.search(card.guest.check("cat /proc/meminfo")).group(1))
    frames = []
    for _ in range(3000):
        one = bytearray(frame(pick.choice((0, 1, 30, 1460, 1461, 3000, 3900, 20000, 65495)),
                              offset=pick.choice((5, 5, 8, 15)),
                              first=pick.choice((0x45, 0x45, 0x46, 0x4f))))
        for _ in range(pick.choice((0, 0, 1, 4))):
            one[pick.randrange(12, 54)] = pick.randrange(256)
        frames.append((head(pick.choice((NEEDS_SUM, NEEDS_SUM, 0, SUM_GOOD, 255)),
                            pick.choice((TCP4, TCP4, 0, 3, 4, 0x81)), pick.randrange(65536),
                            pick.choice((0, 1, 536, SEGMENT, 65535)),
                            pick.choice((34, 34, 38, 0, 65535)),
                            pick.choice((16, 16, 6, 65535))),
                       bytes(one)[:pick.choice((len(one), len(one), 14, 33, 53))]))
    card.inject(frames)
    assert card.fetch()
    after = int(free.search(card.guest.check("cat /proc/meminfo")).group(1))
    assert before - after < 4000

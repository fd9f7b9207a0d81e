# SPDX-License-Identifier: BSD-2-Clause
"""test_drivers.py - network cards, by the frames on their wires.

Each kind of card is in one machine, with a Python peer at the other end of
its wire (rig/frames.py). An echo that comes back byte for byte has gone
through the driver both ways.
"""
import os
import random
import re
import struct
import subprocess
from contextlib import closing

import pytest

from rig import Guest, machine as machines
from rig.frames import ARP, ICMP, IP, Joiner, Wire, echo
from rig.monitor import Monitor

HOST, GUEST = "10.9.0.1", "10.9.0.2"
ARP_REPLY = 2
# How many frames a card takes at once, for sure: QEMU drops what an NE2000's
# 13 KB have no room for.
ROOM = {"virtio": 128, "ne2k": 7}


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """program("nic") compiles tests/net/nic.c."""
    folder = tmp_path_factory.mktemp("net")

    def compiled(name):
        out = str(folder / name)
        subprocess.run(["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-o", out,
                        os.path.join("tests", "net", name + ".c")],
                       cwd=machines.TOP, check=True)
        return out
    return compiled


@pytest.fixture(scope="session")
def nic_program(program):
    return program("nic")


class Card:
    """A machine with one card, set up, and its wire."""

    def __init__(self, kind, program, qemu=()):
        self.room = ROOM[kind]
        self.wire = Wire()
        self.guest = Guest(cmdline="ip=off", add=[program + ":/nic"],
                           qemu=self.wire.arguments(kind) + list(qemu))
        self.wire.accept()
        self.guest.check("/nic eth0 addr %s mask 255.255.255.0 up" % GUEST)

    def counters(self, name="eth0"):
        """(in, out), each {bytes, packets, errs, drop}."""
        text = self.guest.check("cat /proc/net/dev")
        numbers = [int(n) for n in
                   re.search(name + r":([\d ]+)", text).group(1).split()]
        names = ("bytes", "packets", "errs", "drop")
        return dict(zip(names, numbers)), dict(zip(names, numbers[8:]))

    def greet(self):
        """We know each other: later frames are not held up by a question."""
        self.wire.send(self.wire.arp(1, HOST, GUEST))
        assert self.wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REPLY)

    def echoes(self, messages, timeout=10):
        """Sends all, as many at once as the card takes; gives the answers, by
        number."""
        got, under_way, frames = {}, 0, []
        for number, message in messages.items():
            more = self.wire.ip(HOST, GUEST, ICMP, message, number=number)
            if len(frames) + len(more) > self.room:
                self.wire.send(*frames)
                got.update(self.answers(under_way, timeout))
                under_way, frames = 0, []
            frames += more
            under_way += 1
        self.wire.send(*frames)
        return {**got, **self.answers(under_way, timeout)}

    def answers(self, count, timeout=10):
        """Echo replies; meanwhile the guest may ask who we are."""
        joiner, answers = Joiner(), {}
        while len(answers) < count:
            frame = self.wire.receive(timeout=timeout)
            if frame is None:
                break
            if frame.kind == ARP and frame.body[7] == 1:
                self.wire.send(self.wire.arp(ARP_REPLY, HOST, GUEST,
                                             frame.source, frame.source))
            whole = joiner.add(frame) if frame.kind == IP else None
            if whole and whole[0] == ICMP and whole[1][0] == 0:
                answers[struct.unpack_from("!H", whole[1], 6)[0]] = whole[1]
        return answers

    def alive(self, tries=20):
        """A card that was flooded may still lose the first of these."""
        return any(self.echoes({9999: echo(9999, b"still there")}, 0.2)
                   for _ in range(tries))


@pytest.fixture(scope="module", params=sorted(ROOM))
def card(request, nic_program):
    made = Card(request.param, nic_program)
    made.greet()
    yield made
    made.guest.close()
    made.wire.close()


def test_arp_is_answered(card):
    card.wire.send(card.wire.arp(1, HOST, GUEST))
    answer = card.wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REPLY)
    assert answer and answer.to == card.wire.mac
    assert answer.source == answer.body[8:14] == card.wire.guest_mac


def test_echoes_of_all_sizes(card):
    pick = random.Random(4)
    sizes = [*range(0, 70), *range(1440, 1473), 100, 255, 256, 257, 511, 1000]
    sent = {n: echo(n, pick.randbytes(size)) for n, size in enumerate(sizes)}
    got = card.echoes(sent)
    assert sorted(got) == sorted(sent)
    for number, message in sent.items():
        assert got[number][4:] == message[4:], "size %d" % sizes[number]


def test_fragmented_echoes(card):
    pick = random.Random(5)
    sizes = (1473, 1480, 2960, 2961, 4000, 6543, 8000)
    sent = {n: echo(n, pick.randbytes(size)) for n, size in enumerate(sizes)}
    got = card.echoes(sent)
    assert {n: m[4:] for n, m in got.items()} == {n: m[4:] for n, m in sent.items()}


def test_two_thousand_pings(card):
    before = card.counters()
    for number in range(2000):
        card.wire.send(*card.wire.ip(HOST, GUEST, ICMP, echo(number, b"%064d" % number)))
        got = card.answers(1)
        assert got[number].endswith(b"%064d" % number)
    after = card.counters()
    assert after[0]["packets"] - before[0]["packets"] >= 2000
    assert after[1]["packets"] - before[1]["packets"] >= 2000
    assert after[0]["errs"] == before[0]["errs"]
    assert after[1]["errs"] == before[1]["errs"]


def test_burst_is_survived(card):
    """Virtio's buffers take it all; what an NE2000 loses is counted by nobody,
    but it goes on."""
    frames = [card.wire.ip(HOST, GUEST, ICMP, echo(n, bytes(1000)), number=n)[0]
              for n in range(300)]
    card.wire.send(*frames)
    got = card.answers(len(frames), timeout=10 if card.room > 100 else 0.5)
    assert len(got) == 300 if card.room > 100 else got
    assert card.alive()


def test_runts_and_giants(card):
    """QEMU pads what is too short, and a giant reaches no buffer whole: what
    of them arrives is no trouble."""
    head = card.wire.ether(IP, b"")[:14]
    for size in (14, 15, 20, 33, 1518, 1519, 1600, 2000, 4000, 9000):
        card.wire.send((head + b"\x45" + bytes(size))[:size])
    assert card.alive()


def test_down_and_up(card):
    card.guest.check("/nic eth0 down")
    assert not card.alive(tries=1)
    card.guest.check("/nic eth0 up")
    assert card.alive()
    for _ in range(20):
        card.guest.check("/nic eth0 down up")
    assert card.alive()


def test_mtu_cuts(card):
    """What is larger than the interface's MTU goes out in fragments."""
    card.guest.check("/nic eth0 mtu 600")
    card.wire.send(*card.wire.ip(HOST, GUEST, ICMP, echo(1, bytes(1200))))
    sizes = [card.wire.receive(lambda f: f.kind == IP) for _ in range(3)]
    card.guest.check("/nic eth0 mtu 1500")
    assert all(frame and len(frame.data) <= 614 for frame in sizes)
    assert card.guest.run("/nic eth0 mtu 1501")[1] == 1


def test_mac_changes(card):
    card.guest.check("/nic eth0 mac 02:00:00:00:00:77")
    old, card.wire.guest_mac = card.wire.guest_mac, bytes.fromhex("020000000077")
    try:
        assert card.alive()
    finally:
        card.guest.check("/nic eth0 mac " + old.hex(":"))
        card.wire.guest_mac = old
    assert card.alive()


def test_counters(card):
    before = card.counters()
    assert len(card.echoes({n: echo(n, bytes(86)) for n in range(5)})) == 5
    after = card.counters()
    for way in (0, 1):
        assert after[way]["packets"] - before[way]["packets"] == 5
        assert after[way]["bytes"] - before[way]["bytes"] == 5 * (14 + 20 + 8 + 86)


@pytest.mark.parametrize("kinds", [("virtio", "virtio"), ("virtio", "ne2k"),
                                   ("virtio-net-pci,disable-legacy=on", "ne2k")])
def test_two_cards(kinds, nic_program):
    """eth0 and eth1, each its own wire; one of them by virtio's modern face."""
    with Wire("52:54:00:00:00:0a") as first, Wire("52:54:00:00:00:0b") as second, \
            Guest(cmdline="ip=off", add=[nic_program + ":/nic"],
                  qemu=first.arguments(kinds[0]) + second.arguments(kinds[1])) as guest:
        for number, wire in enumerate((first, second)):
            wire.accept()
            guest.check("/nic eth%d addr 10.9.%d.2 mask 255.255.255.0 up" % (number, number))
        for number, wire in enumerate((first, second)):
            here, there = "10.9.%d.1" % number, "10.9.%d.2" % number
            wire.send(wire.arp(1, here, there))
            assert wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REPLY)
            wire.send(*wire.ip(here, there, ICMP, echo(1, b"here")))
            answer = wire.receive(lambda f: f.kind == IP)
            assert answer and answer.source == wire.guest_mac
            assert answer.body[12:20] == bytes([10, 9, number, 2, 10, 9, number, 1])


def test_link_goes_and_comes(nic_program, tmp_path):
    wire, monitor = Wire(), Monitor(str(tmp_path))
    with wire, closing(monitor), Guest(cmdline="ip=off", add=[nic_program + ":/nic"],
                              qemu=wire.arguments("virtio") + monitor.arguments()) as guest:
        guest.check("/nic eth0 up")
        assert "flags 1043" in guest.check("/nic eth0 show")
        for state, flags in (("off", "1003"), ("on", "1043")):
            monitor.command("set_link %s %s" % (wire.name, state))
            guest.check("until /nic eth0 show | grep -q 'flags %s'; do :; done" % flags)


@pytest.mark.parametrize("queue", [0, 1])
def test_device_that_lies(program, queue, tmp_path):
    """It tells of a thousand chains that it never had: the card is stopped,
    and works again when it has been down and up."""
    monitor = Monitor(str(tmp_path))
    card = Card("virtio", program("nic"), monitor.arguments())
    guest = card.guest
    with closing(monitor), closing(card.wire), guest:
        card.greet()
        guest.put(program("ruin"), "/ruin")
        bar = re.search(r"1af4:1000 .* bars (\w+)", guest.check("cat /proc/pci")).group(1)
        guest.check("/ruin %x %d" % (int(bar, 16) & ~3, queue))
        # Something for the driver to look at, without a frame in that queue:
        # QEMU would put it right.
        if queue:
            card.alive(1)
        for state in ("off", "on"):
            monitor.command("set_link %s %s" % (card.wire.name, state))
        guest.check("until dmesg | grep -q 'eth0: the device broke'; do :; done")
        assert card.counters()[0]["errs"] == 1
        assert not card.alive(1)
        guest.check("/nic eth0 down up")
        assert card.alive()


# --- what boot makes of it ------------------------------------------------------

@pytest.mark.parametrize("kind", sorted(ROOM))
def test_boot_gives_eth0_its_address(boot, kind):
    guest = boot(nic=kind, net="user")
    if "not supported" in guest.run("ifconfig")[0]:
        pytest.skip("no sockets of AF_INET yet")
    assert "inet addr:10.0.2.15  Bcast:10.0.2.255  Mask:255.255.255.0" in \
        guest.check("ifconfig eth0")
    assert re.search(r"^0\.0\.0\.0 +10\.0\.2\.2 ", guest.check("route -n"), re.MULTILINE)
    assert guest.check("cat /etc/resolv.conf") == "nameserver 10.0.2.3\n"


def test_boot_goes_on_without_an_address(boot):
    guest = boot(nic="virtio", net="user", cmdline="ip=nonsense")
    said = re.findall(r"^rc: eth0 is not set up: .*$", guest.text, re.MULTILINE)
    assert said == ["rc: eth0 is not set up: ip=nonsense: not ADDRESS/BITS,GATEWAY,DNS"]


def test_boot_without_a_card_says_nothing(boot):
    assert "eth0" not in boot().text

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

import pytest

from rig import Guest, machine as machines
from rig.frames import ARP, ICMP, IP, Joiner, Wire, echo

HOST, GUEST = "10.9.0.1", "10.9.0.2"
ARP_REPLY = 2
KINDS = ("virtio",)


@pytest.fixture(scope="session")
def nic_program(tmp_path_factory):
    out = str(tmp_path_factory.mktemp("net") / "nic")
    subprocess.run(["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-o", out,
                    os.path.join("tests", "net", "nic.c")],
                   cwd=machines.TOP, check=True)
    return out


class Card:
    """A machine with one card, set up, and its wire."""

    def __init__(self, kind, program):
        self.wire = Wire()
        self.guest = Guest(cmdline="ip=off", qemu=self.wire.arguments(kind),
                           add=[program + ":/nic"])
        self.wire.accept()
        self.guest.check("/nic eth0 addr %s mask 255.255.255.0 up" % GUEST)

    def counters(self, name="eth0"):
        """(in, out), each {bytes, packets, errs, drop}."""
        text = self.guest.check("cat /proc/net/dev")
        numbers = [int(n) for n in
                   re.search(name + r":([\d ]+)", text).group(1).split()]
        names = ("bytes", "packets", "errs", "drop")
        return dict(zip(names, numbers)), dict(zip(names, numbers[8:]))

    def answer_arp(self):
        """Until the guest has asked for us, or a second has passed."""
        asked = self.wire.receive(
            lambda f: f.kind == ARP and f.body[7] == 1 and
            f.body[24:28] == bytes([10, 9, 0, 1]), timeout=1)
        if asked:
            self.wire.send(self.wire.arp(ARP_REPLY, HOST, GUEST,
                                         self.wire.guest_mac, self.wire.guest_mac))

    def greet(self):
        """We know each other: later frames are not held up by a question."""
        self.wire.send(self.wire.arp(1, HOST, GUEST))
        assert self.wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REPLY)

    def echoes(self, messages, mtu=1500, timeout=10):
        """Sends all; gives the answers, by number."""
        for number, message in messages.items():
            self.wire.send(*self.wire.ip(HOST, GUEST, ICMP, message, mtu,
                                         number=number))
        return self.answers(len(messages), timeout)

    def answers(self, count, timeout=10):
        joiner, answers = Joiner(), {}
        while len(answers) < count:
            frame = self.wire.receive(lambda f: f.kind == IP, timeout)
            if frame is None:
                break
            whole = joiner.add(frame)
            if whole and whole[0] == ICMP and whole[1][0] == 0:
                answers[struct.unpack_from("!H", whole[1], 6)[0]] = whole[1]
        return answers


@pytest.fixture(scope="module", params=KINDS)
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

# SPDX-License-Identifier: BSD-2-Clause
"""test_two_cards.py - a machine between two wires, with a card of each kind: who
is asked and told where, what is passed on, and routes that come and go."""
import socket
import struct

import pytest

from rig import Guest
from rig.frames import (ARP, ARP_REPLY, ARP_REQUEST, BROADCAST, DONT_FRAGMENT, EXCEEDED, ICMP,
                        IP, UDP, UNREACHABLE, Host, Packet, Wire, echo, icmp)

LEFT, RIGHT = ("10.9.0.1", "10.9.0.2"), ("10.8.0.1", "10.8.0.2")    # theirs, the guest's
TOO_BIG = 4


class Between:
    def __init__(self, sock_program):
        wires = [Wire(), Wire("52:54:00:12:34:57", "02:00:00:00:00:02")]
        self.guest = Guest(cmdline="ip=%s/24" % LEFT[1], add=[sock_program + ":/sock"],
                           qemu=wires[0].arguments("virtio") + wires[1].arguments("ne2k"))
        for wire in wires:
            wire.accept()
        self.guest.check("ifconfig eth1 %s netmask 255.255.255.0" % RIGHT[1])
        self.left, self.right = (Host(wire, *names) for wire, names in
                                 zip(wires, (LEFT, RIGHT)))
        self.left.greet()
        self.right.greet()

    def close(self):
        self.guest.close()
        self.left.wire.close()
        self.right.wire.close()


@pytest.fixture(scope="module")
def between(sock_program):
    made = Between(sock_program)
    yield made
    made.close()


@pytest.fixture
def router(between):
    between.guest.check("sysctl -w net.ipv4.ip_forward=1")
    yield between
    between.guest.check("sysctl -w net.ipv4.ip_forward=0")


def pass_on(host, other, data=b"data", protocol=UDP, **more):
    """A packet of host's to other, by way of the guest."""
    host.wire.send(*host.wire.ip(host.address, other.address, protocol,
                                 struct.pack("!HHHH", 5, 6, 8 + len(data), 0) + data, **more))


def arrived(host, source, timeout=5):
    return host.receive(lambda p: p.source == source, timeout)


def test_both_answer(between):
    for number, host in enumerate((between.left, between.right)):
        host.send(ICMP, echo(number, b"hello"))
        assert host.received_icmp(0, 0)
    text = between.guest.check("cat /proc/net/dev")
    assert "eth0:" in text and "eth1:" in text


def test_each_is_asked_for_its_own_address(between):
    wire = between.left.wire
    wire.send(wire.arp(ARP_REQUEST, LEFT[0], RIGHT[1]))
    wire.send(wire.arp(ARP_REQUEST, LEFT[0], LEFT[1]))
    answer = wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REPLY)
    assert answer.body[14:18] == socket.inet_aton(LEFT[1])


def test_nothing_is_passed_on_unasked(between):
    pass_on(between.left, between.right)
    assert arrived(between.right, LEFT[0], 0.5) is None


def test_a_router_passes_on(router):
    before = int(router.guest.check("awk '/^Ip: [0-9]/ { print $7 }' /proc/net/snmp"))
    pass_on(router.left, router.right)
    packet = arrived(router.right, LEFT[0])
    assert packet.ttl == 63 and packet.payload.endswith(b"data")
    pass_on(router.right, router.left)
    assert arrived(router.left, RIGHT[0]).ttl == 63
    after = int(router.guest.check("awk '/^Ip: [0-9]/ { print $7 }' /proc/net/snmp"))
    assert after == before + 2


def test_a_router_says_what_went_wrong(router):
    router.guest.check("ifconfig eth1 mtu 600")
    pass_on(router.left, router.right, b"x" * 900, dont=DONT_FRAGMENT)
    error = router.left.received_icmp(UNREACHABLE, TOO_BIG)
    assert error.source == LEFT[1] and struct.unpack_from("!H", error.payload, 6)[0] == 600
    pass_on(router.left, router.right, b"x" * 900)
    assert len(arrived(router.right, LEFT[0]).payload) == 576
    assert len(arrived(router.right, LEFT[0]).payload) == 908 - 576
    router.guest.check("ifconfig eth1 mtu 1500")
    wire = router.left.wire
    wire.send(*wire.ip(LEFT[0], "10.7.0.1", UDP, b"12345678"))
    assert router.left.received_icmp(UNREACHABLE, 0)


def test_a_router_believes_no_martians(router):
    """Ours, loopback, broadcast, multicast and nobody as a source; and what was
    for all of a wire is for that wire alone."""
    wire = router.left.wire
    router.guest.check("ip route add default via %s" % RIGHT[0])
    for source in (LEFT[1], RIGHT[1], "127.0.0.1", "255.255.255.255", "224.0.0.1", "0.0.0.0",
                   "0.1.2.3", "10.9.0.255"):
        wire.send(*wire.ip(source, RIGHT[0], UDP, b"12345678"))
    for to in ("10.8.0.255", "255.255.255.255", "224.0.0.9", "127.0.0.1", "0.0.0.0", "0.1.2.3"):
        wire.send(*wire.ip(LEFT[0], to, UDP, b"12345678"))
    wire.send(wire.ip(LEFT[0], RIGHT[0], UDP, b"12345678")[0].replace(
        wire.guest_mac, BROADCAST, 1))
    pass_on(router.left, router.right, b"last")
    router.guest.check("ip route del default")
    packet = router.right.wire.receive(lambda f: f.kind == IP)
    assert Packet(packet).payload.endswith(b"last")


def test_no_time_stamps_for_broadcasts(between):
    wire = between.left.wire
    question = icmp(13, 0, bytes(12), 1)
    for to in ("10.9.0.255", "255.255.255.255"):
        wire.send(*wire.ip(LEFT[0], to, ICMP, question))
    assert between.left.received_icmp(14, 0, 0.5) is None
    between.left.send(ICMP, question)
    assert between.left.received_icmp(14, 0)


def talk(guest, *commands):
    """What sock.c answers to each."""
    text = "\\n".join(commands)
    return guest.check("printf '%s\\n' | /sock" % text).lower().splitlines()[-len(commands):]


def test_loopback_stays_inside(between):
    out, status = between.guest.run("ping -c 1 -W 1 -I 127.0.0.1 %s" % LEFT[0])
    assert status and "nvalid" in out
    between.left.wire.send(between.left.wire.arp(ARP_REQUEST, LEFT[0], LEFT[1]))
    assert between.left.wire.receive(lambda f: f.kind == IP or f.body[7] == ARP_REPLY).kind == ARP
    assert between.guest.run("ping -c 1 -W 1 -I 127.0.0.1 %s" % LEFT[1])[1] == 0
    assert talk(between.guest, "tcp", "bind 127.0.0.1 0", "connect %s 9" % LEFT[0],
                "connect %s 9" % LEFT[1])[2:] == ["invalid argument", "connection refused"]


def test_who_wants_no_gateway_has_none(between):
    guest = between.guest
    guest.check("ip route add default via %s" % LEFT[0])
    for kind in ("tcp", "udp"):
        assert talk(guest, kind, "option 1 5 1", "connect 10.6.0.1 9")[2] == "network unreachable"
    assert talk(guest, "udp", "connect 10.6.0.1 9", "option 1 5 1", "text hello")[3] == \
        "network unreachable"
    assert talk(guest, "udp", "option 1 5 1", "connect %s 9" % LEFT[0], "text hello")[3] == "5"
    guest.check("ip route del default")
    packet = between.left.receive(lambda p: p.protocol == UDP)
    assert packet.payload.endswith(b"hello")


def test_a_better_metric_wins(between):
    guest = between.guest
    guest.check("ip route add 10.6.0.0/16 via %s metric 5" % LEFT[0])
    guest.check("ip route add 10.6.0.0/16 via %s metric 2" % RIGHT[0])
    assert "dev eth1" in guest.check("ip route get 10.6.1.1")
    guest.check("ifconfig eth1 down")
    assert "dev eth0" in guest.check("ip route get 10.6.1.1")
    guest.check("ifconfig eth1 up; ip route del 10.6.0.0/16")
    assert "10.6" not in guest.check("ip route")


def test_routes_go_with_their_addresses(between):
    guest = between.guest
    guest.check("ip addr add 10.8.0.7/32 dev eth1")
    guest.check("ip route add 10.5.0.0/16 via %s src 10.8.0.7" % LEFT[0])
    assert "src 10.8.0.7" in guest.check("ip route get 10.5.1.1")
    guest.check("ip addr del 10.8.0.7/32 dev eth1")
    assert "10.5" not in guest.check("ip route")
    guest.check("ip route add 10.5.0.0/16 via %s" % RIGHT[0])
    guest.check("ifconfig eth1 0.0.0.0")
    assert "eth1" not in guest.check("ip route")
    guest.check("ifconfig eth1 %s netmask 255.255.255.0" % RIGHT[1])
    between.right.greet()


def test_traffic_while_a_card_goes_down(between):
    guest = between.guest
    guest.check("for n in 1 2 3 4 5 6 7 8; do (ping -c 20 -i 0 -s 1400 -W 1 %s >/dev/null 2>&1 &); "
                "done; for n in 1 2 3 4 5 6 7 8 9 10; do ifconfig eth1 down; ifconfig eth1 up; done"
                % RIGHT[0])
    between.right.greet()
    between.right.send(ICMP, echo(99, b"still there"))
    assert between.right.received_icmp(0, 0)

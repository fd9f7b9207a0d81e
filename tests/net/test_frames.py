# SPDX-License-Identifier: BSD-2-Clause
"""test_frames.py - ARP, ICMP, fragments and UDP, frame by frame."""
import random
import re
import socket
import struct
import time

from rig.frames import (ARP, ARP_REPLY, ARP_REQUEST, EXCEEDED, ICMP, IP, MORE_FRAGMENTS, UDP,
                        UNREACHABLE, Joiner, echo, icmp)

GUEST, ALIAS, OTHER = "10.9.0.2", "10.9.0.7", "10.9.0.9"
PROTOCOL_UNREACHABLE, PORT_UNREACHABLE = 2, 3
REASSEMBLY = 1
BLOB = random.Random(3).randbytes(4000)


def question_about(wire, address, timeout=5):
    return wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REQUEST and
                        f.body[24:28] == socket.inet_aton(address), timeout)


def answer_from(wire, address, timeout=5):
    return wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REPLY and
                        f.body[14:18] == socket.inet_aton(address), timeout)


def neighbour(guest, address):
    found = re.search(r"^%s .*? ([0-9a-f:]{17}) " % re.escape(address),
                      guest.check("cat /proc/net/arp"), re.MULTILINE)
    return found and found.group(1)


def reply(bench, number, timeout=5):
    """The payload of the echo reply of that number."""
    joiner, found = Joiner(), []

    def wanted(frame):
        whole = joiner.add(frame) if frame.kind == IP else None
        if whole and whole[0] == ICMP and whole[1][0] == 0 and \
                struct.unpack_from("!H", whole[1], 6)[0] == number:
            found.append(whole[1][8:])
        return found
    bench.wire.receive(wanted, timeout)
    return found[0] if found else None


def alive(bench, number):
    bench.host.send(ICMP, echo(number, b"alive"))
    return reply(bench, number) == b"alive"


# --- ARP: RFC 826, 5227 ------------------------------------------------------------

def test_arp_answers_for_its_own_addresses_only(bench):
    wire, host = bench.wire, bench.host
    bench.guest.check("ifconfig eth0:1 %s netmask 255.255.255.255" % ALIAS)
    for address in (OTHER, "127.0.0.1", "255.255.255.255", "10.9.0.255"):
        wire.send(wire.arp(ARP_REQUEST, host.address, address))
    for address in (GUEST, ALIAS):
        wire.send(wire.arp(ARP_REQUEST, host.address, address))
        answer = wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REPLY)
        assert answer.body[14:18] == socket.inet_aton(address)
        assert answer.to == wire.mac and answer.body[8:14] == wire.guest_mac


def test_arp_asks_once_and_what_waits_goes_out(bench):
    """Three packets to a neighbour that nobody knows: one question, and all of
    them behind the answer."""
    wire, guest = bench.wire, bench.guest
    guest.check("arp -d %s 2>/dev/null; for n in 1 2 3; do ping -c 1 -W 5 %s & done >/dev/null"
                % (OTHER, OTHER))
    assert question_about(wire, OTHER)
    wire.send(wire.arp(ARP_REPLY, OTHER, GUEST, wire.guest_mac, wire.guest_mac))
    for _ in range(3):
        frame = wire.receive(lambda f: f.kind in (IP, ARP))
        assert frame.kind == IP and frame.to == wire.mac
        assert frame.body[16:20] == socket.inet_aton(OTHER)
    guest.check("killall ping 2>/dev/null; arp -d %s" % OTHER)


def test_arp_learns_nothing_that_it_was_not_told(bench):
    """A question between others, and an answer that nobody asked for."""
    wire = bench.wire
    wire.send(wire.arp(ARP_REQUEST, "10.9.0.55", "10.9.0.56"),
              wire.arp(ARP_REPLY, "10.9.0.57", GUEST, wire.guest_mac, wire.guest_mac))
    assert alive(bench, 1)
    assert not neighbour(bench.guest, "10.9.0.55")
    assert not neighbour(bench.guest, "10.9.0.57")


def test_gratuitous_arp_moves_a_neighbour(bench):
    """RFC 5227 3: who is known and says that he has moved is believed."""
    wire, host, guest = bench.wire, bench.host, bench.guest
    assert neighbour(guest, host.address) == wire.mac.hex(":")
    old, wire.mac = wire.mac, bytes.fromhex("020000000002")
    try:
        wire.send(wire.arp(ARP_REQUEST, host.address, host.address))
        assert alive(bench, 2)
        assert neighbour(guest, host.address) == "02:00:00:00:00:02"
    finally:
        wire.mac = old
        wire.send(wire.arp(ARP_REQUEST, host.address, host.address))
        assert alive(bench, 3)


def test_a_new_address_is_announced(bench):
    bench.guest.check("ifconfig eth0:3 10.9.0.33 netmask 255.255.255.255")
    said = question_about(bench.wire, "10.9.0.33")
    assert said and said.body[14:18] == socket.inet_aton("10.9.0.33")
    assert said.to == b"\xff" * 6
    bench.guest.check("ifconfig eth0:3 down")


def test_a_new_hardware_address_is_announced(bench):
    """Or else those who know the old one send there as long as they remember."""
    wire, other = bench.wire, bytes.fromhex("525400aabbcc")
    for mac in (other, wire.guest_mac):
        bench.guest.check("ifconfig eth0 hw ether " + mac.hex(":"))
        said = question_about(wire, GUEST)
        assert said.source == said.body[8:14] == mac and said.to == b"\xff" * 6
        assert said.body[14:18] == socket.inet_aton(GUEST)


def test_an_address_of_ours_elsewhere_is_a_conflict(bench):
    """It is told to the log and defended, once in a while: RFC 5227 2.4."""
    wire = bench.wire
    for _ in range(5):
        wire.send(wire.arp(ARP_REQUEST, GUEST, GUEST))
    defence = question_about(wire, GUEST)
    assert defence and defence.source == wire.guest_mac
    assert not question_about(wire, GUEST, 0.3)
    lines = {line for line in bench.guest.check("dmesg").splitlines()
             if GUEST in line and wire.mac.hex(":") in line}
    assert len(lines) == 1
    assert alive(bench, 4)


def test_arp_bad_messages(bench):
    wire = bench.wire
    good = wire.arp(ARP_REQUEST, bench.host.address, GUEST)
    for at, value in ((14, b"\0\6"), (16, b"\x86\xdd"), (18, b"\7\4"), (19, b"\5"),
                      (21, b"\x09")):
        wire.send(good[:at] + value + good[at + len(value):])
    wire.send(good[:14 + 27])
    assert not answer_from(wire, GUEST, 0.3)
    assert alive(bench, 5)


def test_a_neighbour_is_asked_again_and_given_up(jumping):
    """After a minute it is asked, used meanwhile; when nobody answers, the sender
    is told, and the entry goes. A shell that is busy keeps time from jumping while
    nothing is typed."""
    wire, host, guest = jumping.wire, jumping.host, jumping.guest
    guest.check("while :; do :; done & true")
    host.greet()
    assert neighbour(guest, host.address)
    host.arp = False
    guest.check("kill $!; sleep 61; ping -c 1 -W 1 %s >/dev/null & sleep 1" % host.address)
    first = wire.receive(lambda f: f.kind in (ARP, IP))
    second = wire.receive(lambda f: f.kind in (ARP, IP))
    assert {first.kind, second.kind} == {ARP, IP}
    output, status = guest.run("sleep 10; ping -c 1 -W 9 %s" % host.address)
    assert status == 1
    assert neighbour(guest, host.address) in (None, "00:00:00:00:00:00")
    jumping.sock("tcp")
    jumping.say("connect %s 9" % host.address)
    guest.check("sleep 9")
    assert jumping.answer() == "Host is unreachable"
    host.arp = True


# --- ICMP: RFC 792, 1122 -----------------------------------------------------------

def test_echo(bench):
    for size in (0, 1, 56, 1472):
        bench.host.send(ICMP, echo(size + 100, BLOB[:size]))
        assert reply(bench, size + 100) == BLOB[:size]


def test_echo_that_is_not_answered(bench):
    """Wrong sums; to all; from nobody, from all."""
    wire, host = bench.wire, bench.host
    bad = echo(7, b"bad")
    host.send(ICMP, bad[:2] + b"\0\0" + bad[4:])
    for source, to in ((host.address, "10.9.0.255"), (host.address, "255.255.255.255"),
                       (host.address, "224.0.0.1"), ("255.255.255.255", GUEST),
                       ("127.0.0.1", GUEST), ("224.0.0.5", GUEST), (GUEST, GUEST),
                       (host.address, "127.0.0.1"), (host.address, OTHER)):
        wire.send(*wire.ip(source, to, ICMP, echo(8, b"bad")))
    frame = wire.ip(host.address, GUEST, ICMP, echo(9, b"bad"))[0]
    wire.send(frame[:24] + b"\xff\xff" + frame[26:])          # the header's sum
    wire.send(frame[:14] + b"\x55" + frame[15:])              # version 5
    wire.send(frame[:14] + b"\x44" + frame[15:])              # a header of 16 bytes
    wire.send(frame[:16] + b"\x0f\xff" + frame[18:])          # longer than the frame
    host.send(ICMP, echo(10, b"good"))
    answer = wire.receive(lambda f: f.kind == IP)
    assert answer.body[28:32] == b"good"[:4] and answer.body[26:28] == b"\0\x0a"


def test_unreachable_port_and_protocol(bench):
    """RFC 1122 3.2.2: with the header and at least 8 bytes of what came."""
    host = bench.host
    for protocol, code in ((UDP, PORT_UNREACHABLE), (200, PROTOCOL_UNREACHABLE)):
        if protocol == UDP:
            host.udp(5, 4444, b"anybody?", number=77)
        else:
            host.send(protocol, b"anybody at home?", number=77)
        told = host.received_icmp(UNREACHABLE, code)
        about = told.payload[8:]
        assert about[4:6] == b"\0\x4d" and about[9] == protocol and len(about) >= 28


def test_no_error_about_what_must_not_cause_one(bench):
    """Broadcast, another than the first piece, an ICMP error."""
    wire, host = bench.wire, bench.host
    datagram = struct.pack("!HHHH", 5, 4444, 16, 0) + b"anybody?"
    wire.send(*wire.ip(host.address, "10.9.0.255", UDP, datagram))
    wire.send(wire.ether(IP, wire.ip(host.address, GUEST, UDP, datagram)[0][14:],
                         b"\xff" * 6))
    wire.send(wire.piece(host.address, GUEST, 200, bytes(16), 8, 0, 5))
    host.send(ICMP, icmp(UNREACHABLE, 3, bytes(28)))
    host.send(ICMP, icmp(40, 0, bytes(28)))
    assert not host.received_icmp(UNREACHABLE, PORT_UNREACHABLE, 0.3)
    assert alive(bench, 11)


def test_errors_are_limited(bench):
    """A burst of 2000 datagrams for nobody is answered by far fewer errors: 50, and
    one more for each millisecond that it took."""
    host = bench.host
    frames = host.datagram(5, 4444, b"") * 100
    before, start = int(snmp(bench.guest, "Icmp", "OutDestUnreachs")), time.monotonic()
    for at in range(0, 2000, 100):
        bench.wire.send(*frames)
        assert alive(bench, 2000 + at)      # the ring has room again
    took = time.monotonic() - start
    sent = int(snmp(bench.guest, "Icmp", "OutDestUnreachs")) - before
    assert 50 <= sent <= 50 + 1000 * (took + 0.1)
    assert sent < 2000
    assert int(snmp(bench.guest, "Udp", "NoPorts")) >= 2000


def snmp(guest, row, column):
    names, values = [line.split() for line in guest.check("cat /proc/net/snmp").splitlines()
                     if line.startswith(row + ":")]
    return values[names.index(column)]


# --- fragments: RFC 791, 815, 1858, 5722 -------------------------------------------

def pieces(bench, number, cuts, size=3000):
    """An echo of that size in fragments (at, length)."""
    host, message = bench.host, echo(number, BLOB[:size])
    return [bench.wire.piece(host.address, GUEST, ICMP, message[at:at + length], at,
                             MORE_FRAGMENTS if at + length < len(message) else 0, number)
            for at, length in cuts]


WHOLE = [(0, 1000), (1000, 1000), (2000, 1008)]


def test_fragments_in_any_order(bench):
    for number, order in enumerate(((0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)), 200):
        parts = pieces(bench, number, WHOLE)
        bench.wire.send(*[parts[n] for n in order])
        assert reply(bench, number) == BLOB[:3000]


def test_packets_in_turn_do_not_mix(bench):
    one, two = pieces(bench, 210, WHOLE), pieces(bench, 211, WHOLE)
    bench.wire.send(*[part for pair in zip(one, two) for part in pair])
    assert reply(bench, 210) == reply(bench, 211) == BLOB[:3000]


def test_a_fragment_that_comes_twice(bench):
    parts = pieces(bench, 220, WHOLE)
    bench.wire.send(parts[0], parts[0], parts[1], parts[1], parts[2])
    assert reply(bench, 220) == BLOB[:3000]


def test_fragments_that_overlap_are_dropped(bench):
    """With other bytes where they overlap, which is somebody's trick."""
    for number, cuts in enumerate(([(0, 1008), (1000, 1000), (2000, 1008)],
                                   [(2000, 1008), (0, 1000), (992, 1008)],
                                   [(0, 2000), (1000, 500), (2000, 1008)]), 230):
        bench.wire.send(*pieces(bench, number, cuts))
        assert reply(bench, number, 0.2) is None
    assert alive(bench, 12)


def test_fragments_beyond_the_largest_packet(bench):
    """The ping of death; and pieces of no multiple of 8."""
    host, wire = bench.host, bench.wire
    wire.send(wire.piece(host.address, GUEST, ICMP, bytes(1400), 65528, 0, 240),
              wire.piece(host.address, GUEST, ICMP, echo(240, bytes(992)), 0,
                         MORE_FRAGMENTS, 240))
    wire.send(wire.piece(host.address, GUEST, ICMP, bytes(1001), 0, MORE_FRAGMENTS, 241),
              wire.piece(host.address, GUEST, ICMP, b"", 8, MORE_FRAGMENTS, 242))
    assert alive(bench, 13)


def test_many_packets_that_are_never_whole(bench):
    """They cost a bounded amount, and the next whole one gets through."""
    before = free(bench.guest)
    for round_ in range(30):
        bench.wire.send(*[bench.wire.piece(bench.host.address, GUEST, UDP, bytes(1400), 0,
                                           MORE_FRAGMENTS, 1000 + 100 * round_ + n)
                          for n in range(100)])
        assert alive(bench, 3000 + round_)
    assert before - free(bench.guest) < 3000
    bench.wire.send(*pieces(bench, 250, WHOLE))
    assert reply(bench, 250) == BLOB[:3000]


def free(guest):
    return int(re.search(r"MemFree: +(\d+)", guest.check("cat /proc/meminfo")).group(1))


def test_what_is_not_whole_in_time(jumping):
    """RFC 792: the sender is told, if the first piece had come."""
    host = jumping.host
    host.greet()
    parts = pieces(jumping, 260, WHOLE)
    jumping.wire.send(parts[0], parts[2])
    jumping.guest.check("sleep 60")
    told = host.received_icmp(EXCEEDED, REASSEMBLY)
    assert told and told.payload[8:][4:6] == struct.pack("!H", 260)
    jumping.wire.send(parts[1])
    assert reply(jumping, 260, 0.2) is None


# --- UDP: RFC 768, 1122 4.1 --------------------------------------------------------

def test_udp_checksums(bench):
    """Right is taken, none too; wrong is not, and neither is a wrong length."""
    host = bench.host
    bench.sock("udp", "bind 900")
    host.udp(5, 900, b"wrong", wrong=1)
    good = struct.pack("!HHHH", 5, 900, 4000, 0) + b"long"
    host.send(UDP, good)
    host.send(UDP, struct.pack("!HHHH", 5, 900, 7, 0) + b"short")
    host.send(UDP, b"\0\5\x03\x84")
    host.udp(5, 900, b"none", wrong=None)
    host.udp(5, 900, b"right")
    assert [bench.do("read 100") for _ in range(2)] == ["none", "right"]


def test_udp_in_fragments_and_padding(bench):
    host = bench.host
    bench.sock("udp", "bind 901")
    text = b"0123456789" * 300
    host.udp(5, 901, text, number=500)
    host.udp(5, 901, b"x")              # shorter than a frame
    assert bench.do("read 4000") == text.decode()
    assert bench.do("read 4000") == "x"


def test_udp_from_the_guest_has_a_sum(bench):
    host = bench.host
    bench.sock("udp", "connect %s 999" % host.address, "text hello")
    packet = host.receive(lambda p: p.protocol == UDP)
    from rig.frames import transport_sum
    assert transport_sum(packet.source, packet.to, UDP, packet.payload) == 0
    assert packet.payload[8:] == b"hello" and packet.payload[6:8] != b"\0\0"


def test_udp_hears_that_nobody_is_there(bench):
    """Only who is connected, and only about what he sent."""
    host = bench.host
    bench.sock("udp", "connect %s 998" % host.address, "text hello")
    packet = host.receive(lambda p: p.protocol == UDP)
    forged = packet.whole[:20] + b"\0\1" + packet.whole[22:]
    host.send(ICMP, icmp(UNREACHABLE, PORT_UNREACHABLE, forged[:28]))
    assert alive(bench, 14)
    assert bench.do("error") == "0"
    host.send(ICMP, icmp(UNREACHABLE, PORT_UNREACHABLE, packet.whole[:28]))
    assert alive(bench, 15)
    assert bench.do("read 10") == "Connection refused"

# SPDX-License-Identifier: BSD-2-Clause
"""test_frames_tcp.py - TCP, segment by segment: RFC 9293 and what belongs to it.

Where minutes must pass, the machine is one whose time jumps; how long it waited
is then told by its own timestamps.
"""
import random
import struct

import pytest

from rig.frames import (ACK, FIN, NEEDS_FRAGMENTS, PSH, RST, SYN, TCP, UNREACHABLE,
                        Connection, Host, Segment, icmp)
from rig.guest import time_scale

MSS, SCALE, SACK_OK, SACK, TIME = 2, 3, 4, 5, 8
ESTABLISHED, SYN_SENT, SYN_RECEIVED, FIN_WAIT1, FIN_WAIT2, TIME_WAIT = 1, 2, 3, 4, 5, 6
CLOSE_WAIT, LAST_ACK, CLOSING = 8, 9, 11
FULL = 1460


def mss(n):
    return struct.pack("!BBH", MSS, 4, n)


def timestamp(value=1, echo=0):
    return struct.pack("!BBII", TIME, 10, value, echo)


ALL = mss(FULL) + b"\4\2" + timestamp() + b"\1\3\3\7"


@pytest.fixture(scope="module")
def jumping(jumping):
    """Knows us for good: its question could be too old when we come to answer."""
    jumping.guest.check("arp -s %s %s" % (jumping.host.address, jumping.wire.mac.hex(":")))
    return jumping


def quiet(connection, seconds=0.3):
    """Seconds on any machine: with more, the guest would begin to send again."""
    return connection.receive(seconds / time_scale()) is None


def after_handshake(connection):
    """Where time jumps, the SYN-ACK may have come again meanwhile."""
    return connection.receive(5, lambda s: not s.flags & SYN)


def sacked(segment):
    data = segment.options.get(SACK, b"")
    return [struct.unpack_from("!II", data, at) for at in range(0, len(data), 8)]


# --- the beginning: 3.5, 3.10.7.2, 3.10.7.3 ----------------------------------------

def test_handshake_with_all_options(bench):
    answer = bench.established(options=ALL).synack
    assert answer.options[MSS] == struct.pack("!H", FULL)
    assert answer.options[SCALE] == b"\7" and answer.options[SACK_OK] == b""
    assert answer.options[TIME][4:] == struct.pack("!I", 1)


def test_handshake_without_options(bench):
    """What was not offered is not answered: RFC 7323 1.3, 2018 2."""
    answer = bench.established().synack
    assert list(answer.options) == [MSS]
    connection = bench.connected()
    assert {MSS, SCALE, SACK_OK, TIME} == set(connection.syn.options)
    bench.do("write 3000")
    assert TIME not in connection.take().options


@pytest.mark.parametrize("options,expected", [
    (b"\1\1\1\1" + mss(900), 900), (b"\3\3\2\1" + mss(900), 900),   # any order, padding
    (b"\xfd\4\x12\x34" + mss(900), 900),                            # an unknown one
    (b"\0" + mss(900), 536), (b"", 536),                            # the end; none
    (b"\1\1\2\4", 536), (b"\2\3\5\1", 536), (b"\xfd\0\2\4\3\x84", 536),
    (b"\xfd\1\2\4\3\x84", 536), (b"\xfd\xff\2\4\3\x84", 536),       # broken: as if none
    (mss(0), 536), (mss(1), 48), (mss(65535), FULL)])
def test_options_of_a_syn(bench, options, expected):
    """MUST-4, MUST-5, MUST-6, MUST-7: how large the segments are that follow."""
    connection = bench.established(options=options + b"\0" * (-len(options) % 4))
    bench.do("write 4000")
    assert len(connection.take().data) == expected


def test_segments_that_nobody_expects(bench):
    """3.10.7.1: no connection. A RST is never answered."""
    for flags, seq, ack, expected in (
            (SYN, 100, 0, (RST | ACK, 0, 101)), (ACK, 100, 555, (RST, 555, 0)),
            (FIN, 100, 0, (RST | ACK, 0, 101)), (RST, 100, 0, None),
            (RST | ACK, 100, 555, None), (SYN | ACK, 100, 555, (RST, 555, 0))):
        connection = Connection(bench.host, 4321)
        connection.send(flags, seq=seq, ack=ack)
        got = connection.receive(5 if expected else 0.2)
        assert (got and (got.flags, got.seq, got.ack)) == expected


def test_segments_at_a_listener(bench):
    """3.10.7.2; and a checksum that is wrong, and a SYN to everybody."""
    port = bench.listen()
    connection = Connection(bench.host, port)
    connection.send(RST, seq=5)
    connection.send(SYN, seq=5, wrong=1)
    connection.send(FIN, seq=5)
    connection.send(0, seq=5)
    bench.wire.send(*bench.wire.ip(bench.host.address, "10.9.0.255", TCP, bytes(20)))
    assert quiet(connection)
    connection.send(ACK, seq=5, ack=777)
    answer = connection.receive()
    assert (answer.flags, answer.seq) == (RST, 777)
    connection.open()


def test_half_of_a_handshake(bench):
    """SYN-RECEIVED: a wrong ACK is reset, and does no harm; a RST ends it."""
    port = bench.listen()
    connection = Connection(bench.host, port)
    connection.send(SYN)
    answer = connection.take()
    connection.send(ACK, ack=answer.seq + 100)
    reset = connection.receive()
    assert reset.flags == RST and reset.seq == answer.seq + 100
    connection.send(SYN, seq=connection.seq - 1)            # ours was lost
    again = connection.receive()
    assert (again.flags, again.seq) == (SYN | ACK, answer.seq)
    connection.send(RST)
    connection.send(ACK)
    assert connection.receive().flags == RST


def test_syn_sent(bench):
    """3.10.7.3: an ACK of what was not sent is reset, a RST without ACK ignored."""
    connection = bench.connecting()
    connection.send(SYN | ACK, seq=5, ack=connection.ack + 5)
    reset = connection.receive()
    assert reset.flags == RST and reset.seq == connection.ack + 5
    connection.send(RST, seq=5)
    connection.send(RST | ACK, seq=5, ack=connection.ack - 1)
    connection.send(FIN, seq=5)
    assert bench.state(connection) == SYN_SENT
    connection.send(RST | ACK, seq=5)
    assert bench.answer() == "Connection refused"


def test_both_open_at_once(bench):
    """3.5: SYNs cross."""
    connection = bench.connecting()
    connection.send(SYN)
    answer = connection.receive()
    assert answer.flags == SYN | ACK and answer.seq == connection.ack - 1
    assert bench.state(connection) == SYN_RECEIVED
    connection.send(SYN | ACK, seq=connection.seq - 1)
    assert bench.answer() == "0"
    connection.send(ACK, b"hello")
    assert bench.do("read 9") == "hello"


def test_a_burst_beyond_the_backlog_loses_nothing(bench):
    """Who was answered may send at once, and is let in."""
    port = bench.listen(backlog=1)
    all_ = [Connection(bench.host, port) for _ in range(100)]
    for connection in all_:
        connection.send(SYN)
    answers = {}
    while len(answers) < len(all_):
        packet = bench.host.receive(lambda p: p.protocol == TCP)
        segment = Segment(packet)
        if segment.flags == SYN | ACK and segment.sport == port:
            answers[segment.dport] = segment.seq
    for number, connection in enumerate(all_):
        connection.ack = answers[connection.ours] + 1
        connection.send(ACK | PSH, b"%d" % number)
    text = bench.guest.check("until [ $(grep -c ' %04X:\\| 01 ' /proc/net/tcp) -ge 100 ]; "
                             "do usleep 10000; done; grep -c ' 01 ' /proc/net/tcp" % port)
    assert int(text) >= 100
    assert bench.do("accept") == "0" and bench.do("read 9") == "0"


@pytest.fixture
def routed(bench):
    """Everything that the guest answers to strangers comes to us."""
    bench.guest.check("route add default gw %s" % bench.host.address)
    yield bench
    bench.guest.check("route del default")


def test_a_client_gets_through_a_flood(routed):
    """RFC 4987: 2000 SYNs from anywhere whose senders are not heard of again, and
    among them who wants to be served: each is answered at once, and is let in."""
    port, strangers, clients = routed.listen(), random.Random(4987), []
    for number in range(20):
        for _ in range(100):
            stranger = Host(routed.wire, "198.18.%d.%d" %
                            (strangers.randrange(256), strangers.randrange(1, 255)),
                            routed.host.guest)
            Connection(stranger, port, strangers.randrange(1024, 65536),
                       strangers.randrange(1 << 32)).send(SYN, options=mss(FULL))
        client = Connection(routed.host, port)
        client.open(options=mss(FULL))
        client.send(ACK | PSH, b"client %d" % number)
        answer = client.receive(wanted=lambda s, end=client.seq: s.ack == end)
        assert answer and answer.flags == ACK, number
        clients.append(client)
    assert routed.do("accept") == "0"
    assert routed.do("read 9") == "client 0"
    for client in clients:
        client.send(RST)


# --- resets: RFC 9293 3.10.7.4, 5961 3 ---------------------------------------------

def to_established(bench):
    return bench.established()


def to_close_wait(bench):
    connection = bench.established()
    connection.send(FIN | ACK)
    connection.receive()
    return connection


def to_last_ack(bench):
    connection = to_close_wait(bench)
    bench.do("shut")
    connection.take()
    return connection


def to_fin_wait1(bench):
    connection = bench.established()
    bench.do("shut")
    assert after_handshake(connection).flags == FIN | ACK
    return connection


def to_fin_wait2(bench):
    connection = to_fin_wait1(bench)
    connection.ack += 1
    connection.send(ACK)
    return connection


def to_closing(bench):
    connection = to_fin_wait1(bench)
    connection.send(FIN | ACK)
    connection.receive()
    return connection


def to_time_wait(bench):
    connection = to_fin_wait2(bench)
    connection.send(FIN | ACK)
    connection.receive()
    return connection


STATES = {ESTABLISHED: to_established, CLOSE_WAIT: to_close_wait, LAST_ACK: to_last_ack,
          FIN_WAIT1: to_fin_wait1, FIN_WAIT2: to_fin_wait2, CLOSING: to_closing,
          TIME_WAIT: to_time_wait}


@pytest.mark.parametrize("state", sorted(STATES))
def test_reset_in_each_state(bench, state):
    """Beyond the window: ignored. In it: asked about. Exactly next: the end; but
    TIME-WAIT is not cut short (RFC 1337)."""
    connection = STATES[state](bench)
    assert bench.state(connection) == state
    connection.send(RST, seq=connection.seq + 1_000_000)
    connection.send(RST, seq=connection.seq - 1)
    assert quiet(connection, 0.1)
    connection.send(RST, seq=connection.seq + 10)
    challenge = connection.receive(0.1 if state == TIME_WAIT else 5,
                                   lambda s: s.flags == ACK)
    assert state == TIME_WAIT or challenge.ack == connection.seq
    assert bench.state(connection) == state
    connection.send(RST)
    assert bench.state(connection) == (TIME_WAIT if state == TIME_WAIT else None)


@pytest.mark.parametrize("state", sorted(STATES))
def test_syn_in_each_state(bench, state):
    """RFC 5961 4: challenged, wherever it lies, but for a new beginning."""
    connection = STATES[state](bench)
    connection.send(SYN, seq=connection.seq - 5 if state == TIME_WAIT else connection.seq + 9)
    challenge = connection.receive(5, lambda s: s.flags == ACK)
    assert challenge.ack == connection.seq
    assert bench.state(connection) == state


def test_reset_is_told_to_the_program(bench):
    for commands, error in ((["read 5"], "Connection reset by peer"),
                            (["write 5", "write 5"], "Connection reset by peer")):
        connection = bench.established()
        connection.send(RST)
        assert bench.do(commands[0]) == error
    connection = to_close_wait(bench)
    connection.send(RST)
    assert bench.do("write 5") == "Broken pipe"


def test_challenges_are_limited(bench):
    """RFC 5961 7."""
    connection, count = bench.established(), 0
    for _ in range(200):
        connection.send(SYN, seq=connection.seq + 9)
    while connection.receive(0.2):
        count += 1
    assert 1 <= count <= 20


def test_acks_that_cannot_be(bench):
    """RFC 5961 5: of what was not sent, and of very long ago."""
    for wrong in (1000, -200_000_000):
        connection = bench.established()
        connection.send(ACK, b"bad", seq=connection.seq, ack=connection.ack + wrong)
        answer = connection.receive()
        assert answer.flags == ACK and answer.ack == connection.seq
        connection.send(ACK, b"good")
        assert bench.do("read 9") == "good"


# --- text: 3.10.7.4, sixth; RFC 2018 -----------------------------------------------

def test_segments_out_of_order(bench):
    """They are kept, told as SACK blocks (the latest first), and read in order."""
    connection = bench.established(options=mss(FULL) + b"\4\2\1\1")
    at = connection.seq
    connection.send(ACK, b"cc", seq=at + 4)
    assert sacked(connection.receive()) == [(at + 4, at + 6)]
    connection.send(ACK, b"ee", seq=at + 8)
    assert sacked(connection.receive()) == [(at + 8, at + 10), (at + 4, at + 6)]
    connection.send(ACK, b"cdd", seq=at + 5)               # overlaps
    assert sacked(connection.receive())[0] == (at + 4, at + 10)
    connection.send(ACK, b"aabb", seq=at)
    answer = connection.receive()
    assert answer.ack == at + 10 and not sacked(answer)
    assert bench.do("read 99") == "aabbccddee"


def test_text_at_the_edges_of_the_window(bench):
    connection = bench.established()
    at = connection.seq
    connection.send(ACK, b"hello", seq=at)
    connection.send(ACK, b"hello", seq=at)                  # twice
    assert connection.receive(wanted=lambda s: s.ack == at + 5)
    connection.send(ACK, b"lo, world", seq=at + 3)          # half of it is old
    connection.send(ACK, b"far", seq=at + 10_000_000)       # beyond
    connection.send(ACK, b"old", seq=at - 3)
    connection.seq = at + 12
    connection.send(ACK, b"!")
    got = ""
    while len(got) < 13:
        got += bench.do("read 99")
    assert got == "hello, world!"


@pytest.mark.parametrize("seq", [0xffffffff - n for n in (0, 1, 2, 5, 1000, 1461)])
def test_numbers_wrap(bench, seq):
    connection = bench.established(seq=seq)
    text = bytes(97 + n % 26 for n in range(3000))
    connection.send(ACK, text[1460:2920], seq=connection.seq + 1460)
    connection.send(ACK, text[:1460], seq=connection.seq)
    connection.send(ACK, text[2920:], seq=connection.seq + 2920)
    got = ""
    while len(got) < 3000:
        got += bench.do("read 3000")
    assert got.encode() == text
    assert connection.receive(wanted=lambda s: s.ack == (seq + 1 + 3000) & 0xffffffff)


def test_every_second_segment_is_acknowledged(bench):
    """RFC 9293 3.8.6.3; one alone after a while, which is 40 ms here."""
    connection = bench.established()
    for _ in range(20):                                     # past the quick ones
        connection.send(ACK, bytes(FULL))
        connection.send(ACK, bytes(FULL))
        assert connection.receive(wanted=lambda s: s.ack == connection.seq)
    connection.send(ACK, b"one")
    answer = connection.receive()
    assert answer.ack == connection.seq and not answer.data


def test_old_timestamps_are_refused(bench):
    """RFC 7323 5.3: PAWS."""
    connection = bench.established(options=mss(FULL) + timestamp(1000) + b"\1\1", value=1000)
    stamps = {number: struct.pack("!BBBBII", 1, 1, 8, 10, number, connection.clock)
              for number in (900, 1001)}
    connection.send(ACK, b"new", options=stamps[1001])
    assert bench.do("read 9") == "new"
    connection.send(ACK, b"old", seq=connection.seq, options=stamps[900])
    assert connection.receive(wanted=lambda s: s.ack == connection.seq)
    connection.send(ACK, b"good", options=stamps[1001])
    assert bench.do("read 9") == "good"


# --- sending: windows, Nagle, losses -----------------------------------------------

def burst(connection, seconds=0.3):
    """All that comes now, in order; before any of it comes again."""
    got = []
    while True:
        segment = connection.take(seconds / time_scale())
        if not segment:
            return got
        got.append(segment)


def test_the_first_window_is_ten_segments(bench):
    """RFC 6928; then, as they are acknowledged, slow start."""
    connection = bench.established(options=mss(FULL))
    bench.say("write 200000")
    first = burst(connection)
    assert len(first) == 10 and all(len(s.data) == FULL for s in first)
    connection.send(ACK, ack=first[9].seq + FULL)
    assert 10 < len(burst(connection)) <= 30


def test_the_window_is_not_overrun(bench):
    connection = bench.established(options=mss(FULL), window=5000)
    bench.say("write 20000")
    assert sum(len(s.data) for s in burst(connection)) in range(2 * FULL, 5001)


def test_nagle(bench):
    """3.7.4: a small one waits while another is under way; not with TCP_NODELAY."""
    connection = bench.established()
    bench.do("text one")
    assert connection.take().data == b"one"
    bench.do("text two")
    bench.do("text three")
    assert quiet(connection, 0.1)
    connection.send(ACK)
    assert connection.take().data == b"twothree"
    bench.do("option 6 1 1")
    bench.do("text four")
    assert connection.take().data == b"four"


def test_fast_retransmit(bench):
    """RFC 5681 3.2, 6675: the third duplicate brings what was lost, at once."""
    connection = bench.established(options=mss(FULL) + b"\4\2\1\1")
    bench.say("write 14600")
    sent = burst(connection)
    assert len(sent) == 10
    lost = sent[0]
    for number in range(1, 4):
        block = struct.pack("!BBBBII", 1, 1, SACK, 10, sent[1].seq,
                            sent[number].seq + FULL)
        assert number == 1 or quiet(connection, 0.03)
        connection.send(ACK, ack=lost.seq, options=block)
    again = connection.receive(0.15)
    assert (again.seq, again.data) == (lost.seq, lost.data)
    connection.send(ACK, ack=sent[9].seq + FULL)
    assert quiet(connection, 0.3)


def test_fast_retransmit_without_sack(bench):
    """RFC 6582: the next hole, when an ACK moves only a part."""
    connection = bench.established(options=mss(FULL))
    bench.say("write 14600")
    sent = burst(connection)
    for _ in range(3):
        connection.send(ACK, ack=sent[0].seq)
    assert connection.receive(0.15).seq == sent[0].seq
    connection.send(ACK, ack=sent[4].seq)                   # partial
    assert connection.receive(0.15).seq == sent[4].seq


def test_retransmission_backs_off(jumping):
    """RFC 6298 5.5: twice as long each time; then the program is told. The first is
    no less than 200 ms; more, where the handshake's time has jumped."""
    connection = jumping.established(options=ALL)
    jumping.say("text hello")
    jumping.say("read 9")
    clocks = [connection.take().clock]
    while True:
        segment = connection.receive(5, lambda s: s.data)
        if not segment:
            break
        assert segment.data == b"hello"
        clocks.append(segment.clock)
    gaps = [b - a for a, b in zip(clocks, clocks[1:])]
    assert len(gaps) == 15, gaps
    assert gaps[0] >= 195, gaps
    for before, after in zip(gaps, gaps[1:]):
        assert 1.9 * before <= after <= 2.1 * before or 118_000 <= after <= 122_000, gaps
    assert jumping.answer() == "Operation timed out"


def test_a_syn_that_nobody_answers(jumping):
    """RFC 6298 5.7, 9293 3.8.3: 1, 2, 4, ... seconds; six times, as Linux."""
    connection = jumping.connecting()
    clocks = [connection.syn.clock]
    for _ in range(6):
        clocks.append(connection.receive().clock)
    gaps = [b - a for a, b in zip(clocks, clocks[1:])]
    for number, gap in enumerate(gaps):
        assert 950 << number <= gap <= 1100 << number, gaps
    jumping.guest.check("sleep 70")
    assert jumping.answer() == "Operation timed out"


def test_a_synack_that_nobody_answers(jumping):
    connection = Connection(jumping.host, jumping.listen())
    connection.send(SYN, options=ALL)
    clocks = [connection.take().clock]
    for _ in range(5):
        clocks.append(connection.receive().clock)
    gaps = [b - a for a, b in zip(clocks, clocks[1:])]
    for number, gap in enumerate(gaps):
        assert 950 << number <= gap <= 1600 << number, gaps
    assert quiet(connection)


def test_a_closed_window_is_probed(jumping):
    """3.8.6.1: later and later, but for ever; and when it opens all goes on."""
    connection = jumping.established(options=ALL, window=0)
    jumping.do("write 3000")
    probes = [after_handshake(connection) for _ in range(6)]
    gaps = [b.clock - a.clock for a, b in zip(probes, probes[1:])]
    assert all(len(s.data) <= 1 for s in probes)
    assert all(after > 1.8 * before for before, after in zip(gaps, gaps[1:])), gaps
    connection.window = 10000
    connection.send(ACK)
    got = b""
    while len(got) < 3000:
        segment = connection.take()
        at = segment.seq - connection.synack.seq - 1
        got = got[:at] + segment.data
        connection.send(ACK)
    assert got == bytes(97 + n % 26 for n in range(3000))


def test_keepalive(jumping):
    """3.8.4, with Linux's options: idle 10 s, 5 s apart, 3 of them."""
    connection = jumping.established(options=ALL)
    for option in ("6 4 10", "6 5 5", "6 6 3", "1 9 1"):
        assert jumping.do("option " + option) == "0"
    jumping.say("read 9")
    probes = [after_handshake(connection) for _ in range(3)]
    assert all(p.seq == connection.ack - 1 and not p.data for p in probes)
    for a, b in zip(probes, probes[1:]):
        assert 4900 <= b.clock - a.clock <= 5200
    assert connection.receive().flags & RST
    assert jumping.answer() == "Operation timed out"


# --- the path: RFC 1191, 5927 ------------------------------------------------------

def needs_fragments(segment_whole, mtu):
    return icmp(UNREACHABLE, NEEDS_FRAGMENTS, segment_whole, mtu)


def test_a_narrow_path(bench):
    """DF is set; what was too large comes again, smaller; a forged message, about a
    number that is not under way, changes nothing."""
    host = bench.host
    connection = bench.established(options=mss(FULL))
    bench.say("write 14600")
    packet = host.receive(lambda p: p.protocol == TCP and len(p.payload) > 1000)
    segment = Segment(packet)
    assert segment.dont
    rest = burst(connection)
    forged = packet.whole[:24] + struct.pack("!I", segment.seq - 100_000 & 0xffffffff) + \
        packet.whole[28:]
    host.send(1, needs_fragments(forged[:28], 700))
    assert quiet(connection, 0.1)
    host.send(1, needs_fragments(packet.whole[:28], 1000))
    again = connection.receive(0.15)
    assert again.seq == segment.seq and len(again.data) == 960
    connection.send(ACK, ack=rest[-1].seq + len(rest[-1].data))
    assert all(len(s.data) <= 960 for s in burst(connection))
    bench.guest.check("ip route flush cache 2>/dev/null; true")


# --- the end: 3.6 ------------------------------------------------------------------

def test_close_with_unread_data_is_a_reset(bench):
    connection = bench.established()
    connection.send(ACK, b"unread")
    connection.receive()
    bench.do("close")
    assert connection.receive().flags & RST


def test_data_for_a_closed_socket_is_reset(bench):
    connection = bench.established()
    bench.do("close")
    assert connection.take().flags == FIN | ACK
    connection.send(ACK, b"anybody there?")
    assert connection.receive().flags & RST


def test_time_wait(bench):
    """A FIN sent again is acknowledged again; a SYN with a higher number begins a
    new connection, one with a lower does not (3.6.1)."""
    connection = to_time_wait(bench)
    connection.send(FIN | ACK, seq=connection.seq - 1)
    assert connection.receive().ack == connection.seq
    connection.send(ACK, b"more")
    assert connection.receive(wanted=lambda s: s.flags == ACK)
    bench.do("close")
    bench.sock("tcp", "bind %d" % connection.theirs, "listen 5")
    new = Connection(bench.host, connection.theirs, connection.ours, connection.seq + 1000)
    new.open()
    assert bench.do("accept") == "0"


def test_time_wait_ends(jumping):
    connection = to_time_wait(jumping)
    jumping.do("close")
    jumping.guest.check("sleep 61")
    assert jumping.state(connection) is None
    connection.send(FIN | ACK, seq=connection.seq - 1)
    assert connection.receive(wanted=lambda s: s.flags == RST)

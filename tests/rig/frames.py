# SPDX-License-Identifier: BSD-2-Clause
"""frames.py - the other end of a network card's wire, in Python.

    with Wire() as wire, Guest(qemu=wire.arguments("virtio")) as guest:
        wire.accept()
        wire.send(frame)
        frame = wire.receive(lambda f: f.kind == ARP)

QEMU's `-netdev stream` puts a big-endian length of four bytes before each
frame. Nothing is added, lost or put in another order.

Host is a machine of the test's own on the wire: it answers ARP, and knows IP;
Connection is one end of a TCP connection, by hand: nothing is sent by itself.
"""
import os
import select
import shutil
import socket
import struct
import time

from rig import machine as machines, process
from rig.guest import time_scale

IP, ARP = 0x0800, 0x0806
BROADCAST = b"\xff" * 6
ICMP, TCP, UDP = 1, 6, 17
FRAME_MIN = 60
MORE_FRAGMENTS = 0x2000


def checksum(data):
    """RFC 1071."""
    data = bytes(data) + b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


class Frame:
    """What came: data, and to, source, kind, body of its Ethernet header."""

    def __init__(self, data):
        self.data = data
        self.to, self.source = data[:6], data[6:12]
        self.kind = int.from_bytes(data[12:14], "big")
        self.body = data[14:]


class Wire:
    """A wire whose other end is one card."""
    number = 0

    def __init__(self, guest_mac="52:54:00:12:34:56", mac="02:00:00:00:00:01"):
        Wire.number += 1
        self.name = "wire%d" % Wire.number
        self.guest_mac, self.mac = mac_bytes(guest_mac), mac_bytes(mac)
        self.folder = process.scratch_make()
        self.path = os.path.join(self.folder, "wire")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.link = None
        self.bytes = bytearray()

    def arguments(self, nic):
        """For QEMU: this wire and a card at its end."""
        mac = ":".join("%02x" % b for b in self.guest_mac)
        return ["-netdev", "stream,id=%s,server=off,addr.type=unix,addr.path=%s" %
                (self.name, machines.comma(self.path)), "-device",
                "%s,netdev=%s,mac=%s,romfile=" %
                (machines.NICS.get(nic, nic), self.name, mac)]

    def accept(self):
        self.listener.settimeout(10 * time_scale())
        self.link, _ = self.listener.accept()

    def send(self, *frames):
        self.link.sendall(b"".join(struct.pack("!I", len(f)) + f for f in frames))

    def parse(self):
        """A whole frame from what has been read, or None."""
        if len(self.bytes) < 4:
            return None
        end = 4 + struct.unpack_from("!I", self.bytes)[0]
        if len(self.bytes) < end:
            return None
        data = bytes(self.bytes[4:end])
        del self.bytes[:end]
        return Frame(data)

    def receive(self, wanted=lambda frame: True, timeout=5):
        """The next frame that is wanted; others are forgotten. None: no such
        came in time."""
        deadline = time.monotonic() + timeout * time_scale()
        while True:
            frame = self.parse()
            if frame is not None:
                if wanted(frame):
                    return frame
                continue
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.link], [], [], left)[0]:
                return None
            data = self.link.recv(1 << 18)
            if not data:
                return None
            self.bytes += data

    def close(self):
        for end in (self.link, self.listener):
            if end:
                end.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

    # --- frames ----------------------------------------------------------------

    def ether(self, kind, body, to=None):
        frame = (to or self.guest_mac) + self.mac + struct.pack("!H", kind) + body
        return frame.ljust(FRAME_MIN, b"\0")

    def arp(self, operation, sender, target, target_mac=b"\0" * 6, to=BROADCAST):
        return self.ether(ARP, struct.pack("!HHBBH", 1, IP, 6, 4, operation) +
                          self.mac + socket.inet_aton(sender) + target_mac +
                          socket.inet_aton(target), to)

    def ip(self, source, to, protocol, payload, mtu=1500, number=1, dont=0):
        """A packet, as one frame or as many as mtu asks for."""
        step, frames = (mtu - 20) & ~7, []
        if len(payload) <= mtu - 20:
            step = max(len(payload), 1)
        for at in range(0, max(len(payload), 1), step):
            more = MORE_FRAGMENTS if at + step < len(payload) else 0
            frames.append(self.piece(source, to, protocol, payload[at:at + step], at,
                                     more | dont, number))
        return frames

    def piece(self, source, to, protocol, part, at, flags, number, kind=IP):
        """One fragment: part is what stands at byte `at` of the packet."""
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), number,
                           flags | at // 8, 64, protocol, 0,
                           socket.inet_aton(source), socket.inet_aton(to))
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        return self.ether(kind, head + part)


def echo(number, payload, identity=77):
    """An ICMP echo request."""
    message = struct.pack("!BBHHH", 8, 0, 0, identity, number) + payload
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


class Joiner:
    """Puts the fragments of packets together. add() gives (protocol, payload)
    of the packet that a frame completes, or None."""

    def __init__(self):
        self.parts = {}

    def add(self, frame):
        body = frame.body
        head, total = (body[0] & 15) * 4, struct.unpack_from("!H", body, 2)[0]
        assert checksum(body[:head]) == 0, "bad header checksum"
        number, place = struct.unpack_from("!HH", body, 4)
        parts = self.parts.setdefault(number, {})
        parts[(place & 0x1fff) * 8] = (body[head:total], place & MORE_FRAGMENTS)
        whole, at = b"", 0
        while at in parts:
            part, more = parts[at]
            whole += part
            at += len(part)
            if not more:
                del self.parts[number]
                return body[9], whole
        return None


# --- a machine at the other end ---------------------------------------------------

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ARP_REQUEST, ARP_REPLY = 1, 2
DONT_FRAGMENT = 0x4000
UNREACHABLE, EXCEEDED = 3, 11
NEEDS_FRAGMENTS = 4
FIRST_PORT = 20000


def transport_sum(source, to, protocol, data):
    """The checksum of UDP and TCP; 0 where data hold it already, and rightly."""
    return checksum(socket.inet_aton(source) + socket.inet_aton(to) +
                    struct.pack("!BBH", 0, protocol, len(data)) + data)


def icmp(kind, code, body, info=0):
    message = struct.pack("!BBHI", kind, code, 0, info) + body
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


class Packet:
    """An IP packet that came, whole or a piece: source, to, protocol, flags (of
    fragments), payload."""

    def __init__(self, frame):
        body = frame.body
        head, total = (body[0] & 15) * 4, struct.unpack_from("!H", body, 2)[0]
        assert checksum(body[:head]) == 0, "bad header checksum"
        self.protocol, self.ttl = body[9], body[8]
        self.flags = struct.unpack_from("!H", body, 6)[0]
        self.source, self.to = socket.inet_ntoa(body[12:16]), socket.inet_ntoa(body[16:20])
        self.whole, self.payload = body[:total], body[head:total]


class Segment:
    """A TCP segment that came; options: kind -> its bytes."""

    def __init__(self, packet):
        data = packet.payload
        assert transport_sum(packet.source, packet.to, TCP, data) == 0, "bad checksum"
        (self.sport, self.dport, self.seq, self.ack, offset, self.flags, self.window, _,
         self.urgent) = struct.unpack_from("!HHIIBBHHH", data)
        self.data, self.options = data[(offset >> 4) * 4:], {}
        self.dont = packet.flags & DONT_FRAGMENT
        options = data[20:(offset >> 4) * 4]
        while options and options[0]:
            if options[0] == 1:
                options = options[1:]
                continue
            self.options[options[0]] = options[2:options[1]]
            options = options[options[1]:]

    @property
    def clock(self):
        """The sender's timestamp, milliseconds in Brig."""
        return struct.unpack("!I", self.options[8][:4])[0]

    def __repr__(self):
        names = "".join(n for n, bit in zip("FSRPAU", (1, 2, 4, 8, 16, 32)) if self.flags & bit)
        return "<%s seq %d ack %d len %d win %d>" % (names, self.seq, self.ack,
                                                     len(self.data), self.window)


class Host:
    """One address at this end of the wire, which answers ARP while arp is true."""

    def __init__(self, wire, address, guest):
        self.wire, self.address, self.guest = wire, address, guest
        self.arp, self.ports = True, FIRST_PORT

    def port(self):
        self.ports += 1
        return self.ports

    def receive(self, wanted, timeout=5):
        """The next IP packet to us for which wanted(packet) is true, or None."""
        deadline = time.monotonic() + timeout * time_scale()
        while True:
            left = max(deadline - time.monotonic(), 0) / time_scale()
            frame = self.wire.receive(timeout=left)
            if frame is None:
                return None
            if frame.kind == ARP:
                self.answer(frame)
            elif frame.kind == IP:
                packet = Packet(frame)
                if packet.to == self.address and wanted(packet):
                    return packet

    def answer(self, frame):
        body = frame.body
        if self.arp and body[7] == ARP_REQUEST and \
                body[24:28] == socket.inet_aton(self.address):
            self.wire.send(self.wire.arp(ARP_REPLY, self.address,
                                         socket.inet_ntoa(body[14:18]),
                                         body[8:14], frame.source))

    def greet(self):
        """The guest learns who we are."""
        self.wire.send(self.wire.arp(ARP_REQUEST, self.address, self.guest))
        assert self.wire.receive(lambda f: f.kind == ARP and f.body[7] == ARP_REPLY)

    def send(self, protocol, payload, **more):
        self.wire.send(*self.wire.ip(self.address, self.guest, protocol, payload, **more))

    def datagram(self, sport, dport, data, wrong=0, **more):
        """The frames of one of UDP. wrong is added to the sum; None: no sum."""
        message = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
        total = transport_sum(self.address, self.guest, UDP, message)
        total = 0 if wrong is None else (total + wrong) & 0xffff
        return self.wire.ip(self.address, self.guest, UDP, message[:6] +
                            struct.pack("!H", total) + message[8:], **more)

    def udp(self, *words, **more):
        self.wire.send(*self.datagram(*words, **more))

    def received_icmp(self, kind, code, timeout=5):
        return self.receive(lambda p: p.protocol == ICMP and p.payload[0] == kind and
                            p.payload[1] == code, timeout)

    def segment(self, sport, dport, seq, ack, flags, data=b"", window=65535, options=b"",
                wrong=0, urgent=0):
        options += b"\1" * (-len(options) % 4)
        message = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff,
                              (20 + len(options)) // 4 << 4, flags, window, 0, urgent) + \
            options + data
        total = transport_sum(self.address, self.guest, TCP, message) + wrong & 0xffff
        self.send(TCP, message[:16] + struct.pack("!H", total) + message[18:],
                  dont=DONT_FRAGMENT)


class Connection:
    """seq: what we send next; ack: what we expect next."""

    def __init__(self, host, theirs, ours=None, seq=1000):
        self.host, self.theirs = host, theirs
        self.ours = ours or host.port()
        self.seq, self.ack = seq, 0
        self.window = 65535
        self.clock = None           # theirs, to be echoed, when both have timestamps
        self.value = 1              # of ours

    def send(self, flags, data=b"", seq=None, ack=None, **more):
        """At seq and ack, if given; else what is next, which moves on."""
        more = {"window": self.window, "options": self.stamp(), **more}
        self.host.segment(self.ours, self.theirs, self.seq if seq is None else seq,
                          (self.ack if ack is None else ack) if flags & ACK else ack or 0,
                          flags, data, **more)
        if seq is None:
            self.seq += len(data) + bool(flags & SYN) + bool(flags & FIN)

    def stamp(self):
        if self.clock is None:
            return b""
        return struct.pack("!BBBBII", 1, 1, 8, 10, self.value, self.clock)

    def receive(self, timeout=5, wanted=lambda segment: True):
        """The next segment of this connection, or None. ack stays as it is."""
        found = []

        def is_ours(packet):
            if packet.protocol != TCP:
                return False
            segment = Segment(packet)
            if (segment.sport, segment.dport) != (self.theirs, self.ours) or \
                    not wanted(segment):
                return False
            if 8 in segment.options:
                self.clock = segment.clock
            found.append(segment)
            return True
        self.host.receive(is_ours, timeout)
        return found[0] if found else None

    def take(self, timeout=5):
        """The next one with data, SYN or FIN, which ack then counts as here."""
        segment = self.receive(timeout, lambda s: s.data or s.flags & (SYN | FIN))
        if segment:
            self.ack = segment.seq + len(segment.data) + \
                bool(segment.flags & SYN) + bool(segment.flags & FIN)
        return segment

    def open(self, options=b""):
        """To the guest's listener; gives its SYN-ACK."""
        self.send(SYN, options=options)
        answer = self.take()
        assert answer and answer.flags == SYN | ACK, answer
        assert answer.ack == self.seq & 0xffffffff
        self.send(ACK)
        return answer

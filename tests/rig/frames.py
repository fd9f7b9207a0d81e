# SPDX-License-Identifier: BSD-2-Clause
"""frames.py - the other end of a network card's wire, in Python.

    with Wire() as wire, Guest(qemu=wire.arguments("virtio")) as guest:
        wire.accept()
        wire.send(frame)
        frame = wire.receive(lambda f: f.kind == ARP)

QEMU's `-netdev stream` puts a big-endian length of four bytes before each
frame. Nothing is added, lost or put in another order.
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
ICMP, FRAME_MIN = 1, 60
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

    def ip(self, source, to, protocol, payload, mtu=1500, number=1):
        """A packet, as one frame or as many as mtu asks for."""
        step, frames = (mtu - 20) & ~7, []
        if len(payload) <= mtu - 20:
            step = max(len(payload), 1)
        for at in range(0, max(len(payload), 1), step):
            part = payload[at:at + step]
            more = MORE_FRAGMENTS if at + step < len(payload) else 0
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), number,
                               more | at // 8, 64, protocol, 0,
                               socket.inet_aton(source), socket.inet_aton(to))
            head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
            frames.append(self.ether(IP, head + part))
        return frames


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

# SPDX-License-Identifier: BSD-2-Clause
"""channel.py - the host's end of the machine channel (COM2).

The line carries frames: 0xb5, a type, the length of the payload (16 bits,
little endian), the payload. user/brig-agent.c is the other end and lists the
types. Bytes before the first frame are what the firmware or a loader said.
"""
import struct

MAGIC = 0xb5
HELLO, OUT, ERR, EXIT, ACK = b"H", b"1", b"2", b"E", b"A"
RUN, KILL, FILE_OPEN, FILE_DATA, FILE_CLOSE = b"R", b"K", b"O", b"D", b"C"


class ChannelBroken(Exception):
    """What came is no frame."""


class Decoder:
    """Bytes in, frames out."""

    def __init__(self):
        self.buffer = bytearray()
        self.started = False

    def feed(self, data):
        """Yields (type, payload) for each frame that data completes."""
        self.buffer += data
        if not self.started:
            start = self.buffer.find(bytes((MAGIC,)) + HELLO)
            if start < 0:
                return
            del self.buffer[:start]
            self.started = True
        while len(self.buffer) >= 4:
            magic, kind, size = struct.unpack_from("<BcH", self.buffer)
            if magic != MAGIC:
                raise ChannelBroken(bytes(self.buffer[:64]))
            if len(self.buffer) < 4 + size:
                return
            payload = bytes(self.buffer[4:4 + size])
            del self.buffer[:4 + size]
            yield kind, payload


def encode(kind, payload=b""):
    if len(payload) > 65535:
        raise ValueError("a frame holds 65535 bytes at most")
    return struct.pack("<BcH", MAGIC, kind, len(payload)) + payload


def number(payload):
    return struct.unpack("<I", payload)[0]


def exit_status(wait_word):
    """The shell's view of a wait status: the code, or 128 + the signal."""
    if wait_word & 0x7f:
        return 128 + (wait_word & 0x7f)
    return wait_word >> 8 & 0xff

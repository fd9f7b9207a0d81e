# SPDX-License-Identifier: BSD-2-Clause
"""nbd.py - disks in this process's memory that QEMU reaches by NBD, and one
list of all that was done to them, in order.

	with Disks({"a": bytearray(...), "b": bytearray(...)}) as disks:
	    Guest(qemu=disks.arguments()) ...
	    disks.events    # (name, offset, data), a flush: (name, None, None)

A request is answered before the next one of its disk is read, so a flush
covers the writes of its disk that stand before it in the list.
"""
import os
import shutil
import socket
import struct
import tempfile
import threading

MAGIC, OPTION, REPLY = 0x4e42444d41474943, 0x49484156454f5054, 0x3e889045565a9
ASK, ANSWER = 0x25609513, 0x67446698
EXPORT_NAME, ABORT, INFO, GO = 1, 2, 6, 7
ACK, ERR_UNSUP = 1, 0x80000001
HAS_FLAGS, SEND_FLUSH = 1, 4
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
EIO = 5


class Gone(Exception):
    """The other side has hung up."""


def receive(connection, size):
    data = bytearray()
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise Gone
        data += part
    return bytes(data)


class Disks:
    def __init__(self, contents):
        self.contents, self.events = contents, []
        self.lock = threading.Lock()
        self.folder = tempfile.mkdtemp(prefix="brig-nbd-")
        self.path = os.path.join(self.folder, "socket")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.limit = None   # after so many events: the callback, once
        self.requests = self.failing = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def call_after(self, count, callback):
        self.limit = (len(self.events) + count, callback)

    def fail_at(self, number):
        """The number-th request from now on gets EIO (0: none). How many there
        were since the last call."""
        with self.lock:
            count, self.requests, self.failing = self.requests, 0, number
        return count

    def arguments(self):
        """The disks as QEMU's, in the order of their names."""
        args = []
        for name in sorted(self.contents):
            args += ["-drive", "if=none,id=nbd-%s,format=raw,cache=writeback,"
                     "file.driver=nbd,file.export=%s,file.server.type=unix,"
                     "file.server.path=%s" % (name, name, self.path),
                     "-device", "virtio-blk-pci,drive=nbd-" + name]
        return args

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                name = self.negotiate(connection)
                while name is not None and self.request(connection, name):
                    pass
            except (Gone, OSError):
                pass

    def negotiate(self, connection):
        """The newstyle handshake; the disk that is asked for, or None."""
        connection.sendall(struct.pack(">QQH", MAGIC, OPTION, 1))
        receive(connection, 4)
        while True:
            _, option, size = struct.unpack(">QII", receive(connection, 16))
            data = receive(connection, size)
            if option == EXPORT_NAME:
                name = data.decode()
                connection.sendall(struct.pack(
                    ">QH", len(self.contents[name]), HAS_FLAGS | SEND_FLUSH) +
                    b"\0" * 124)
                return name
            if option in (INFO, GO):
                length = struct.unpack(">I", data[:4])[0]
                name = data[4:4 + length].decode()
                info = struct.pack(">HQH", 0, len(self.contents[name]),
                                   HAS_FLAGS | SEND_FLUSH)
                connection.sendall(struct.pack(">QIII", REPLY, option, 3,
                                               len(info)) + info)
                connection.sendall(struct.pack(">QIII", REPLY, option, ACK, 0))
                if option == GO:
                    return name
                continue
            connection.sendall(struct.pack(
                ">QIII", REPLY, option, ACK if option == ABORT else ERR_UNSUP, 0))
            if option == ABORT:
                return None

    def request(self, connection, name):
        magic, _, kind, handle, offset, size = struct.unpack(
            ">IHHQQI", receive(connection, 28))
        if magic != ASK or kind == DISCONNECT:
            return False
        data = receive(connection, size) if kind == WRITE else b""
        with self.lock:
            self.requests += 1
            failed = self.requests == self.failing
            if kind == READ and not failed:
                data = bytes(self.contents[name][offset:offset + size])
        if not failed and kind == WRITE:
            self.note(name, offset, data)
        elif not failed and kind == FLUSH:
            self.note(name, None, None)
        connection.sendall(struct.pack(">IIQ", ANSWER, EIO if failed else 0, handle) +
                           (b"" if failed or kind != READ else data))
        return True

    def note(self, name, offset, data):
        with self.lock:
            if data is not None:
                self.contents[name][offset:offset + len(data)] = data
            self.events.append((name, offset, data))
            due = self.limit and len(self.events) >= self.limit[0]
            if due:
                callback, self.limit = self.limit[1], None
        if due:
            callback()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

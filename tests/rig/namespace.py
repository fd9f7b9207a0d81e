# SPDX-License-Identifier: BSD-2-Clause
"""namespace.py - a network of the test's own, with a tap for a machine.

    with Namespace() as net:                # PermissionError: not allowed here
        with net.inside():                  # what is started here is in it
            guest = Guest(qemu=net.arguments("virtio"))
            subprocess.run(["curl", "http://10.9.0.2/"])

The namespace ends with its last process and socket. Only the thread that is
inside is moved, and what it starts there: sockets, processes, threads.
"""
import contextlib
import ctypes
import os
import subprocess

from rig import machine as machines

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Namespace:
    """address is the host's, on the tap."""

    def __init__(self, address="10.9.0.1/24"):
        self.address = address
        self.mine = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.other = None
        try:
            check(libc.unshare(CLONE_NEWNET))
            self.other = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            for words in ("link set lo up", "tuntap add tap0 mode tap",
                          "addr add %s brd + dev tap0" % address, "link set tap0 up"):
                done = subprocess.run(["ip"] + words.split(), text=True,
                                      stderr=subprocess.PIPE)
                if done.returncode:
                    raise PermissionError("ip %s: %s" % (words, done.stderr.strip()))
        except BaseException:
            self.close()
            raise
        check(libc.setns(self.mine, CLONE_NEWNET))

    @contextlib.contextmanager
    def inside(self):
        check(libc.setns(self.other, CLONE_NEWNET))
        try:
            yield self
        finally:
            check(libc.setns(self.mine, CLONE_NEWNET))

    @staticmethod
    def arguments(nic, mac="52:54:00:12:34:56"):
        """For QEMU, which must be started inside."""
        return ["-netdev", "tap,id=tap0,ifname=tap0,script=no,downscript=no", "-device",
                "%s,netdev=tap0,mac=%s,romfile=" % (machines.NICS[nic], mac)]

    def close(self):
        check(libc.setns(self.mine, CLONE_NEWNET))
        for fd in (self.mine, self.other):
            if fd is not None:
                os.close(fd)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

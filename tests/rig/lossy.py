# SPDX-License-Identifier: BSD-2-Clause
"""lossy.py - two machines on a wire that loses, doubles, delays and reorders
frames; `./brig lossy`.

What is sent must arrive as it was, in both directions at once. The wire's
choices follow from the seed, though not when they are made.
"""
import heapq
import os
import random
import select
import struct
import sys
import threading
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)

from rig import Guest, GuestError  # noqa: E402
from rig.frames import Wire  # noqa: E402

ADDRESSES = ("10.9.0.1", "10.9.0.2")
PORT = 5000


class Wire2(threading.Thread):
    """Two wires made one. Shares of frames: lose, double, late (by late_ms
    more); all take delay_ms."""

    def __init__(self, wires, seed, lose=0.02, double=0.02, late=0.02,
                 delay_ms=1, late_ms=5):
        super().__init__(daemon=True)
        self.wires, self.random = wires, random.Random(seed)
        self.lose, self.double, self.late = lose, double, late
        self.delay, self.lateness = delay_ms / 1000, late_ms / 1000
        self.waiting, self.count, self.ended = [], 0, False
        self.frames, self.lost = 0, 0

    def put(self, to, data):
        self.frames += 1
        if self.random.random() < self.lose:
            self.lost += 1
            return
        for _ in range(2 if self.random.random() < self.double else 1):
            late = self.lateness if self.random.random() < self.late else 0
            self.count += 1
            heapq.heappush(self.waiting, (time.monotonic() + self.delay + late,
                                          self.count, to, data))

    def run(self):
        links = {wire.link: n for n, wire in enumerate(self.wires)}
        while not self.ended:
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                _, _, to, data = heapq.heappop(self.waiting)
                self.wires[to].send(data)
            wait = self.waiting[0][0] - now if self.waiting else 0.1
            for link in select.select(list(links), [], [], wait)[0]:
                data = link.recv(1 << 16)
                if not data:
                    return
                wire = self.wires[links[link]]
                wire.bytes += data
                while True:
                    frame = wire.parse()
                    if frame is None:
                        break
                    self.put(1 - links[link], frame.data)


def md5(guest, name):
    return guest.exec("md5sum " + name).stdout.split()[0]


def exchange(server, client, timeout):
    """Each sends /tmp/mine to the other's /tmp/theirs: None, or what went wrong."""
    server.check("(nc -l -p %d < /tmp/mine > /tmp/theirs; echo $? > /tmp/end) &" % PORT)
    server.check("until netstat -ltn | grep -q :%d; do usleep 20000; done" % PORT, timeout)
    done = client.exec("nc %s %d < /tmp/mine > /tmp/theirs" % (ADDRESSES[0], PORT), timeout)
    end = server.exec("while ! [ -s /tmp/end ]; do sleep 0.1; done; cat /tmp/end", timeout)
    if done.status or end.stdout.strip() != b"0":
        return "nc ended with %d and %r" % (done.status, end.stdout)
    return None


def compare(server, client):
    if md5(server, "/tmp/mine") != md5(client, "/tmp/theirs") or \
            md5(client, "/tmp/mine") != md5(server, "/tmp/theirs"):
        return "other bytes arrived than were sent"
    return None


def run(megabytes, seed, timeout=600, **impairment):
    """(seconds, the wire, what went wrong: None or a text)."""
    with Wire() as a, Wire(guest_mac="52:54:00:12:34:57") as b:
        with Guest(cmdline="ip=off quiet", qemu=a.arguments("virtio")) as server, \
                Guest(cmdline="ip=off quiet", qemu=b.arguments("virtio")) as client:
            guests = (server, client)
            for wire, guest, address in zip((a, b), guests, ADDRESSES):
                wire.accept()
                guest.check("ifconfig eth0 %s netmask 255.255.255.0 up" % address)
                guest.check("dd if=/dev/urandom of=/tmp/mine bs=64k count=%d" %
                            (megabytes << 4), timeout)
            between = Wire2((a, b), seed, **impairment)
            between.start()
            begun = time.monotonic()
            try:
                wrong = exchange(server, client, timeout)
                seconds = time.monotonic() - begun
            finally:
                between.ended = True
                between.join()
            return seconds, between, wrong or compare(server, client)


def main(words):
    """--mb N (10), --seed N (1), --times N (1): seeds from there on; --lose,
    --double, --late: percent (2); --delay MS (1)."""
    numbers = {"--mb": 10, "--seed": 1, "--times": 1, "--lose": 2, "--double": 2,
               "--late": 2, "--delay": 1}
    words = list(words)
    while words:
        word, _, value = words.pop(0).partition("=")
        value = value or (words.pop(0) if words else "")
        if word not in numbers:
            sys.exit("brig: lossy has no option %s" % word)
        if not value.isdigit():
            sys.exit("brig: %s needs a number" % word)
        numbers[word] = int(value)
    failed = 0
    for seed in range(numbers["--seed"], numbers["--seed"] + numbers["--times"]):
        try:
            seconds, wire, wrong = run(
                numbers["--mb"], seed, lose=numbers["--lose"] / 100,
                double=numbers["--double"] / 100, late=numbers["--late"] / 100,
                delay_ms=numbers["--delay"])
        except GuestError as error:
            print("seed %d: %s" % (seed, error), flush=True)
            failed += 1
            continue
        print("seed %d: %d MB each way in %.1f s, %d frames, %d lost: %s" %
              (seed, numbers["--mb"], seconds, wire.frames, wire.lost, wrong or "ok"),
              flush=True)
        failed += wrong is not None
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

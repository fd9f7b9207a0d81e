# SPDX-License-Identifier: BSD-2-Clause
"""soak.py - many machines that move much by a virtio card, on a busy host:
`./brig soak`.

A lost kick or interrupt leaves a card silent for ever. It is rare: seen by
many boots only, while something else wants the host's processors. Of a card
that stopped it prints what both sides of each queue believe.
"""
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)

from rig import Guest, machine as machines, peer  # noqa: E402
from rig import process as processes  # noqa: E402
from rig.monitor import Monitor  # noqa: E402

ASKED = ("cat /proc/interrupts", "ifconfig eth0", "netstat -tan")
QUEUES = 2


def device_side(monitor):
    """What QEMU has of each queue of the card."""
    found = re.search(r"^(\S+) \[virtio-net\]", monitor.command("info virtio"), re.MULTILINE)
    if not found:
        return "no virtio card\n"
    return "".join(monitor.command("info virtio-queue-status %s %d" % (found.group(1), n))
                   for n in range(QUEUES))


def driver_side(stub, kernel):
    """What the kernel has of them, by gdb."""
    done = subprocess.run(
        ["gdb", "-q", "-batch", "-x", os.path.join(TESTS, "gdb", "brig.py"), "-ex",
         "target remote " + stub, "-ex", "brig-queues", "-ex", "detach", kernel],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


class Soak:
    """One machine on QEMU's user network, whose other end is this host."""

    def __init__(self, folder, program):
        self.stub = os.path.join(folder, "gdb")
        self.monitor = Monitor(folder)
        self.server = peer.Server(program, "127.0.0.1")
        try:
            self.guest = Guest(
                nic="virtio", net="user", mem=64, cmdline="quiet", add=[program + ":/net"],
                qemu=self.monitor.arguments(screen=False) +
                ["-gdb", "unix:%s,server=on,wait=off" % machines.comma(self.stub)])
        except BaseException:
            self.server.close()
            raise

    def move(self, stopped):
        """What net said; and None, or how the machine is when for so many seconds
        no frame has come in."""
        self.guest.exec("(/net 10.0.2.2 %d receive send >/tmp/said 2>&1; echo $? >/tmp/end) &"
                        % self.server.port)
        status, frames, since = "", None, time.monotonic()
        while not status and time.monotonic() - since < stopped * self.guest.scale:
            time.sleep(1)
            now = self.ask("ifconfig eth0 | grep RX")
            if now != frames:
                frames, since = now, time.monotonic()
            status = self.ask("cat /tmp/end 2>/dev/null").strip()
        wrong = self.state() if not status else status != "0" and "status " + status
        return self.ask("cat /tmp/said"), wrong or None

    def ask(self, command):
        return self.guest.exec(command).stdout.decode()

    def state(self):
        return "\n".join([self.ask(command) for command in ASKED] +
                         [device_side(self.monitor),
                          driver_side(self.stub, self.guest.machine.kernel)])

    def close(self):
        self.guest.close()
        self.monitor.close()
        self.server.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


def run(program, stopped):
    with tempfile.TemporaryDirectory() as folder, Soak(folder, program) as soak:
        return soak.move(stopped)


@contextlib.contextmanager
def busy(count):
    """So many processes that never rest."""
    loads = []
    try:
        for _ in range(count):
            loads.append(subprocess.Popen(processes.die_with_parent(
                [sys.executable, "-c", "while True: pass"])))
        yield
    finally:
        for load in loads:
            load.kill()
            load.wait()


def main(words):
    """--times N (50); --busy N (1): processes that load the host; --stopped S (20)."""
    numbers = {"--times": 50, "--busy": 1, "--stopped": 20}
    words = list(words)
    while words:
        word, _, value = words.pop(0).partition("=")
        value = value or (words.pop(0) if words else "")
        if word not in numbers:
            sys.exit("brig: soak has no option %s" % word)
        if not value.isdigit():
            sys.exit("brig: %s needs a number" % word)
        numbers[word] = int(value)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = 0
    with tempfile.TemporaryDirectory() as folder, busy(numbers["--busy"]):
        program = peer.build(folder)
        for number in range(1, numbers["--times"] + 1):
            begun = time.monotonic()
            said, wrong = run(program, numbers["--stopped"])
            failed += wrong is not None
            print("boot %d: %s, %.1f s: %s" %
                  (number, ", ".join(said.splitlines()), time.monotonic() - begun,
                   wrong or "ok"), flush=True)
    print("%d of %d stopped" % (failed, numbers["--times"]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

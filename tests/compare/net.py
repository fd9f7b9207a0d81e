#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""net.py - TCP and UDP of Brig, and of a Linux in the same machine, in turns.

    /usr/bin/python3 tests/compare/net.py [--rounds N] [--linux BZIMAGE MODULES]

Prints a table of medians. MODULES is a folder of the modules that this Linux
needs for a virtio card, in the order of their names. The programs (net.c) talk
to this host over QEMU's user network and, for root, over a tap. A machine that
takes longer than --timeout S (300) is ended; what it had no time for is missing.
"""
import argparse
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))

from rig import peer  # noqa: E402
from rig.namespace import Namespace  # noqa: E402

UNITS = {"receive": "MB/s", "send": "MB/s", "tcp": "1/s", "udp": "1/s", "connect": "1/s"}
LOOPBACK = " && /net loopback"


class Host:
    """A network. own is the guest's address, host ours as it sees it."""

    def __init__(self, name, net=None):
        self.name, self.net = name, net
        self.own, self.host = ("10.9.0.2", "10.9.0.1") if net else ("10.0.2.15", "10.0.2.2")
        self.arguments, self.words = ["--nic", "virtio", "--net", "user"], ""
        if net:
            self.words = "ip=%s/24 " % self.own
            self.arguments = ["--qemu=" + word for word in net.arguments("virtio")]

    def inside(self):
        return self.net.inside() if self.net else contextlib.nullcontext()

    def command(self, linux, program, port, more):
        """(words, environment) of ./brig exec."""
        words = ["./brig", "exec", "--add", program + ":/net"] + self.arguments
        environment, script, line = dict(os.environ), "", self.words
        if linux:
            environment["BRIG_KERNEL"] = linux[0]
            words += ["--add", linux[1] + ":/modules"]
            line += "quiet mitigations=off init_on_alloc=0"
            script = ("for m in /modules/*; do insmod $m; done; ifconfig lo up; "
                      "ifconfig eth0 %s netmask 255.255.255.0 up; " % self.own)
        if line:
            words += ["--cmdline", line]
        script += "/net %s %d%s" % (self.host, port, more)
        return words + ["--", script], environment

    def run(self, linux, program, timeout, more=""):
        """[(what, figure), ...]; fewer when the machine stopped, or its network."""
        address = self.host if self.net else "127.0.0.1"
        with self.inside(), peer.Server(program, address) as server:
            words, environment = self.command(linux, program, server.port, more)
            words[2:2] = ["--timeout", str(timeout)]
            done = subprocess.run(words, cwd=TOP, env=environment, text=True,
                                  stdout=subprocess.PIPE)
        text = done.stdout
        if done.returncode:
            print("%s, %s: status %d" % (self.name, "Linux" if linux else "Brig",
                                         done.returncode), file=sys.stderr)
        return [(what, float(figure)) for what, figure in
                re.findall(r"^(\w+) ([\d.]+)$", text, re.MULTILINE)]


def measure(hosts, kernels, options, program):
    """{(network, what): {kernel: [figure, ...]}}"""
    got = {}
    for _ in range(options.rounds):
        for host in hosts:
            for name, linux in kernels.items():
                more = LOOPBACK if host is hosts[-1] else ""
                figures = host.run(linux, program, options.timeout, more)
                figures = [pair for pair in figures if pair[0] != "port"]
                for number, (what, figure) in enumerate(figures):
                    where = host.name if number < len(UNITS) else "loopback"
                    got.setdefault((where, what), {}).setdefault(name, []).append(figure)
    return got


def figure_text(runs):
    return "%.0f (%s)" % (statistics.median(runs),
                          ", ".join("%.0f" % run for run in runs)) if runs else "-"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--linux", nargs=2, metavar=("BZIMAGE", "MODULES"))
    parser.add_argument("--timeout", type=int, default=300)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    kernels = {"Brig": None, **({"Linux": options.linux} if options.linux else {})}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ends:
        program = peer.build(folder)
        hosts = [Host("user")]
        try:
            hosts.append(Host("tap", ends.enter_context(Namespace())))
        except PermissionError as error:
            print("no tap: %s" % error, file=sys.stderr)
        print("load before: %.1f" % os.getloadavg()[0])
        got = measure(hosts, kernels, options, program)
        print("load after: %.1f" % os.getloadavg()[0])
    print("| | unit | %s |" % " | ".join(kernels))
    for (where, what), by_kernel in got.items():
        print("| %s, %s | %s | %s |" % (where, what, UNITS[what], " | ".join(
            figure_text(by_kernel.get(name, [])) for name in kernels)))


if __name__ == "__main__":
    main()

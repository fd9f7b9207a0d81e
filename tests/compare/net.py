#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""net.py - TCP and UDP of Brig, and of a Linux in the same machine, in turns.

    /usr/bin/python3 tests/compare/net.py [--rounds N] [--linux BZIMAGE MODULES]

Prints a table of medians. MODULES is a folder of the modules that this Linux
needs for a virtio card, in the order of their names. The programs (net.c) talk
to this host over QEMU's user network and, for root, over a tap.
"""
import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))

from rig.namespace import Namespace  # noqa: E402

UNITS = {"receive": "MB/s", "send": "MB/s", "tcp": "1/s", "udp": "1/s", "connect": "1/s"}
LOOPBACK = "/net loopback"


class Host:
    """A network with its server. own is the guest's address, host ours as it sees it."""

    def __init__(self, name, program, net=None):
        self.name, self.net = name, net
        self.own, self.host = ("10.9.0.2", "10.9.0.1") if net else ("10.0.2.15", "10.0.2.2")
        self.arguments, self.words = ["--nic", "virtio", "--net", "user"], ""
        if net:
            self.words = "ip=%s/24 " % self.own
            self.arguments = ["--qemu=" + word for word in net.arguments("virtio")]
        with self.inside():
            self.server = subprocess.Popen([program, "serve"], stdout=subprocess.PIPE,
                                           text=True, start_new_session=True)
        self.port = int(self.server.stdout.readline().split()[1])

    def inside(self):
        return self.net.inside() if self.net else contextlib.nullcontext()

    def run(self, linux, program, more=""):
        """{what: figure}"""
        words = ["./brig", "exec", "--timeout", "300", "--add", program + ":/net"]
        environment, script, line = dict(os.environ), "", self.words
        if linux:
            environment["BRIG_KERNEL"] = linux[0]
            words += ["--add", linux[1] + ":/modules"]
            line += "quiet mitigations=off init_on_alloc=0"
            script = ("for m in /modules/*; do insmod $m; done; ifconfig lo up; "
                      "ifconfig eth0 %s netmask 255.255.255.0 up; " % self.own)
        script += "/net %s %d; %s" % (self.host, self.port, more)
        if line:
            words += ["--cmdline", line]
        with self.inside():
            text = subprocess.run(words + self.arguments + ["--", script], cwd=TOP,
                                  env=environment, stdout=subprocess.PIPE, text=True,
                                  check=True).stdout
        return [(what, float(figure)) for what, figure in
                re.findall(r"^(\w+) ([\d.]+)$", text, re.MULTILINE)]

    def close(self):
        os.killpg(self.server.pid, 15)
        self.server.wait()


def measure(hosts, kernels, rounds, program):
    """{(network, what, kernel): [figure, ...]}"""
    got = {}
    for _ in range(rounds):
        for host in hosts:
            for name, linux in kernels.items():
                more = LOOPBACK if host is hosts[-1] else ""
                for number, (what, figure) in enumerate(host.run(linux, program, more)):
                    if what != "port":
                        where = host.name if number < len(UNITS) else "loopback"
                        got.setdefault((where, what, name), []).append(figure)
    return got


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--linux", nargs=2, metavar=("BZIMAGE", "MODULES"))
    options = parser.parse_args()
    kernels = {"Brig": None, **({"Linux": options.linux} if options.linux else {})}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ends:
        program = os.path.join(folder, "net")
        subprocess.run(["sh", "user/cc", "-O2", "-s", "-D_GNU_SOURCE", "-o", program,
                        "tests/compare/net.c"], cwd=TOP, check=True)
        hosts = [Host("user", program)]
        try:
            hosts.append(Host("tap", program, ends.enter_context(Namespace())))
        except PermissionError as error:
            print("no tap: %s" % error, file=sys.stderr)
        for host in hosts:
            ends.callback(host.close)
        print("load before: %.1f" % os.getloadavg()[0])
        got = measure(hosts, kernels, options.rounds, program)
        print("load after: %.1f" % os.getloadavg()[0])
    print("| | unit | %s |" % " | ".join(kernels))
    for where, what in dict.fromkeys(key[:2] for key in got):
        figures = ["%.0f (%s)" % (statistics.median(runs), ", ".join("%.0f" % r for r in runs))
                   for runs in (got[where, what, name] for name in kernels)]
        print("| %s, %s | %s | %s |" % (where, what, UNITS[what], " | ".join(figures)))


if __name__ == "__main__":
    main()

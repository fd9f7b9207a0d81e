# SPDX-License-Identifier: BSD-2-Clause
"""load.py - many requests to a web server in a jail, over a tap in a network
namespace of our own: `./brig load`. ab asks, BusyBox's httpd answers with a
process for each connection.
"""
import os
import re
import subprocess
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rig import Guest               # noqa: E402
from rig.namespace import Namespace  # noqa: E402

OURS, GUEST, JAIL = "10.9.0.1", "10.9.0.2", "10.9.0.20"
STATE = "dmesg | tail -n 5; jls; ifconfig eth0; cat /proc/interrupts; netstat -tan | tail -n 20"
WRONG = ("Failed requests", "Write errors", "Non-2xx responses")


class Load:
    """A machine with a server in a jail, and its network."""

    def __init__(self, nic="virtio", size=1000):
        self.net = Namespace(OURS + "/24")
        try:
            with self.net.inside():
                self.guest = Guest(cmdline="ip=%s/24" % GUEST,
                                   qemu=self.net.arguments(nic))
            self.guest.check("mkjail --mount /jail/www", timeout=60)
            self.guest.check("yes | head -c %d >/jail/www/index.html" % size)
            self.guest.check("jail -c name=www path=/jail/www ip4.addr='eth0|%s' "
                             "command=/bin/httpd -p 80 -h /" % JAIL)
        except BaseException:
            self.close()
            raise

    def ask(self, requests, at_once, page=""):
        """(requests a second, None or what went wrong, and how the machine is)."""
        with self.net.inside():
            done = subprocess.run(
                ["ab", "-q", "-r", "-s", "60", "-n", str(requests),
                 "-c", str(min(at_once, requests)),
                 "http://%s/%s" % (JAIL, page)], stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True)
        rate, wrong = judge(done.stdout, done.returncode, requests)
        if wrong:
            wrong += "\n" + self.guest.exec(STATE).stdout.decode()
        return rate, wrong

    def close(self):
        if hasattr(self, "guest"):
            self.guest.close()
        self.net.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


def judge(text, status, requests):
    """What ab printed, as Load.ask gives it."""
    numbers = {name.strip(): float(number) for name, number in
               re.findall(r"^([\w -]+): +(\d+(?:\.\d+)?)\b(?!\.)", text, re.MULTILINE)}
    wrong = ["%s: %d" % (name, numbers[name]) for name in WRONG if numbers.get(name)]
    if status or numbers.get("Complete requests") != requests:
        wrong.append("ab ended with %d: %s" % (status, text.strip()[-500:]))
    wrong += re.findall(r"\(Connect: .*\)", text)
    return numbers.get("Requests per second", 0), ", ".join(wrong) or None


def main(words):
    """--requests N (10000), --at-once N (50), --times N (1), --size N (1000) bytes."""
    numbers = {"--requests": 10000, "--at-once": 50, "--times": 1, "--size": 1000}
    words = list(words)
    while words:
        word, _, value = words.pop(0).partition("=")
        value = value or (words.pop(0) if words else "")
        if word not in numbers:
            sys.exit("brig: load has no option %s" % word)
        if not value.isdigit() or not int(value):
            sys.exit("brig: %s needs a number" % word)
        numbers[word] = int(value)
    failed = 0
    try:
        load = Load(size=numbers["--size"])
    except PermissionError as error:
        sys.exit("brig: no network namespace of our own here: %s" % error)
    with load:
        for _ in range(numbers["--times"]):
            rate, wrong = load.ask(numbers["--requests"], numbers["--at-once"])
            print("%d requests, %d at once: %.0f a second: %s" %
                  (numbers["--requests"], numbers["--at-once"], rate, wrong or "ok"), flush=True)
            failed += wrong is not None
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: BSD-2-Clause
"""differ.py - random calls on sockets, the same on this machine's Linux and on
Brig, compared line by line; `./brig differ`.

tests/differ says what is called. Where the lines of a seed differ, Linux makes
the calls again: if it does not agree with itself the seed tells nothing. Then
calls are left out as long as the difference stays, and what is left is shown.
"""
import errno
import glob
import os
import re
import subprocess
import sys
import threading

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)

from rig import Guest, machine as machines  # noqa: E402

SOURCES = os.path.join(TESTS, "differ")
BINARY = os.path.join(machines.BUILD, "tests", "differ")
SUMS = os.path.join(SOURCES, "linux.sums")
BATCH = 100     # seeds a run of the program
CALLS = 60      # a seed, if nothing else is said
RECORDED = 30   # seeds, whose sums test_differ.py compares
SLOT = re.compile(r"\bs\d+\b")


def compile_program():
    sources = sorted(glob.glob(os.path.join(SOURCES, "*.[ch]")))
    if os.path.exists(BINARY) and all(
            os.path.getmtime(name) <= os.path.getmtime(BINARY) for name in sources):
        return
    os.makedirs(os.path.dirname(BINARY), exist_ok=True)
    out = "%s.%d" % (BINARY, os.getpid())
    subprocess.run(["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-Wall", "-Wextra",
                    "-o", out] + [name for name in sources if name.endswith(".c")],
                   cwd=machines.TOP, check=True)
    os.replace(out, BINARY)


def linux_run(words, timeout):
    """In a network of its own, where all ports are free."""
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", BINARY] +
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=timeout,
        text=True, errors="replace", check=True)
    return done.stdout.splitlines()


def possible():
    """Whether a network of its own may be had here."""
    return not subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "up"],
                              stderr=subprocess.DEVNULL, check=False).returncode


def sums(lines):
    """seed -> the sum of its lines."""
    return {int(seed): value for seed, value in
            re.findall(r"^seed (\d+): (\w+)$", "\n".join(lines), re.MULTILINE)}


def recorded():
    with open(SUMS, encoding="ascii") as file:
        return sums(file.read().splitlines())


def record():
    """Of the seeds for which this Linux twice gives the same."""
    words = ["1", str(RECORDED), str(CALLS)]
    once, again = (sums(linux_run(words, 60 + RECORDED)) for _ in range(2))
    with open(SUMS, "w", encoding="ascii") as file:
        file.writelines("seed %d: %s\n" % (seed, value)
                        for seed, value in once.items() if again[seed] == value)


class Difference:
    """number: of the call; linux, brig: the lines; before: those that led there."""

    def __init__(self, before, linux, brig):
        self.before, self.linux, self.brig = before, linux, brig

    def kind(self):
        """The same for what looks like the same fault: the call's name, and the
        first words that differ; before "|" what it gave, behind it poll's."""
        words = [SLOT.sub("s", line).split() for line in (self.linux, self.brig)]
        for at, (a, b) in enumerate(zip(*words)):
            if a != b:
                return words[0][1:2] + [a, b, "|" in words[0][:at]]
        return words[0][1:2] + [len(words[0]), len(words[1])]


def named(line):
    """Errors by their names."""
    return re.sub(r"= -(\d+)", lambda m: "= " + errno.errorcode.get(
        int(m.group(1)), m.group(0)), line)


class Differ:
    """Both systems, and how many calls a seed makes."""

    def __init__(self, guest, calls):
        self.guest, self.calls = guest, calls

    def brig_run(self, words, timeout):
        done = self.guest.exec(" ".join(["exec /differ"] + words), timeout)
        self.guest.look_at_console()
        return done.stdout.decode(errors="replace").splitlines()

    def both(self, words, timeout):
        """The lines of Linux and of Brig."""
        lines = {}
        other = threading.Thread(target=lambda: lines.update(
            linux=linux_run(words, timeout)))
        other.start()
        brig = self.brig_run(words, timeout)
        other.join()
        return lines["linux"], brig

    def brig_sums(self, first, last):
        return sums(self.brig_run([str(first), str(last), str(self.calls)],
                                  60 + 2 * (last - first)))

    def seeds(self, first, last):
        """Those whose lines differ."""
        words = [str(first), str(last), str(self.calls)]
        linux, brig = map(sums, self.both(words, 60 + 2 * (last - first)))
        return [seed for seed in linux if linux[seed] != brig.get(seed)]

    def words(self, seed, keep):
        return ["-v", str(seed), str(seed), str(self.calls)] + (
            [",".join(map(str, keep))] if keep else [])

    def difference(self, seed, keep=None):
        """The first of seed; None: there is none, or it tells nothing."""
        linux, brig = self.both(self.words(seed, keep), 60)
        brig += ["(no more)"] * (len(linux) - len(brig))
        for number, (a, b) in enumerate(zip(linux, brig)):
            if a != b:
                break
        else:
            return None
        again = linux_run(self.words(seed, keep), 60)
        if again[:number + 1] != linux[:number + 1] or a.startswith("seed"):
            return None
        return Difference(linux[:number], a, b)

    def shrink(self, seed, found):
        """found, with no more calls before it than are needed."""
        kind = found.kind()
        keep = [int(line.split()[0]) for line in found.before + [found.linux]]
        size = len(keep) // 2
        while size:
            at = 0
            while at < len(keep) - 1:
                fewer = keep[:at] + keep[min(at + size, len(keep) - 1):]
                less = self.difference(seed, fewer)
                if less and less.kind() == kind and less.linux.split()[0] == \
                        found.linux.split()[0]:
                    keep, found = fewer, less
                else:
                    at += size
            size //= 2
        return found, keep


def show(seed, found, keep):
    print("seed %d, calls %s" % (seed, ",".join(map(str, keep))))
    for line in found.before:
        print("    " + named(line))
    print("    Linux " + named(found.linux))
    print("    Brig  " + named(found.brig), flush=True)


def run(first, last, calls, shrink=True, most=10, **settings):
    """(seeds that differ, kinds of differences shown)."""
    compile_program()
    kinds, differing = {}, 0
    with Guest(cmdline="quiet", add=[BINARY + ":/differ"], **settings) as guest:
        differ = Differ(guest, calls)
        for at in range(first, last + 1, BATCH):
            for seed in differ.seeds(at, min(at + BATCH - 1, last)):
                found = differ.difference(seed)
                if not found:
                    continue
                differing += 1
                kind = str(found.kind())
                kinds[kind] = kinds.get(kind, 0) + 1
                if kinds[kind] > 1 or len(kinds) > most:
                    continue
                keep = [int(line.split()[0]) for line in found.before]
                if shrink:
                    found, keep = differ.shrink(seed, found)
                show(seed, found, keep)
    return differing, kinds


def main(words):
    """--seeds A..B (1..1000), --calls N (60), --most N (10): kinds of differences
    that are shown; --seeds N --keep N,N,...: these calls, on both; --record: what
    Linux says now is what test_differ.py wants."""
    numbers = {"--seeds": "1..1000", "--calls": str(CALLS), "--most": "10", "--keep": ""}
    words = list(words)
    if not possible():
        sys.exit("brig: differ needs a network namespace: as root, with ip(8)")
    if words == ["--record"]:
        compile_program()
        record()
        return 0
    while words:
        word, _, value = words.pop(0).partition("=")
        value = value or (words.pop(0) if words else "")
        if word not in numbers or not re.fullmatch(r"[\d.,]+", value):
            sys.exit("brig: differ does not know %s %s" % (word, value))
        numbers[word] = value
    first, _, last = numbers["--seeds"].partition("..")
    if numbers["--keep"]:
        compile_program()
        with Guest(cmdline="quiet", add=[BINARY + ":/differ"]) as guest:
            differ = Differ(guest, int(numbers["--calls"]))
            for name, lines in zip(("Linux", "Brig"), differ.both(
                    differ.words(first, numbers["--keep"].split(",")), 60)):
                print(name, *map(named, lines), sep="\n    ")
        return 0
    differing, kinds = run(int(first), int(last or first), int(numbers["--calls"]),
                           most=int(numbers["--most"]))
    print("seeds %s: %d differ, in %d ways" % (numbers["--seeds"], differing, len(kinds)))
    for kind, count in sorted(kinds.items(), key=lambda item: -item[1]):
        print("  %d times %s" % (count, kind))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: BSD-2-Clause
"""powercut.py - the power goes while tests/disk/powercut.c works on an ext2;
`./brig powercut`.

A run boots a machine with two disks in our memory (nbd.py): the file system,
and one to which the program says what it is about to do and what it has done.
QEMU is killed at a seeded moment. That is the first cut; more are made of the
list of writes and flushes: up to a seeded place of it, and of what no flush
covers a seeded part, down to sectors. For each cut:

- e2fsck -p ends with 0 or 1, and e2fsck -fn then finds nothing;
- what an fsync had returned for is there, with its content;
- of the operation under way, and of those without fsync since, each has
  happened or not: a rename over a file leaves the old or the new one.

The next run starts from the last cut as it is: the kernel replays the journal,
and what e2fsck had found there must stay.
"""
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)

from rig import (Guest, GuestEnded, GuestError, ext2, machine as machines,  # noqa: E402
                 nbd)

SOURCE = os.path.join(TESTS, "disk", "powercut.c")
BINARY = os.path.join(machines.BUILD, "tests", "disk", "powercut")
MB, SECTOR, PAGE = 1 << 20, 512, 4096
SIZE, WRITERS, OPERATIONS, EVENTS = 40 * MB, 3, 4000, 3000
CUTS_OF_A_RUN, RUNS_OF_AN_IMAGE = 10, 4
FORMATS = (["-t", "ext2", "-b", "1024"], ["-t", "ext3", "-b", "1024", "-J", "size=1"],
           ["-t", "ext3", "-b", "4096", "-J", "size=4"])


class Loss(Exception):
    """What must be there is not."""


def compile_program(source, binary):
    if os.path.exists(binary) and os.path.getmtime(source) <= os.path.getmtime(binary):
        return
    os.makedirs(os.path.dirname(binary), exist_ok=True)
    out = "%s.%d" % (binary, os.getpid())
    subprocess.run(["sh", "user/cc", "-O1", "-s", "-Wall", "-Wextra", "-o", out, source],
                   cwd=machines.TOP, check=True)
    os.replace(out, binary)


def tool(*words):
    return subprocess.run(words, env=ext2.ENV, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


# --- what must be there ---------------------------------------------------------

def stream(version, size):
    return bytes((i * 7 + (i >> 8) * 13 + version * 31 + (i >> 16)) & 0xff
                 for i in range(size))


def small(version):
    return stream(version, 1 + version * 37 % 700)


# States: None, ("dir",), ("many", version, count), ("any",), or a file of which
# the first `sure` bytes are known, and which is not longer than `most`:
# ("file", version, sure, most).

class Writer:
    """What a writer's folder may hold: name -> its possible states, the last of
    which is what it would be without a cut."""

    def __init__(self):
        self.ready, self.names, self.under_way, self.count = False, {}, None, 0

    def now(self, name):
        return self.names.get(name, [None])[-1]

    def put(self, name, *states):
        self.names[name] = self.names.get(name, [None]) + list(states)

    def line(self, text):
        words = text.split()
        if words[1] == "begin":
            self.under_way = words[2:]
            return
        self.count += 1
        words, self.under_way = self.under_way, None
        self.change(words)
        if words[-1] != "-":    # an fsync: all that was before it is durable
            self.names = {name: states[-1:] for name, states in self.names.items()}

    def change(self, words):
        kind, name = words[0], words[1] if len(words) > 1 else None
        if kind == "ready":
            self.ready = True
        elif kind in ("create", "append", "trunc", "replace"):
            size = int(words[3])
            self.put(name, ("file", int(words[2]), size, size))
        elif kind == "link":
            self.put(words[2], self.now(name))
        elif kind == "mkdir":
            self.put(name, ("dir",))
        elif kind == "many":
            self.put(name, ("many", int(words[2]), int(words[3])))
        else:
            self.put(name, None)
        if kind == "replace":   # without the fsync of the folder it may be left
            self.put("new", ("file", int(words[2]), size, size), None)

    def at_cut(self):
        """The possible states when the power goes now."""
        if self.under_way:
            words, kind = self.under_way, self.under_way[0]
            name = words[1] if len(words) > 1 else None
            before = self.now(name)
            if kind == "create":
                self.put(name, ("file", 0, 0, int(words[3])))
            elif kind == "append":
                self.put(name, ("file", before[1], before[3], int(words[3])))
            elif kind == "trunc":
                self.put(name, ("file", before[1], int(words[3]), before[3]))
            elif kind in ("many", "fewer"):
                self.put(name, ("any",))
            if kind == "replace":
                self.put("new", ("file", 0, 0, int(words[3])))
            self.change(words)
        return self.names


def fits(state, path):
    """Is what lies at path, or not, this state?"""
    if state is None:
        return not os.path.lexists(path)
    if state[0] in ("dir", "any", "many"):
        if not os.path.isdir(path):
            return False
        names = os.listdir(path)
        if state[0] == "many":
            return len(names) == state[2] and all(
                fits(("exact", small(state[1] + i)), os.path.join(path, "s%d" % i))
                for i in range(state[2]))
        return state[0] == "any" or not names
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        data = file.read()
    if state[0] == "exact":
        return data == state[1]
    _, version, sure, most = state
    return sure <= len(data) <= most and data[:sure] == stream(version, sure)


def shown(path):
    if not os.path.lexists(path):
        return "nothing"
    if os.path.isdir(path):
        return "a folder of %d" % len(os.listdir(path))
    return "a file of %d bytes" % os.path.getsize(path)


def check_writer(writer, folder):
    if not os.path.isdir(folder):
        if writer.ready:
            raise Loss(folder + " is not there")
        return
    names = writer.at_cut()
    extra = set(os.listdir(folder)) - set(names)
    if extra:
        raise Loss("%s: %s was never made" % (folder, sorted(extra)))
    for name, states in names.items():
        path = os.path.join(folder, name)
        if not any(fits(state, path) for state in states):
            raise Loss("%s after %d operations: %s, not one of %s; under way: %s" % (
                path, writer.count, shown(path), states, writer.under_way))


def writers_at(events, count):
    """What the records said before the cut."""
    writers = [Writer() for _ in range(WRITERS)]
    last = {}
    for name, offset, data in events[:count]:
        if name != "b" or data is None:
            continue
        for at in range(0, len(data), SECTOR):
            number, inside = divmod(offset + at, PAGE)
            text = data[at:at + SECTOR].split(b"\n")[0].decode(errors="replace")
            if inside == 0 and number < WRITERS and re.match(r"\d+ (begin|done)", text) \
                    and last.get(number) != text:
                last[number] = text
                writers[number].line(text)
    return writers


def digest(folder):
    """Of all names and contents."""
    total = hashlib.sha256()
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            with open(os.path.join(place, name), "rb") as file:
                total.update(os.path.relpath(os.path.join(place, name), folder).encode() +
                             b"\0" + file.read())
        total.update(repr(folders).encode())
    return total.hexdigest()


# --- cuts -------------------------------------------------------------------------

def cut(image, events, count, rng, whole):
    """image as the first `count` events may have left it; whole: the disk lost
    nothing."""
    mine = [event for event in events[:count] if event[0] == "a"]
    flushed = max([n for n, event in enumerate(mine) if event[2] is None], default=0)
    keep, torn = rng.choice((1, 0.3, 0.5, 0.8)), rng.random() < 0.3
    if whole:
        keep, torn = 1, False
    for number, (_, offset, data) in enumerate(mine):
        if data is None:
            continue
        if number < flushed or rng.random() < keep and not torn:
            image[offset:offset + len(data)] = data
        elif torn:
            for at in range(0, len(data), SECTOR):
                if rng.random() < keep:
                    image[offset + at:offset + at + SECTOR] = data[at:at + SECTOR]
    return image


class Series:
    """Cuts, one after the other; where and old belong to the image at hand."""

    def __init__(self, seed, folder):
        self.rng, self.seed, self.folder = random.Random(seed), seed, folder
        self.image, self.old, self.losses, self.cuts, self.runs = None, {}, [], 0, 0
        self.operations = 0
        compile_program(SOURCE, BINARY)

    def new_image(self):
        path = os.path.join(self.folder, "new")
        with open(path, "wb") as file:
            file.truncate(SIZE)
        made = tool("mke2fs", "-q", "-F", *self.rng.choice(FORMATS), path)
        if made.returncode:
            raise RuntimeError(made.stdout.decode())
        with open(path, "rb") as file:
            self.image = bytearray(file.read())
        self.old = {}

    def run(self, cuts):
        if self.runs % RUNS_OF_AN_IMAGE == 0:
            self.new_image()
        self.runs += 1
        run = "r%d" % self.runs
        contents = {"a": bytearray(self.image), "b": bytearray(MB)}
        with nbd.Disks(contents) as disks:
            self.boot(disks, run)
            events = list(disks.events)
        for number in range(cuts):
            count = len(events) if number == 0 else self.rng.randrange(len(events) + 1)
            image = cut(bytearray(self.image), events, count, self.rng, number == 0)
            self.cuts += 1
            try:
                old = self.check(image, writers_at(events, count), run)
            except Loss as loss:
                self.losses.append("cut %d, run %d, event %d of %d: %s" % (
                    self.cuts, self.runs, count, len(events), loss))
                self.keep(image)
                old = None
        self.image, self.old = image, old
        if old is None:
            self.new_image()
        self.operations += sum(w.count for w in writers_at(events, len(events)))

    def boot(self, disks, run):
        with Guest(qemu=disks.arguments(), cmdline="quiet",
                   add=[BINARY + ":/powercut"]) as guest:
            done = guest.exec("mkdir -p /m && mount -t ext2 /dev/vda /m && mkdir /m/" + run)
            if done.status:
                raise Loss("no mount: %r" % done)
            disks.call_after(self.rng.randrange(20, EVENTS), guest.process.qemu.kill)
            try:
                done = guest.exec("/powercut /m/%s /dev/vdb %d %d %d" % (
                    run, self.rng.randrange(1 << 20), OPERATIONS, WRITERS), 300)
            except GuestEnded:
                return
            raise Loss("powercut ended by itself: %r" % done)

    def check(self, image, writers, run):
        """digest of each run's folder, after e2fsck."""
        path, tree = os.path.join(self.folder, "cut"), os.path.join(self.folder, "tree")
        with open(path, "wb") as file:
            file.write(image)
        repair = tool("e2fsck", "-p", path)
        if repair.returncode not in (0, 1):
            raise Loss("e2fsck -p: %d: %s" % (repair.returncode, repair.stdout.decode()))
        after = tool("e2fsck", "-fn", path)
        if after.returncode:
            raise Loss("e2fsck -fn after -p: " + after.stdout.decode())
        shutil.rmtree(tree, ignore_errors=True)
        os.mkdir(tree)
        tool("debugfs", "-R", "rdump / " + tree, path)
        for number, writer in enumerate(writers):
            check_writer(writer, os.path.join(tree, run, "p%d" % number))
        for name, was in self.old.items():
            if digest(os.path.join(tree, name)) != was:
                raise Loss("%s of an earlier run has changed" % name)
        return {name: digest(os.path.join(tree, name))
                for name in list(self.old) + [run] if os.path.isdir(os.path.join(tree, name))}

    def keep(self, image):
        name = os.path.join(machines.BUILD, "log", "cut-%d-%d.img" % (self.seed, self.cuts))
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(image)
        self.losses[-1] += "\n  image: " + os.path.relpath(name, machines.TOP)


def run(cuts, seed, say=lambda text: None):
    with tempfile.TemporaryDirectory(prefix="brig-cut-") as folder:
        series = Series(seed, folder)
        while series.cuts < cuts:
            series.run(min(CUTS_OF_A_RUN, cuts - series.cuts))
            say("%d cuts, %d runs, %d operations, %d losses" % (
                series.cuts, series.runs, series.operations, len(series.losses)))
        return series


def main(words):
    """--seeds N (300): so many cuts; --seed N (1): which ones."""
    numbers = {"--seeds": 300, "--seed": 1}
    words = list(words)
    while words:
        word, _, value = words.pop(0).partition("=")
        value = value or (words.pop(0) if words else "")
        if word not in numbers or not value.isdigit():
            sys.exit("brig: powercut: %s: --seeds N or --seed N" % word)
        numbers[word] = int(value)
    try:
        series = run(numbers["--seeds"], numbers["--seed"],
                     lambda text: print(text, flush=True))
    except (GuestError, Loss) as error:
        sys.exit("brig: powercut: %s" % error)
    for loss in series.losses:
        print("LOST: " + loss)
    return 1 if series.losses else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: BSD-2-Clause
"""ruin.py - damaged images of ext2, used in a guest; `./brig ruin`.

An image is made from one of a few sound ones by changing some fields of its
metadata; which, follows from its number. tests/disk/ruined.c uses them: what
counts is that the kernel goes on.
"""
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)

from rig import ext2, machine as machines  # noqa: E402

KB = 2560
BATCH = 100         # images of one boot
BINARY = os.path.join(machines.BUILD, "tests", "ruined")
KINDS = [("-b", 1024, "-I", 128), ("-b", 1024, "-I", 256, "-g", 512),
         ("-b", 2048, "-I", 256), ("-b", 4096, "-I", 256),
         ("-b", 1024, "-I", 256, "-O", "has_journal", "-J", "size=1")]


def compile_program():
    os.makedirs(os.path.dirname(BINARY), exist_ok=True)
    subprocess.run(["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-Wall", "-Wextra",
                    "-o", BINARY, "tests/disk/ruined.c"], cwd=machines.TOP, check=True)


def make_tree(top):
    """Files of every kind, with one, two and three levels of blocks."""
    for folder in ("a/b/c", "many"):
        os.makedirs(os.path.join(top, folder))
    for number in range(60):
        with open(os.path.join(top, "many", "a-rather-long-name-of-a-file-%d" % number),
                  "w") as out:
            out.write("x" * number)
    with open(os.path.join(top, "a", "single"), "wb") as out:
        out.write(b"s" * 40000)
    with open(os.path.join(top, "a", "b", "double"), "wb") as out:
        out.write(b"d" * 20000)
        out.seek(900000)
        out.write(b"d" * 3000)
    with open(os.path.join(top, "a", "b", "triple"), "wb") as out:
        out.seek(90000000)
        out.write(b"t" * 3000)
    os.symlink("single", os.path.join(top, "a", "fast"))
    os.symlink("y" * 200, os.path.join(top, "a", "slow"))
    os.link(os.path.join(top, "a", "single"), os.path.join(top, "a", "hard"))


def targets(data, names):
    """Places (first byte, size) of the image's metadata, by kind."""
    block = 1024 << struct.unpack_from("<I", data, 1048)[0]
    first, = struct.unpack_from("<I", data, 1044)
    blocks, = struct.unpack_from("<I", data, 1028)
    per_group, = struct.unpack_from("<I", data, 1056)
    inodes, = struct.unpack_from("<I", data, 1064)
    size, = struct.unpack_from("<H", data, 1112)
    groups = (blocks - first + per_group - 1) // per_group
    table = (first + 1) * block
    found = {"super": [(1024, 208)], "groups": [(table, 32 * groups)], "maps": [],
             "inodes": [], "blocks": names, "journal": []}
    for group in range(groups):
        places = struct.unpack_from("<III", data, table + 32 * group)
        found["maps"] += [(places[0] * block, per_group // 8),
                          (places[1] * block, inodes // 8)]
        for number in range(inodes):
            at = places[2] * block + number * size
            if any(data[at:at + 128]):
                found["inodes"].append((at, min(size, 160)))
    return {kind: places for kind, places in found.items() if places}


def pointer_blocks(path, block):
    """Blocks of directories, pointers and symlinks, as debugfs names them."""
    found = set()
    for name in ("/", "/a", "/a/b", "/a/b/c", "/many", "/lost+found", "/a/slow"):
        found.update(ext2.tool("debugfs", "-R", "blocks " + name, path).split()[2:])
    journal = ext2.tool("debugfs", "-R", "blocks <8>", path).split()[2:]
    found.update(journal[:3])
    for name in ("/a/single", "/a/b/double", "/a/b/triple", "/many"):
        found.update(re.findall(r"IND\):(\d+)",
                                ext2.tool("debugfs", "-R", "stat " + name, path)))
    return [(int(n) * block, block) for n in found if n.isdigit()]


class Base:
    """A sound image and where its metadata lies."""

    def __init__(self, folder, number):
        tree = os.path.join(folder, "tree")
        if not os.path.exists(tree):
            make_tree(tree)
        path = os.path.join(folder, "base%d" % number)
        ext2.make(path, KB / 1024, *KINDS[number], "-N", 128, tree=tree)
        with open(path, "rb") as file:
            self.data = file.read()
        block = int(KINDS[number][1])
        self.places = targets(self.data, pointer_blocks(path, block))
        self.blocks = len(self.data) // block

    def damaged(self, seed):
        """A copy with one to eight fields changed."""
        chance = random.Random(seed)
        data = bytearray(self.data)
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
            kind = chance.choice(sorted(self.places))
            at, size = chance.choice(self.places[kind])
            width = chance.choice((1, 2, 4, 4))
            # Most of a block is often empty: its beginning is worth more.
            span = chance.choice((size, min(size, 64)))
            place = at + chance.randrange(0, span, width)
            self.change(chance, data, place, width)
        return bytes(data)

    def change(self, chance, data, place, width):
        old = int.from_bytes(data[place:place + width], "little")
        top = (1 << 8 * width) - 1
        new = chance.choice((
            0, 1, 2, top, top >> 1, old ^ 1 << chance.randrange(8 * width),
            old + 1, old - 1, chance.randrange(self.blocks),
            chance.randrange(self.blocks), chance.randrange(130),
            chance.randrange(top + 1))) & top
        data[place:place + width] = new.to_bytes(width, "little")


def run(first, count, **settings):
    """Uses images first..; gives what was said about each. GuestPanic and its
    like come through."""
    from rig import Guest
    compile_program()
    said = []
    with tempfile.TemporaryDirectory() as folder:
        bases = [Base(folder, number) for number in range(len(KINDS))]
        for start in range(first, first + count, BATCH):
            number = min(BATCH, first + count - start)
            path = os.path.join(folder, "images")
            with open(path, "wb") as out:
                for seed in range(start, start + number):
                    out.write(bases[seed % len(bases)].damaged(seed))
            with Guest(cmdline="quiet ramdisk=%d" % ((KB + 1023) // 1024), disks=[path],
                       add=[BINARY + ":/ruined"], **settings) as guest:
                done = guest.exec("exec /ruined /dev/vda %d %d %d" % (KB, start, number),
                                  10 * number + 60)
                lines = done.stdout.decode(errors="replace").splitlines()
                assert done.status == 0, lines[-3:]
                guest.look_at_console()
                said += lines[:-1]
    return said


def main(words):
    """[--first N] [--count N]"""
    options = dict(zip(words[::2], words[1::2]))
    first, count = int(options.get("--first", 0)), int(options.get("--count", 2000))
    for start in range(first, first + count, BATCH):
        said = run(start, min(BATCH, first + count - start))
        used = sum(": used" in line for line in said)
        print("%d..%d: %d used, %d refused" % (start, start + len(said) - 1, used,
                                               len(said) - used), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

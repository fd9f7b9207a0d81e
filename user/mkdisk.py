#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""mkdisk.py - makes a disk image with a root file system out of a cpio archive.

  mkdisk.py OUT ARCHIVE MB

The file system is what `mke2fs -t ext3` makes, without what Brig does not
know. mke2fs copies a folder, so that the owners are those of whoever builds;
debugfs then sets them, modes and dates to what the archive says. Device nodes
are left out: /dev is the kernel's. Needs no root rights.
"""
import os
import shutil
import stat
import subprocess
import sys
import tempfile

FEATURES = "^dir_index,^resize_inode"
JOURNAL_MB = 4
HEADER, MAGIC = 110, b"070701"
TOOLS = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Entry:
    def __init__(self, path, mode, uid, gid, date, data):
        self.path, self.mode, self.uid, self.gid = path, mode, uid, gid
        self.date, self.data = date, data


def entries(archive):
    """Of a cpio archive of the kind "newc"."""
    with open(archive, "rb") as file:
        text = file.read()
    at = 0
    while text[at:at + 6] == MAGIC:
        field = [int(text[at + 6 + 8 * n:at + 14 + 8 * n], 16) for n in range(13)]
        start = at + HEADER
        name = text[start:start + field[11] - 1].decode()
        start += field[11] + -(start + field[11]) % 4
        if name == "TRAILER!!!":
            return
        yield Entry(name, field[1], field[2], field[3], field[5],
                    text[start:start + field[6]])
        at = start + field[6] + -(start + field[6]) % 4
    fail("%s: not an archive" % archive)


def fail(message):
    print("mkdisk.py: " + message, file=sys.stderr)
    sys.exit(1)


def tool(name):
    return shutil.which(name, path=TOOLS) or fail("%s: not installed" % name)


def call(*command):
    """What it says on standard error, where debugfs tells of its troubles."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        fail("%s:\n%s" % (os.path.basename(command[0]), done.stderr))
    return done.stderr


def unpack(tree, found):
    for entry in found:
        path = os.path.join(tree, entry.path)
        if stat.S_ISDIR(entry.mode):
            os.makedirs(path, exist_ok=True)
        elif stat.S_ISLNK(entry.mode):
            os.symlink(entry.data, path)
        else:
            with open(path, "wb") as file:
                file.write(entry.data)


def settings(found):
    """debugfs's commands."""
    for entry in found:
        fields = {"uid": entry.uid, "gid": entry.gid, "mode": "0%o" % entry.mode}
        for which in ("atime", "mtime", "ctime"):
            fields[which] = "@%d" % entry.date
        for field, value in fields.items():
            yield 'set_inode_field "/%s" %s %s\n' % (entry.path, field, value)


def main(argv):
    if len(argv) != 4 or not argv[3].isdigit():
        fail("usage: mkdisk.py OUT ARCHIVE MB")
    out, archive, size = argv[1:]
    found = [e for e in entries(archive)
             if stat.S_ISDIR(e.mode) or stat.S_ISLNK(e.mode) or stat.S_ISREG(e.mode)]
    with tempfile.TemporaryDirectory() as scratch:
        tree, script = os.path.join(scratch, "tree"), os.path.join(scratch, "script")
        os.mkdir(tree)
        unpack(tree, found)
        with open(script, "w", encoding="utf-8") as file:
            file.writelines(settings(found))
        if os.path.exists(out):
            os.remove(out)
        call(tool("mke2fs"), "-q", "-F", "-t", "ext3", "-L", "brig", "-b", "4096",
             "-I", "256", "-O", FEATURES, "-J", "size=%d" % JOURNAL_MB,
             "-E", "root_owner=0:0", "-d", tree, out, size + "M")
        said = [line for line in call(tool("debugfs"), "-w", "-f", script, out).splitlines()
                if not line.startswith("debugfs ")]
        if said:
            fail("debugfs:\n" + "\n".join(said[:10]))


if __name__ == "__main__":
    main(sys.argv)

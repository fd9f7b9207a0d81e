#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""mkcpio.py - writes a cpio archive (newc) for Brig's root without root rights.

  mkcpio.py OUT [--list FILE] [--known FILE] [--tree DIR] [--applets FILE]
                [--file SRC:DEST[:MODE]] [--program FILE] [--add HOSTPATH[:GUESTPATH]]...

--tree      a folder laid over the root; modes are 755 or 644, and the date is
            fixed, so that the same input always gives the same bytes
--list      folders, links, device nodes, modes, places of programs (user/root.list)
--known     such a list whose folders are there already: a parent folder that
            has to be named again gets its mode from it
--applets   the output of `busybox --list-full`: links to /bin/busybox
--file      one file to one place
--program   a program of ours: to /sbin/NAME, or where --list says
--add       a file or folder as it is: modes, dates and symlinks kept; into
            GUESTPATH, or /root/NAME without one; "/" lays a folder over the root

Everything belongs to 0:0 but what --list says. Later arguments win over earlier ones, but --list
modes and --applets never replace a file that is already named.
"""
import os
import stat
import sys

DATE = 1767225600  # 2026-01-01: one date for all that is built here
DIR, REG, LNK, CHR, BLK = 0o040000, 0o100000, 0o120000, 0o020000, 0o060000


class Entry:
    __slots__ = ("mode", "data", "date", "rdev", "source", "owner")

    def __init__(self, mode, data=b"", date=DATE, rdev=(0, 0), source=None):
        self.mode, self.data, self.date = mode, data, date
        self.rdev, self.source, self.owner = rdev, source, 0


class Archive:
    """A tree of entries by path ("" is the root, "etc/rc" a file)."""

    def __init__(self):
        self.entries = {}
        self.known = {}     # modes of folders that may be named as parents
        self.places = {}    # paths of programs that do not belong in /sbin

    def put(self, path, entry):
        path = clean(path)
        if not path:
            return
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.put(parent, Entry(DIR | self.known.get(parent, 0o755)))
        self.entries[path] = entry

    def add_list(self, name):
        modes = []
        with open(name, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                word = line.split("#")[0].split()
                try:
                    if not word:
                        continue
                    if word[0] == "dir":
                        entry = Entry(DIR | int(word[2], 8))
                        entry.owner = int(word[3]) if word[3:] else 0
                        self.put(word[1], entry)
                    elif word[0] == "link":
                        self.put(word[1], Entry(LNK | 0o777, word[2].encode()))
                    elif word[0] == "node":
                        kind = {"c": CHR, "b": BLK}[word[3]]
                        self.put(word[1], Entry(kind | int(word[2], 8),
                                 rdev=(int(word[4]), int(word[5]))))
                    elif word[0] == "program":
                        self.places[word[1]] = word[2]
                    elif word[0] == "mode":
                        modes.append((clean(word[1]), int(word[2], 8)))
                    else:
                        raise ValueError(word[0])
                except (IndexError, KeyError, ValueError):
                    fail("%s:%d: not understood" % (name, number))
        return modes

    def add_path(self, source, path, exact):
        """source (a file, link or folder) becomes path."""
        info = os.lstat(source)
        date = int(info.st_mtime) if exact else DATE
        if stat.S_ISLNK(info.st_mode):
            target = os.readlink(os.fsencode(source))
            self.put(path, Entry(LNK | 0o777, target, date))
        elif stat.S_ISDIR(info.st_mode):
            mode = stat.S_IMODE(info.st_mode) if exact else 0o755
            if exact or clean(path) not in self.entries:
                self.put(path, Entry(DIR | mode, b"", date))
            for name in sorted(os.listdir(source)):
                self.add_path(os.path.join(source, name),
                              path.rstrip("/") + "/" + name, exact)
        elif stat.S_ISREG(info.st_mode):
            mode = stat.S_IMODE(info.st_mode)
            if not exact:
                mode = 0o755 if mode & 0o100 else 0o644
            self.put(path, Entry(REG | mode, None, date, source=source))
        else:
            fail("%s: not a file, folder or link" % source)

    def add_applets(self, name):
        with open(name, encoding="ascii") as lines:
            for line in lines:
                path = clean(line.strip())
                if path and path not in self.entries:
                    self.put(path, Entry(LNK | 0o777, b"/bin/busybox"))

    def write(self, out):
        at = 0

        def emit(data):
            nonlocal at
            pad = -(at + len(data)) % 4
            out.write(data + b"\0" * pad)
            at += len(data) + pad

        for number, path in enumerate(sorted(self.entries), 1):
            entry = self.entries[path]
            data = entry.data
            if data is None:
                with open(entry.source, "rb") as content:
                    data = content.read()
            name = os.fsencode(path)
            emit(header(number, entry, len(data), len(name) + 1) + name + b"\0")
            emit(data)
        emit(header(0, Entry(0, date=0), 0, 11) + b"TRAILER!!!\0")


def header(number, entry, size, name_size):
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (number, entry.mode, entry.owner, entry.owner, links, entry.date & 0xffffffff, size,
              0, 0, entry.rdev[0], entry.rdev[1], name_size, 0)
    return b"070701" + b"".join(b"%08x" % field for field in fields)


def clean(path):
    path = os.path.normpath("/" + path).lstrip("/")
    return path


def fail(message):
    print("mkcpio.py: " + message, file=sys.stderr)
    sys.exit(1)


def add_argument(archive, argument):
    """HOSTPATH[:GUESTPATH] as `./brig exec --add` takes it."""
    source, colon, path = argument.rpartition(":")
    if not colon or os.path.lexists(argument):
        source, path = argument, ""
    if not os.path.lexists(source):
        fail("--add %s: no such file" % source)
    real = source.rstrip("/") or "/"
    if not path:
        path = "/root/" + os.path.basename(os.path.abspath(real))
    elif path.endswith("/") and clean(path) and not os.path.isdir(real):
        path += os.path.basename(real)
    elif not path.startswith("/"):
        path = "/root/" + path
    # A link named by the user means the file; links inside a folder are kept.
    archive.add_path(os.path.realpath(real), path, True)


def main(argv):
    if len(argv) < 2 or len(argv) % 2:
        fail("usage: mkcpio.py OUT [--list|--tree|--applets|--file|--add ARG]...")
    archive = Archive()
    modes = []
    for option, value in zip(argv[2::2], argv[3::2]):
        if option == "--list":
            modes += archive.add_list(value)
        elif option == "--known":
            listed = Archive()
            listed.add_list(value)
            archive.known = {path: stat.S_IMODE(entry.mode)
                             for path, entry in listed.entries.items()}
        elif option == "--tree":
            archive.add_path(value, "/", False)
        elif option == "--applets":
            archive.add_applets(value)
        elif option == "--file":
            source, path, mode = (value.split(":") + ["644"])[:3]
            archive.put(path, Entry(REG | int(mode, 8), None, source=source))
        elif option == "--program":
            name = os.path.basename(value)
            archive.put(archive.places.get(name, "/sbin/" + name),
                        Entry(REG | 0o755, None, source=value))
        elif option == "--add":
            add_argument(archive, value)
        else:
            fail("unknown option " + option)
    for path, mode in modes:
        if path in archive.entries:
            entry = archive.entries[path]
            entry.mode = stat.S_IFMT(entry.mode) | mode
    try:
        with open(argv[1], "wb") as out:
            archive.write(out)
    except OSError as error:
        fail("%s: %s" % (error.filename, error.strerror))


if __name__ == "__main__":
    main(sys.argv)

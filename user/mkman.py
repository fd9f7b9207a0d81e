#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""mkman.py - makes the guest's manual: pages of plain text, compressed.

  mkman.py DIR PAGE...

Each PAGE (mdoc, NAME.SECTION) is checked and rendered by mandoc, and becomes
DIR/usr/share/man/NAME.SECTION.gz; further names of its NAME section become
links to it. DIR/usr/share/man/whatis has a line for each: `man -k` reads it.
"""
import gzip
import os
import re
import shutil
import subprocess
import sys

WIDTH = 78


def fail(message):
    print("mkman.py: " + message, file=sys.stderr)
    sys.exit(1)


def mandoc(*words):
    done = subprocess.run(["mandoc", *words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.stdout


def names_of(text, page):
    """The names in the section NAME, and what they are."""
    head = re.search(r"^\.Sh NAME\n(.*?)^\.Sh ", text, re.MULTILINE | re.DOTALL)
    if not head:
        fail("%s: no section NAME" % page)
    names = re.findall(r"^\.Nm (\S+)", head.group(1), re.MULTILINE)
    what = re.search(r"^\.Nd (.*)", head.group(1), re.MULTILINE)
    if not names or not what:
        fail("%s: no .Nm or no .Nd in NAME" % page)
    return names, what.group(1)


def make(place, page):
    """One page; gives its line of whatis."""
    complaint = mandoc("-Tlint", "-Wwarning", page)
    if complaint:
        fail("mandoc complains:\n" + complaint.decode().rstrip())
    with open(page, encoding="ascii") as file:
        names, what = names_of(file.read(), page)
    name, section = os.path.basename(page).rsplit(".", 1)
    text = mandoc("-Tascii", "-O", "width=%d" % WIDTH, page)
    text = re.sub(rb".\x08", b"", text)     # bold and underlined letters
    with open("%s/%s.%s.gz" % (place, name, section), "wb") as out:
        out.write(gzip.compress(text, 9, mtime=0))
    for other in names:
        link = "%s/%s.%s.gz" % (place, other, section)
        if other != name and not os.path.lexists(link):
            os.symlink("%s.%s.gz" % (name, section), link)
    return "%s (%s) - %s\n" % (", ".join(names), section, what)


def main(argv):
    if len(argv) < 3:
        fail("usage: mkman.py DIR PAGE...")
    if not shutil.which("mandoc"):
        fail("mandoc, which renders the manual, is missing: "
             "./brig setup (or apt-get install mandoc)")
    place = os.path.join(argv[1], "usr", "share", "man")
    shutil.rmtree(argv[1], ignore_errors=True)
    os.makedirs(place)
    lines = [make(place, page) for page in argv[2:]]
    with open(os.path.join(place, "whatis"), "w", encoding="ascii") as out:
        out.writelines(sorted(lines))


if __name__ == "__main__":
    main(sys.argv)

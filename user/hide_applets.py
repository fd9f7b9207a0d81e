#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""hide_applets.py - a BusyBox whose shell finds our programs by their names.

  hide_applets.py BUSYBOX OUT NAME...

Debian's BusyBox has a shell that runs its own applets before it looks into
PATH: /bin/ps would be started by nobody who types `ps`. So each of these names
is changed in OUT's table of applets, to one of the same length that keeps the
table sorted. A name that BusyBox has no applet for is passed over.
"""
import os
import subprocess
import sys


def fail(message):
    print("hide_applets.py: " + message, file=sys.stderr)
    sys.exit(1)


def other_name(name, after):
    """Sorts between name and the name after it."""
    other = name[:-1] + bytes([name[-1] + 1])
    if after and not other < after:
        fail("no name is free between %r and %r" % (name, after))
    return other


def main(argv):
    if len(argv) < 3:
        fail("usage: hide_applets.py BUSYBOX OUT NAME...")
    source, out, hidden = argv[1], argv[2], argv[3:]
    try:
        listed = subprocess.run([source, "--list"], stdout=subprocess.PIPE, check=True)
    except (OSError, subprocess.CalledProcessError):
        fail("this machine cannot run %s, an i386 program" % source)
    names = listed.stdout.split()
    with open(source, "rb") as file:
        data = file.read()
    table = b"\0".join(names) + b"\0"
    if data.count(table) != 1:
        fail("%s: the table of applets is not as it was" % source)
    for name in map(os.fsencode, hidden):
        if name in names:
            at = names.index(name)
            names[at] = other_name(name, b"".join(names[at + 1:at + 2]))
    with open(out, "wb") as file:
        file.write(data.replace(table, b"\0".join(names) + b"\0"))
    os.chmod(out, 0o755)


if __name__ == "__main__":
    main(sys.argv)

# SPDX-License-Identifier: BSD-2-Clause
"""debian.py - a program of Debian's for the machine, with its libraries.

    folder = debian.tree("usr/bin/tcpdump", "tcpdump libpcap0.8 libc6 ...")
    Guest(add=[folder + ":/deb"])   # chroot /deb /usr/bin/tcpdump

What was fetched stays in cache/, where the C library and BusyBox are.
"""
import os
import re
import shutil
import subprocess

import pytest

from rig import machine as machines

LIBRARIES = "lib/i386-linux-gnu"


def needed(path):
    """Names of the shared libraries that a program or library asks for."""
    text = subprocess.run(["readelf", "-d", path], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text)


def copy_with_libraries(source, program, to):
    """What `program` of the tree `source` needs to run, into the folder `to`."""
    found = {name: os.path.join(folder, name)
             for folder, _, names in os.walk(source) for name in names if ".so" in name}
    os.makedirs(os.path.join(to, LIBRARIES))
    os.makedirs(os.path.join(to, os.path.dirname(program)))
    shutil.copy(os.path.join(source, program), os.path.join(to, program))
    shutil.copy(found["ld-linux.so.2"], os.path.join(to, "lib"))
    wanted, have = needed(os.path.join(to, program)), set()
    while wanted:
        name = wanted.pop()
        if name not in have:
            have.add(name)
            wanted += needed(found[name])
            shutil.copy(found[name], os.path.join(to, LIBRARIES, name))


def tree(program, packages):
    """A folder with the program and its libraries, to be the root of a chroot;
    packages holds all that they come from."""
    name = os.path.basename(program)
    place = os.path.join(machines.TOP, "cache", name)
    made = os.path.join(place, "root")
    if not os.path.exists(made):
        done = subprocess.run(["sh", "user/fetch.sh", place] + packages.split(),
                              cwd=machines.TOP, text=True, stderr=subprocess.PIPE)
        if done.returncode:
            pytest.skip("%s cannot be fetched: %s" % (name, done.stderr.strip()))
        shutil.rmtree(made + ".new", ignore_errors=True)
        copy_with_libraries(os.path.join(place, "tree"), program, made + ".new")
        os.rename(made + ".new", made)
    return made

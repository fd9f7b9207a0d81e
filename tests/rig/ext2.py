# SPDX-License-Identifier: BSD-2-Clause
"""ext2.py - images of ext2 on the host: made, checked and read by e2fsprogs."""
import os
import subprocess

ENV = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")


def tool(*words, status=(0,)):
    """Runs one of the tools; gives what it prints."""
    done = subprocess.run(words, env=ENV, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode(errors="replace")
    assert done.returncode in status, "%s: status %d\n%s" % (
        " ".join(map(str, words)), done.returncode, text)
    return text


def make(path, megabytes, *options, tree=None, kind="ext2"):
    """A new image, with the files of a folder in it."""
    with open(path, "wb") as image:
        image.truncate(int(megabytes * 1024 * 1024))
    words = ["mke2fs", "-q", "-F", "-t", kind, "-E", "lazy_itable_init=0"]
    if tree:
        words += ["-d", str(tree)]
    tool(*words, *map(str, options), str(path))
    return str(path)


def check(path):
    """e2fsck finds nothing."""
    tool("e2fsck", "-fn", str(path))


def debug(path, *requests, write=False):
    """debugfs's answers."""
    text = "\n".join(requests) + "\n"
    done = subprocess.run(["debugfs"] + ["-w"] * write + ["-f", "-", str(path)],
                          env=ENV, input=text.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout.decode(errors="replace")


def extract(path, to):
    """All files of the image into a folder."""
    os.makedirs(to, exist_ok=True)
    tool("debugfs", "-R", "rdump / %s" % to, str(path))

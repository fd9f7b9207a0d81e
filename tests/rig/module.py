# SPDX-License-Identifier: BSD-2-Clause
"""module.py - compiles a kernel module."""
import os
import re
import subprocess

from rig import machine as machines


def compiled(folder, source, *more):
    """An object as the Makefile would make it: its bytes. It also stays in
    the folder, as module.ko."""
    out = os.path.join(str(folder), "module.ko")
    with open(os.path.join(machines.TOP, "Makefile"), encoding="utf-8") as file:
        flags = re.search(r"^CFLAGS := (.*?)[^\\]\n", file.read(),
                          re.MULTILINE | re.DOTALL).group(1)
    words = [w for w in flags.replace("\\\n", " ").split()
             if w[0] == "-" and "(" not in w]
    subprocess.run(["gcc"] + words + ["-DBRIG_KASAN=0", "-c", "-o", out, *more, source],
                   cwd=machines.TOP, check=True)
    with open(out, "rb") as file:
        return file.read()

# SPDX-License-Identifier: BSD-2-Clause
"""process.py - one QEMU process, its two serial lines, its scratch folder.

Both lines are socket pairs handed to QEMU as open descriptors: no names that
parallel machines could fight for, nothing lost before somebody listens. QEMU
is killed by the system when we die.
"""
import os
import shutil
import socket
import subprocess



def scratch_make():
    base = os.environ.get("TMPDIR") or "/tmp"
    name = os.path.join(base, "brig-%d-%s" % (os.getpid(), os.urandom(4).hex()))
    os.mkdir(name, 0o700)
    return name


def die_with_parent(command):
    tool = shutil.which("setpriv")
    return [tool, "--pdeathsig", "KILL"] + command if tool else command


class Process:
    """A running machine. console and channel are sockets."""

    def __init__(self, machine, words, extra=(), scratch=None):
        """scratch, if given, is taken over: removed with the process."""
        self.scratch = scratch or scratch_make()
        self.qemu = None
        try:
            self.console, console = socket.socketpair()
            self.channel, channel = socket.socketpair()
            command = machine.command(words, ["chardev:com1", "chardev:com2"],
                                      self.scratch)
            command += ["-chardev", "socket,id=com1,fd=%d" % console.fileno(),
                        "-chardev", "socket,id=com2,fd=%d" % channel.fileno()]
            command += extra
            self.errors = open(os.path.join(self.scratch, "qemu.err"), "w+b")
            self.qemu = subprocess.Popen(
                die_with_parent(command), stdin=subprocess.DEVNULL,
                stdout=self.errors, stderr=self.errors,
                pass_fds=(console.fileno(), channel.fileno()))
            console.close()
            channel.close()
        except BaseException:
            self.end()
            raise

    def ended(self):
        return self.qemu.poll() is not None

    def wait(self, seconds):
        """True when QEMU has ended by itself within the time."""
        try:
            self.qemu.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def end(self):
        """Ends QEMU and forgets everything. May be called twice."""
        if self.qemu and self.qemu.poll() is None:
            self.qemu.kill()
            self.qemu.wait()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch = None

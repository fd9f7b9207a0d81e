# SPDX-License-Identifier: BSD-2-Clause
"""guest.py - class Guest: a running Brig that a script can talk to.

Two ways in. The serial console is what a person has: send, expect, run. The
machine channel is for machines: exec, put, get; it carries bytes unchanged
and keeps standard output and standard error apart.

Every wait also looks for what must never appear (BAD), so that a crash is
reported at once and as what it is, not as a timeout later.
"""
import contextlib
import itertools
import os
import re
import select
import time

from pexpect import EOF, TIMEOUT, fdpexpect

from rig import channel, machine as machines, process as processes

BAD = (rb"\] panic: [^\r\n]*", rb"UBSAN: [^\r\n]*", rb"KASAN: [^\r\n]*")
SHELL_PROMPT = rb"[^\r\n]*[#$] (?:\x1b\[6n)?$"
QUIET_LINE = b"stty -echo\n"
CONSOLE_SIZE = "brig.size=80x24"
CHUNK = 1024    # bytes of a file per frame: less than a tty's input buffer

serial_numbers = itertools.count(1)
living = []     # the guests of this process, for conftest.py


class GuestError(Exception):
    """What went wrong, with the end of the console's text. From exec, result
    holds what the command had printed until then (status -1)."""

    result = None

    def __init__(self, guest, message):
        tail = guest.text.splitlines()[-30:]
        super().__init__("%s\n--- console, %s\n%s" %
                         (message, guest.log_name, "\n".join(tail)))


class GuestPanic(GuestError):
    """Something of BAD appeared."""


class GuestEnded(GuestError):
    """QEMU ended, by a reset or a triple fault as a rule."""


class GuestTimeout(GuestError):
    """What was waited for did not come in time."""


class Result:
    """Of Guest.exec: stdout and stderr are bytes, status as in a shell."""

    def __init__(self, stdout, stderr, status):
        self.stdout, self.stderr, self.status = stdout, stderr, status

    def __repr__(self):
        return "Result(%r, %r, %d)" % (self.stdout, self.stderr, self.status)


def time_scale():
    scale = float(os.environ.get("BRIG_TIMEOUT_SCALE") or 1)
    return scale * (4 if os.environ.get("SAN") else 1)


class Log:
    """Where pexpect puts what it reads."""

    def __init__(self, name):
        os.makedirs(os.path.dirname(name), exist_ok=True)
        self.file = open(name, "wb")
        self.data = bytearray()

    def write(self, data):
        self.data += data
        self.file.write(data)

    def flush(self):
        self.file.flush()


class Guest:
    """A machine. Keyword arguments: mem, smp, cmdline, disks, nic, net, iso,
    qemu (a list), kernel, root, modules as in machine.Machine; add (a list of
    HOSTPATH[:GUESTPATH]); agent (False: no machine channel); reboot (True: a
    reset restarts the machine instead of ending it); prompt (False: do not
    wait for the shell)."""

    def __init__(self, add=(), agent=True, reboot=False, prompt=True, **settings):
        self.machine = machines.Machine()
        for name, value in settings.items():
            if not hasattr(self.machine, name):
                raise TypeError("Guest: no setting is called " + name)
            setattr(self.machine, name, value)
        self.scale = time_scale()
        self.bad = list(BAD)
        self.log_name = os.path.join(
            machines.BUILD, "log", "guest-%d-%d.log" %
            (os.getpid(), next(serial_numbers)))
        self.log = Log(self.log_name)
        self.keep_log = False
        self.agent = agent
        self.decoder = None
        self.frames = []
        self.prompt = None
        self.process = None
        self.start(list(add), reboot)
        living.append(self)
        if prompt:
            try:
                self.login()
            except BaseException:
                self.keep_log = True
                self.close()
                raise

    def start(self, add, reboot):
        words = [CONSOLE_SIZE] + (["brig.serve"] if self.agent else [])
        extra = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        scratch = None
        try:
            if add:
                from rig.command import add_archive
                scratch = processes.scratch_make()
                self.machine.modules = [add_archive(scratch, add)]
            self.process = processes.Process(
                self.machine, words, extra + ([] if reboot else ["-no-reboot"]),
                scratch)
        except BaseException:
            self.log.file.close()
            raise
        self.console = fdpexpect.fdspawn(self.process.console.fileno(),
                                         logfile=None, timeout=None)
        self.console.logfile_read = self.log

    # --- the console ---------------------------------------------------------

    @property
    def text(self):
        """All that the console has said so far."""
        return self.log.data.decode(errors="replace").replace("\r", "")

    def send(self, text):
        self.console.send(text)

    def sendline(self, text=""):
        if isinstance(text, str):
            text = text.encode()
        self.console.send(text + b"\n")

    def expect(self, pattern, timeout=30):
        """Waits for pattern, a regular expression or a list of them; gives
        its number in the list. The text before it is self.before, what
        matched is self.match."""
        patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
        patterns = [p.encode() if isinstance(p, str) else p for p in patterns]
        try:
            found = self.console.expect(list(patterns) + self.bad,
                                        timeout=timeout * self.scale)
        except EOF:
            raise self.failure(GuestEnded, "the machine ended; waited for %r" %
                               (patterns,)) from None
        except TIMEOUT:
            raise self.failure(GuestTimeout, "%g s passed; waited for %r" %
                               (timeout * self.scale, patterns)) from None
        if found >= len(patterns):
            said = self.console.after
            with contextlib.suppress(EOF, TIMEOUT):     # the backtrace
                self.console.expect([rb"panic: end\r?\n", EOF], timeout=2)
            raise self.failure(GuestPanic, said.decode(errors="replace"))
        return found

    @property
    def before(self):
        return self.console.before.decode(errors="replace").replace("\r\n", "\n")

    @property
    def match(self):
        return self.console.match

    def failure(self, kind, message):
        self.keep_log = True
        error = self.process.error_text().strip()
        return kind(self, message + ("\n" + error if error else ""))

    @contextlib.contextmanager
    def allow(self, pattern):
        """Within it, bad patterns that pattern matches are no failure:
        with guest.allow("panic"): ..."""
        saved = self.bad
        self.bad = [bad for bad in saved if pattern.encode() not in bad]
        try:
            yield
        finally:
            self.bad = saved

    def login(self, timeout=60):
        """Waits for the shell and gives it a prompt that nothing else can
        print: typed, it is written in two pieces. With echo off, BusyBox's
        shell does no line editing either, so that output comes pure."""
        self.expect(SHELL_PROMPT, timeout)
        token = os.urandom(4).hex()
        self.prompt = b"<%s># " % token.encode()
        self.send(QUIET_LINE)
        self.sendline("PS1='<'%s'># '" % token)
        self.expect(re.escape(self.prompt), timeout)

    def run(self, command, timeout=30):
        """Types a command; gives (output, status)."""
        self.sendline(command)
        self.expect(re.escape(self.prompt), timeout)
        output = self.before
        self.sendline("echo $?")
        self.expect(re.escape(self.prompt), timeout)
        return output, int(self.before)

    def check(self, command, timeout=30):
        """run() for a command that must succeed; gives its output."""
        output, status = self.run(command, timeout)
        if status:
            raise self.failure(GuestError, "status %d: %s\n%s" %
                               (status, command, output))
        return output

    # --- the machine channel -------------------------------------------------

    def frame(self, deadline):
        """The next frame from the agent; meanwhile the console is read too."""
        while not self.frames:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self.failure(GuestTimeout, "the agent did not answer")
            ready = select.select([self.process.channel, self.process.console],
                                  [], [], left)[0]
            if self.process.console in ready:
                self.look_at_console()
            if self.process.channel in ready:
                data = self.process.channel.recv(65536)
                if not data:
                    raise self.failure(GuestEnded, "the machine ended")
                self.frames += self.decoder.feed(data)
        return self.frames.pop(0)

    def look_at_console(self):
        """Reads what is there. Only bad patterns count."""
        with contextlib.suppress(GuestTimeout):
            keep = self.keep_log
            self.expect(["(?!)"], timeout=0)
        self.keep_log = keep

    def agent_start(self, timeout):
        if not self.agent:
            raise GuestError(self, "this Guest has no agent")
        if self.decoder is None:
            self.decoder = channel.Decoder()
            kind, _ = self.frame(time.monotonic() + timeout * self.scale)
            assert kind == channel.HELLO, kind

    def exec(self, command, timeout=60, kill=True):
        """Runs a command by the agent; gives a Result. When the time is over
        the command is killed, unless kill is False, and GuestTimeout raised."""
        self.agent_start(timeout)
        self.process.channel.sendall(channel.encode(channel.RUN, os.fsencode(command)))
        parts = {channel.OUT: bytearray(), channel.ERR: bytearray()}
        deadline = time.monotonic() + timeout * self.scale
        while True:
            try:
                kind, payload = self.frame(deadline)
            except GuestError as error:
                error.result = Result(bytes(parts[channel.OUT]),
                                      bytes(parts[channel.ERR]), -1)
                if kill and isinstance(error, GuestTimeout):
                    self.kill_command()
                raise
            if kind == channel.EXIT:
                return Result(bytes(parts[channel.OUT]), bytes(parts[channel.ERR]),
                              channel.exit_status(channel.number(payload)))
            parts[kind] += payload

    def kill_command(self):
        self.process.channel.sendall(channel.encode(channel.KILL))
        deadline = time.monotonic() + 10 * self.scale
        while self.frame(deadline)[0] != channel.EXIT:
            pass

    def put_bytes(self, data, path, mode=0o644, timeout=60):
        self.agent_start(timeout)
        name = b"%o " % mode + os.fsencode(path)
        self.file_request(channel.FILE_OPEN, name, path, timeout)
        for at in range(0, len(data), CHUNK):
            self.file_request(channel.FILE_DATA, data[at:at + CHUNK], path, timeout)
        self.file_request(channel.FILE_CLOSE, b"", path, timeout)

    def file_request(self, kind, payload, path, timeout):
        self.process.channel.sendall(channel.encode(kind, payload))
        answer, payload = self.frame(time.monotonic() + timeout * self.scale)
        assert answer == channel.ACK, answer
        error = channel.number(payload)
        if error:
            raise OSError(error, os.strerror(error), path)

    def put(self, source, path, timeout=60):
        """Copies a file of the host into the guest, with its mode."""
        with open(source, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o7777
            self.put_bytes(file.read(), path, mode, timeout)

    def get_bytes(self, path, timeout=60):
        result = self.exec("exec cat -- '%s'" % path.replace("'", "'\\''"), timeout)
        if result.status:
            raise OSError(result.stderr.decode(errors="replace").strip())
        return result.stdout

    def get(self, path, to, timeout=60):
        """Copies a file of the guest to the host."""
        data = self.get_bytes(path, timeout)
        with open(to, "wb") as file:
            file.write(data)

    # --- the end -------------------------------------------------------------

    def wait_end(self, timeout=30):
        """Until QEMU has ended by itself; its exit status."""
        deadline = time.monotonic() + timeout * self.scale
        with contextlib.suppress(GuestEnded):
            self.expect(["(?!)"], timeout)
        if not self.process.wait(max(0.1, deadline - time.monotonic())):
            raise self.failure(GuestTimeout, "the machine did not end")
        return self.process.qemu.returncode

    def power_off(self, timeout=30):
        self.sendline("poweroff")
        return self.wait_end(timeout)

    def give_coverage(self):
        """A kernel that counts its lines tells them when it stops in order."""
        if self.process.ended():
            return
        keep = self.keep_log
        command = "echo o > /proc/sysrq-trigger"
        with contextlib.suppress(GuestError, OSError, AssertionError):
            if self.agent and not keep:
                self.exec(command, 5)
            else:
                self.send("\x03\n" + command + "\n")
        self.process.wait(5)
        self.keep_log = keep

    def close(self):
        """Ends the machine as a pulled plug would."""
        if self in living:
            living.remove(self)
        if os.environ.get("COV"):
            self.give_coverage()
        self.process.end()
        self.process.console.close()
        self.process.channel.close()
        self.log.file.close()
        if not self.keep_log:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.log_name)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            self.keep_log = True
        self.close()

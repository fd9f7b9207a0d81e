#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""command.py - `./brig run`, `./brig exec` and `./brig gdb`.

Called by ./brig, which has seen to packages and to the build. Imports stay
few: `./brig exec -- true` is to be fast.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, os.path.join(os.path.dirname(sys.path[0]), "user"))

from rig import machine as machines  # noqa: E402

EXIT_TIMEOUT, EXIT_CRASH, EXIT_USAGE = 124, 125, 2
POWER_OFF_SECONDS = 10      # from the command's end to QEMU's
PANIC_SECONDS = 3           # for the backtrace to come out
WWW_PORT = 8080
LOG_LINES = 30              # of the kernel log, shown after a crash
PANIC = re.compile(rb"\] (?:Kernel )?panic(?: - |: )")   # Brig's, Linux's


def fail(message):
    print("brig: " + message, file=sys.stderr)
    sys.exit(EXIT_USAGE)


class Arguments:
    """The command line, after its first word."""

    def __init__(self, what, words):
        self.machine = machines.Machine()
        self.add = []
        self.timeout = None
        self.fresh = False
        self.root = "disk"
        self.rest = []
        words = list(words)
        while words:
            word = words.pop(0)
            if word == "--":
                self.rest = words
                break
            if not word.startswith("--") or not self.take(what, word, words):
                if what == "exec" and not word.startswith("-"):
                    self.rest = [word] + words
                    break
                fail("%s: unknown option %s (./brig help)" % (what, word))

    def take(self, what, option, words):
        option, equals, value = option.partition("=")
        if equals:
            words.insert(0, value)
        setting = self.machine
        if option == "--iso" and not equals:
            setting.iso = True
        elif option == "--smp":
            setting.smp = self.number(option, words)
        elif option == "--mem":
            setting.mem = self.number(option, words)
        elif option == "--cmdline":
            setting.cmdline = (setting.cmdline + " " + self.value(option, words)).strip()
        elif option == "--disk":
            setting.disks.append(self.value(option, words))
        elif option == "--fresh" and what == "run" and not equals:
            self.fresh = True
        elif option == "--root" and what == "run":
            self.root = self.value(option, words)
        elif option == "--nic":
            setting.nic = self.choice(option, words, machines.NICS)
        elif option == "--net":
            setting.net = self.choice(option, words, ("user", "none"))
        elif option == "--qemu":
            import shlex
            setting.qemu += shlex.split(self.value(option, words))
        elif option == "--add" and what == "exec":
            self.add.append(self.value(option, words))
        elif option == "--timeout" and what == "exec":
            value = self.value(option, words)
            try:
                self.timeout = float(value)
            except ValueError:
                fail("--timeout %s: not a number" % value)
        else:
            return False
        return True

    @staticmethod
    def value(option, words):
        if not words:
            fail(option + " needs a value")
        return words.pop(0)

    @staticmethod
    def number(option, words):
        value = Arguments.value(option, words)
        if not value.isdigit() or int(value) == 0:
            fail("%s %s: not a number" % (option, value))
        return int(value)

    @staticmethod
    def choice(option, words, choices):
        value = Arguments.value(option, words)
        if value not in choices:
            fail("%s %s: one of %s" % (option, value, ", ".join(choices)))
        return value


# --- run ---------------------------------------------------------------------

def terminal_words():
    """What the guest should know of the terminal that it will draw on."""
    try:
        size = os.get_terminal_size(0)
    except OSError:
        return ["brig.size=80x24"]
    return ["brig.size=%dx%d" % (size.columns, size.lines)]


def free_port(first):
    """The first port of 127.0.0.1 from there on that nobody listens on."""
    import socket
    for port in range(first, first + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    return None


def forward(machine):
    """Leads a port of this machine to a jail's web server."""
    machine.forward = free_port(WWW_PORT) if machine.network() else None
    if machine.forward:
        print("brig: http://127.0.0.1:%d/ is port 80 of %s in the machine" %
              (machine.forward, machines.JAIL_ADDRESS), file=sys.stderr)


def copy_disk(origin, name, identity):
    """name appears whole, or not at all."""
    import subprocess
    if subprocess.call(["cp", "--sparse=always", origin, name + ".new"]):
        fail(name + ": no copy of " + origin)
    with open(name + ".made", "w", encoding="ascii") as file:
        file.write(identity)
    os.replace(name + ".new", name)


def root_disk(name, fresh):
    """Makes the disk that is kept from one run to the next, if it is not there.
    Gives a file that locks it as long as it is open; None: another has it."""
    import fcntl
    if os.path.dirname(name):
        os.makedirs(os.path.dirname(name), exist_ok=True)
    lock = open(name + ".lock", "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    origin = os.path.join(machines.BUILD, "root", "root.ext2")
    identity = "%d\n" % os.stat(origin).st_mtime_ns
    if fresh or not os.path.exists(name):
        copy_disk(origin, name, identity)
        return lock
    try:
        with open(name + ".made", encoding="ascii") as file:
            same = file.read() == identity
    except OSError:
        same = True     # somebody's own
    if not same:
        print("brig: %s was made from an older build; --fresh makes a new one" %
              os.path.relpath(name), file=sys.stderr)
    return lock


def set_root(arguments):
    """What the machine's root is. Gives what must stay open as long as it runs."""
    machine, name = arguments.machine, arguments.root
    if name == "disk":
        name = os.path.join(machines.BUILD, "disk", "root.img")
    if name == "memory" or machine.iso or not machines.is_multiboot(machine.kernel):
        return None
    lock = root_disk(name, arguments.fresh)
    if lock:
        machine.root_disk = name
    else:
        print("brig: %s is another machine's now: this one's root is memory" %
              os.path.relpath(name), file=sys.stderr)
    return lock


def run(words):
    arguments = Arguments("run", words)
    if arguments.rest:
        fail("run takes no command: see ./brig exec")
    from rig import process
    import shutil
    import subprocess
    if arguments.machine.nic is None and arguments.machine.net is None:
        arguments.machine.net = "user"
    forward(arguments.machine)
    lock = set_root(arguments)
    scratch = process.scratch_make()
    try:
        command = arguments.machine.command(terminal_words(), ["mon:stdio"], scratch)
        return subprocess.call(process.die_with_parent(command))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if lock:
            lock.close()


# --- exec --------------------------------------------------------------------

def add_archive(scratch, add, command=None):
    """Writes the archive of what --add names, and of the command."""
    import mkcpio
    archive = mkcpio.Archive()
    listed = mkcpio.Archive()
    listed.add_list(os.path.join(machines.TOP, "user", "root.list"))
    archive.known = {path: entry.mode & 0o7777
                     for path, entry in listed.entries.items()}
    for item in add:
        mkcpio.add_argument(archive, item)
    if command is not None:
        archive.put("/.brig", mkcpio.Entry(mkcpio.DIR | 0o700))
        archive.put("/.brig/command",
                    mkcpio.Entry(mkcpio.REG | 0o600, os.fsencode(command)))
    name = os.path.join(scratch, "add.cpio")
    with open(name, "wb") as out:
        archive.write(out)
    return name


class Execution:
    """One machine that runs one command."""

    def __init__(self, process, timeout):
        import time
        from rig import channel
        self.channel_module = channel
        self.process = process
        self.decoder = channel.Decoder()
        self.clock = time.monotonic
        self.deadline = None if timeout is None else self.clock() + timeout
        self.log = bytearray()
        self.status = None          # of the command, once it has ended
        self.reason = None          # why there is none
        self.panicked = False

    def output(self, data):
        for kind, payload in self.decoder.feed(data):
            if kind == self.channel_module.OUT:
                write_all(1, payload)
            elif kind == self.channel_module.ERR:
                write_all(2, payload)
            elif kind == self.channel_module.EXIT:
                self.status = self.channel_module.exit_status(
                    self.channel_module.number(payload))
                self.limit(POWER_OFF_SECONDS)

    def listen(self, data):
        start = max(0, len(self.log) - 32)
        self.log += data
        if not self.panicked and PANIC.search(self.log, start):
            self.panicked = True
            self.limit(PANIC_SECONDS)

    def limit(self, seconds):
        self.deadline = self.clock() + seconds

    def follow(self):
        """Until both lines are closed, which is when QEMU has ended."""
        import select
        lines = {self.process.console: self.listen,
                 self.process.channel: self.output}
        while lines:
            left = None
            if self.deadline is not None:
                left = self.deadline - self.clock()
                if left <= 0:
                    break
            for line in select.select(list(lines), [], [], left)[0]:
                try:
                    data = line.recv(65536)
                except ConnectionResetError:
                    continue    # said once; what QEMU wrote is still there
                if data:
                    lines[line](data)
                else:
                    del lines[line]
        return not lines

    def result(self):
        try:
            ended = self.follow()
        except self.channel_module.ChannelBroken as error:
            self.reason = "the machine channel is broken: %r" % error.args[0]
            return EXIT_CRASH
        if self.panicked:
            self.reason = "kernel panic"
            return EXIT_CRASH
        if self.status is not None:
            return self.status
        if not ended:
            self.reason = "timeout"
            return EXIT_TIMEOUT
        self.process.wait(POWER_OFF_SECONDS)
        error = self.process.error_text().strip()
        if error and not self.log:
            self.reason = error
        else:
            self.reason = "the machine ended before the command did"
        return EXIT_CRASH


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def save_log(log):
    folder = os.path.join(machines.BUILD, "log")
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, "exec-%d.log" % os.getpid())
    with open(name, "wb") as out:
        out.write(log)
    return name


def report(execution):
    name = save_log(execution.log)
    text = execution.log.decode(errors="replace").replace("\r", "")
    print("brig: %s; kernel log: %s" %
          (execution.reason, os.path.relpath(name)), file=sys.stderr)
    for line in text.splitlines()[-LOG_LINES:]:
        print("  " + line, file=sys.stderr)


def execute(words):
    arguments = Arguments("exec", words)
    if not arguments.rest:
        fail("exec: no command given (./brig help)")
    from rig import process as processes
    import shutil
    scratch = processes.scratch_make()
    process = None
    try:
        machine = arguments.machine
        machine.modules = [add_archive(scratch, arguments.add,
                                       " ".join(arguments.rest))]
        process = processes.Process(
            machine, ["quiet", "brig.exec"],
            ["-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"],
            scratch)
        execution = Execution(process, arguments.timeout)
        status = execution.result()
        if execution.reason:
            report(execution)
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 128 + 13
    finally:
        if process:
            process.end()
        shutil.rmtree(scratch, ignore_errors=True)


# --- gdb ---------------------------------------------------------------------

def gdb(words):
    """QEMU stopped before its first instruction, and gdb on its kernel."""
    arguments = Arguments("gdb", words)
    from rig import process as processes
    import shutil
    import signal
    import subprocess
    scratch = processes.scratch_make()
    stub, console = (os.path.join(scratch, name) for name in ("gdb", "console"))
    qemu = None
    try:
        command = arguments.machine.command(
            terminal_words(), ["chardev:com1"], scratch)
        command += ["-chardev", "socket,id=com1,server=on,wait=off,path=" +
                    machines.comma(console), "-S",
                    "-gdb", "unix:%s,server=on,wait=off" % machines.comma(stub)]
        # Its own process group: Ctrl-C is for gdb.
        qemu = subprocess.Popen(processes.die_with_parent(command),
                                stdin=subprocess.DEVNULL, start_new_session=True)
        for _ in range(200):
            if os.path.exists(stub) and os.path.exists(console):
                break
            if qemu.poll() is not None:
                return EXIT_CRASH
            signal.sigtimedwait([], 0.02)
        signal.signal(signal.SIGINT, signal.SIG_IGN)    # it is gdb's now
        script = os.path.join(machines.TOP, "tests", "gdb", "brig.py")
        return subprocess.call(
            ["gdb", "-q", "-ex", "set confirm off", "-ex", "set pagination off",
             "-x", script, "-ex", "target remote " + stub,
             "-ex", "brig-console " + console] + arguments.rest +
            [arguments.machine.kernel],
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    finally:
        if qemu:
            qemu.kill()
            qemu.wait()
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    import signal
    mortal = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number, frame):
        for each in mortal:     # a second one must not disturb the cleaning
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)
    for each in mortal:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, leave)
    commands = {"run": run, "exec": execute, "gdb": gdb}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        fail("usage: command.py run|exec|gdb ...")
    sys.exit(commands[sys.argv[1]](sys.argv[2:]))


if __name__ == "__main__":
    main()

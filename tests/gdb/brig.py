# SPDX-License-Identifier: BSD-2-Clause
"""brig.py - gdb commands that know Brig's structures (`./brig gdb` loads it).

  brig-ps         all processes: pid, prison, state, what each thread waits for
  brig-prisons    the tree of prisons
  brig-log [N]    the last N lines of the kernel log (40)
  brig-queues     the queues of virtio network cards
  brig-type TEXT  types a line on the guest's console
The guest's console output appears between gdb's own.
"""
import socket
import sys
import threading

import gdb

THREAD_STATES = ("new", "ready", "running", "asleep", "stopped", "dead")
PROC_STATES = ("alive", "zombie", "gone")
NUMBER_END = 32768      # as in kernel/proc/inner.h


def static(name, file, domain=gdb.SYMBOL_VAR_DOMAIN):
    """The symbol of what only a file knows, by a part of the file's name."""
    symbol = gdb.lookup_static_symbol(name, domain)
    for found in [symbol] + gdb.lookup_static_symbols(name, domain):
        if found is not None and file in found.symtab.filename:
            return found
    raise gdb.GdbError("no %s in %s" % (name, file))


def variable(name, file):
    return static(name, file).value()


def each(head, type_name, member):
    """The structures on a list (kernel/base/list.h)."""
    kind = gdb.lookup_type(type_name)
    offset = next(f.bitpos // 8 for f in kind.fields() if f.name == member)
    end = int(head.address)
    link = head["next"]
    while int(link) != end:
        yield gdb.Value(int(link) - offset).cast(kind.pointer()).dereference()
        link = link["next"]


def text(array):
    return array.string(errors="replace").split("\0")[0]


def name_of(states, value):
    number = int(value)
    return states[number] if number < len(states) else str(number)


class BrigCommand(gdb.Command):
    """Base: registers itself under its name, with its doc string."""

    name = None

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA)


class Ps(BrigCommand):
    """brig-ps: all processes and their threads."""

    name = "brig-ps"

    def invoke(self, argument, from_tty):
        print("%5s %5s %4s %-7s %-15s %s" %
              ("PID", "PPID", "JID", "STATE", "COMMAND", "THREADS"))
        for proc in self.procs():
            parent = int(proc["parent"]["pid"]) if proc["parent"] else 0
            print("%5d %5d %4d %-7s %-15s %s" % (
                int(proc["pid"]), parent, int(proc["cred"]["prison"]["jid"]),
                name_of(PROC_STATES, proc["state"]), text(proc["comm"]),
                ", ".join(self.threads(proc))))

    @staticmethod
    def procs():
        """By the table of numbers (kernel/proc/number.c): rows made on demand."""
        rows = variable("rows", "kernel/proc/number.c")
        kind = gdb.lookup_type("struct number")
        first, last = rows.type.range()
        per_row = NUMBER_END // (last - first + 1)
        for row in range(first, last + 1):
            for column in range(per_row if rows[row] else 0):
                proc = rows[row].cast(kind.pointer())[column]["proc"]
                if proc:
                    yield proc.dereference()

    @staticmethod
    def threads(proc):
        for thread in each(proc["threads"], "struct thread", "proc_link"):
            yield "%d %s" % (int(thread["tid"]),
                             name_of(THREAD_STATES, thread["state"]))


class Prisons(BrigCommand):
    """brig-prisons: the tree of prisons."""

    name = "brig-prisons"

    def invoke(self, argument, from_tty):
        print("%5s %-20s %-20s %5s %s" % ("JID", "NAME", "HOSTNAME", "PROCS", "STATE"))
        self.show(variable("host", "jail/prison.c"), 0)

    def show(self, prison, depth):
        print("%5d %-20s %-20s %5d %s" % (
            int(prison["jid"]), "  " * depth + text(prison["name"]),
            text(prison["hostname"]), int(prison["used"][0]),
            "dying" if int(prison["state"]) else "alive"))
        for child in each(prison["children"], "struct prison", "sibling"):
            self.show(child, depth + 1)


class Log(BrigCommand):
    """brig-log [N]: the last N lines of the kernel log (40)."""

    name = "brig-log"

    def invoke(self, argument, from_tty):
        count = int(argument) if argument else 40
        ring = variable("ring", "kernel/base/log.c")
        end = int(variable("ring_end", "kernel/base/log.c"))
        size = ring.type.sizeof
        data = gdb.selected_inferior().read_memory(int(ring.address), size).tobytes()
        data = data[:end] if end <= size else data[end % size:] + data[:end % size]
        for line in data.decode(errors="replace").splitlines()[-count:]:
            print(line)


class Queues(BrigCommand):
    """brig-queues: the queues of virtio network cards, by index: what was put and
    told of, taken (seen) and used; from where on each side wants to be told."""

    name = "brig-queues"
    file = "kernel/dev/virtio_net.c"

    def invoke(self, argument, from_tty):
        ops = variable("ops", self.file)
        kind = static("card", self.file, gdb.SYMBOL_STRUCT_DOMAIN).type.pointer()
        vnet = variable("host_vnet", "net/vnet.c")
        for netif in each(vnet["netifs"], "struct netif", "link"):
            if netif["ops"] == ops.address:
                card = netif["driver"].cast(kind)
                for which in ("in", "out"):
                    print("%s %s: %s" % (text(netif["name"]), which, self.queue(card[which])))

    @staticmethod
    def queue(queue):
        size, available, used = queue["size"], queue["available"], queue["used"]
        event = used["ring"][size].address.cast(used["index"].address.type)
        return ("%d chains, put %d, told %d, kick at %d; seen %d, used %d, interrupt at %d; "
                "flags %d, device's %d" %
                (queue["chains"], queue["put"], queue["told"], event.dereference(),
                 queue["seen"], used["index"], available["ring"][size],
                 available["flags"], used["flags"]))


class Console(BrigCommand):
    """brig-console SOCKET: shows the guest's console (`./brig gdb` calls it)."""

    name = "brig-console"
    line = None

    def invoke(self, argument, from_tty):
        Console.line = socket.socket(socket.AF_UNIX)
        Console.line.connect(argument)
        threading.Thread(target=self.show, daemon=True).start()

    @staticmethod
    def show():
        while True:
            data = Console.line.recv(4096)
            if not data:
                return
            sys.__stdout__.write(data.decode(errors="replace"))
            sys.__stdout__.flush()


class Type(BrigCommand):
    """brig-type TEXT: types a line on the guest's console."""

    name = "brig-type"

    def invoke(self, argument, from_tty):
        if Console.line is None:
            raise gdb.GdbError("no console: brig-console SOCKET first")
        Console.line.sendall(argument.encode() + b"\n")


for command in (Ps, Prisons, Log, Queues, Console, Type):
    command()

# SPDX-License-Identifier: BSD-2-Clause
"""monitor.py - class Monitor: QEMU's monitor, and by it a screen and a keyboard.

    monitor = Monitor(folder)               # a folder for the socket
    guest = Guest(qemu=monitor.arguments())
    monitor.type("ls\\n")
    monitor.wait_text("README")

The screen is read from the VGA's text memory, as its characters stand there.
"""
import os
import re
import socket
import time

COLUMNS, ROWS, TEXT = 80, 25, 0xb8000
HELD_MS = 8
NAMES = {
    "\n": "ret", "\t": "tab", " ": "spc", "\b": "backspace", "\033": "esc",
    "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
    ";": "semicolon", "'": "apostrophe", "`": "grave_accent",
    "\\": "backslash", ",": "comma", ".": "dot", "/": "slash",
}
SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./"))


def key_name(char):
    """What sendkey calls the key, of a US keyboard, that gives char."""
    if char in SHIFTED:
        return "shift-" + key_name(SHIFTED[char])
    if char.isupper():
        return "shift-" + char.lower()
    return NAMES.get(char, char)


class Monitor:
    def __init__(self, folder):
        self.name = os.path.join(str(folder), "monitor")
        self.socket = None

    def arguments(self, screen=True):
        """For QEMU: a screen, and the monitor on our socket."""
        return (["-vga", "std"] if screen else []) + [
            "-chardev", "socket,id=monitor,server=on,wait=off,path=" +
            self.name.replace(",", ",,"), "-mon", "chardev=monitor,mode=readline"]

    def command(self, line):
        """Gives what the monitor answers."""
        if self.socket is None:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(self.name)
            self.answer()
        self.socket.sendall(line.encode() + b"\n")
        text = self.answer()
        # The monitor edits its line: what is typed comes back piece by piece.
        return text.split("\n", 1)[-1].rsplit("(qemu)", 1)[0].replace("\r", "")

    def answer(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            part = self.socket.recv(65536)
            if not part:
                raise EOFError("the monitor is closed")
            text += part
        return text.decode(errors="replace")

    def key(self, name):
        """One key or several at once: "a", "ctrl-c", "shift-pgup"."""
        self.command("sendkey %s %d" % (name, HELD_MS))
        time.sleep(2 * HELD_MS / 1000)  # down, up; the keyboard's queue is short

    def type(self, text):
        for char in text:
            self.key(key_name(char))

    def cells(self):
        """Rows of (character, attribute)."""
        words = []
        for line in self.command("xp /%dhx 0x%x" % (COLUMNS * ROWS, TEXT)).splitlines():
            words += [int(word, 16) for word in re.findall(r"0x([0-9a-f]{4})\b", line)]
        assert len(words) == COLUMNS * ROWS, len(words)
        cells = [(bytes([word & 0xff]).decode("cp437"), word >> 8) for word in words]
        return [cells[at:at + COLUMNS] for at in range(0, len(cells), COLUMNS)]

    def text(self):
        """The screen as lines."""
        return [("".join(char for char, _ in row)).replace("\0", " ").rstrip()
                for row in self.cells()]

    def wait_text(self, pattern, timeout=30):
        """Until a line of the screen matches; gives the screen."""
        from rig.guest import time_scale
        deadline = time.monotonic() + timeout * time_scale()
        while True:
            lines = self.text()
            if any(re.search(pattern, line) for line in lines):
                return lines
            if time.monotonic() > deadline:
                raise TimeoutError("no %r on the screen:\n%s" % (pattern, "\n".join(lines)))
            time.sleep(0.1)

    def close(self):
        if self.socket:
            self.socket.close()

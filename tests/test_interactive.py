# SPDX-License-Identifier: BSD-2-Clause
"""test_interactive.py - Brig as somebody meets it who sits at a terminal.

One machine for all: a shell with line editing and echo on the serial console,
and keys sent to it as a terminal sends them. What a program draws is looked
for in the bytes; what it did is looked at by the machine channel.
"""
import re
import time

import pytest

from rig import Guest

PROMPT = r"# (?:\x1b\[6n)?$"    # the prompt, and a question for the cursor's place
LEFT, RIGHT, UP, DOWN = "\033[D", "\033[C", "\033[A", "\033[B"
ESCAPE_PAUSE = 0.3      # after which ESC is a key, and no arrow's first byte
INTERRUPT, END, STOP, START, SUSPEND = "\3", "\4", "\x13", "\x11", "\x1a"


class Terminal:
    """A shell's user: what is typed, and the text up to the next prompt."""

    def __init__(self, guest):
        self.guest = guest

    def shell(self):
        """A prompt in a terminal of usual modes, whatever the last test left."""
        self.guest.send(INTERRUPT + INTERRUPT)
        self.guest.send("\nstty sane; stty rows 24 cols 80; echo ready$((1))\n")
        self.guest.expect(r"ready1\r\n")
        self.guest.expect(PROMPT)

    def keys(self, *keys):
        for key in keys:
            self.guest.send(key.replace("\n", "\r"))   # as Enter does
            if key == "\033":
                time.sleep(ESCAPE_PAUSE)

    def expect(self, pattern):
        self.guest.expect(pattern)
        return self.guest.before

    def line(self, text):
        """Types a line; gives what came out until the prompt."""
        self.keys(text + "\n")
        return self.expect(PROMPT)

    def file(self, name):
        return self.guest.get_bytes(name).decode()


@pytest.fixture(scope="module")
def machine():
    with Guest() as guest:
        yield guest


@pytest.fixture
def terminal(machine):
    made = Terminal(machine)
    made.shell()
    return made


# --- the shell's line --------------------------------------------------------

def test_arrows_and_erasing(terminal):
    terminal.keys("echo hello wrld", LEFT, LEFT, LEFT, "o", "\033[F", "!x\x7f\n")
    terminal.expect(r"\nhello world!\r\n")
    terminal.expect(PROMPT)
    terminal.keys("echo one two", "\x17", "three\n")        # ^W
    terminal.expect(r"\none three\r\n")
    terminal.expect(PROMPT)
    terminal.keys("nonsense", "\x15", "echo clean\n")       # ^U
    terminal.expect(r"\nclean\r\n")
    terminal.expect(PROMPT)


def test_letters_beyond_ascii(terminal):
    """In the shell's own line, and in the terminal's, where a key erases a whole one."""
    terminal.keys("echo grüüß", LEFT, "\x7fn", "\n")
    terminal.expect("\ngrünß\r\n")
    terminal.expect(PROMPT)
    terminal.keys("stty iutf8; echo read$((1)); cat >/tmp/typed\n")
    terminal.expect(r"\nread1\r\n")
    terminal.keys("ä€ü\x7fö\x7f\x7fx\n", END)
    terminal.expect(PROMPT)
    assert terminal.file("/tmp/typed") == "äx\n"
    assert "\ngrün\n" in terminal.line("touch /tmp/grün; cd /tmp; ls g*; cd")


def test_history(terminal):
    terminal.line("echo the $((6*1))th")
    terminal.line("true")
    terminal.keys(UP, UP, "\n")
    terminal.expect(r"\nthe 6th\r\n")
    terminal.expect(PROMPT)
    terminal.keys(UP, UP, DOWN, "\x7f\x7f", "rd\n")
    terminal.expect(r"\nthe 6rd\r\n")
    terminal.expect(PROMPT)


def test_completion(terminal):
    terminal.keys("cat /etc/hostn\t\n")
    terminal.expect(r"\nbrig\r\n")
    terminal.expect(PROMPT)


# --- jobs --------------------------------------------------------------------

def running(text):
    """A job that says when it runs: a key struck before is the shell's."""
    return "sh -c 'echo go$((1)); exec %s'\n" % text


def test_interrupt(terminal):
    terminal.keys(running("sleep 1000"))
    terminal.expect("go1\r")
    terminal.keys(INTERRUPT)
    terminal.expect(r"\^C")
    terminal.expect(PROMPT)
    assert "st130" in terminal.line("echo st$?")


def test_quit_key(terminal):
    terminal.keys(running("sleep 1000"))
    terminal.expect("go1\r")
    terminal.keys("\x1c")
    terminal.expect(PROMPT)
    assert "st131" in terminal.line("echo st$?")


def test_stop_background_foreground(terminal):
    terminal.keys(running("sleep 1000"))
    terminal.expect("go1\r")
    terminal.keys(SUSPEND)
    terminal.expect("Stopped")
    terminal.expect(PROMPT)
    assert re.search(r"\[1\]\+ +Stopped", terminal.line("jobs"))
    terminal.line("bg")
    assert re.search(r"\[1\]\+ +Running", terminal.line("jobs"))
    terminal.keys("fg\n")
    terminal.expect(r"sh -c [^\r]*\r\n")
    terminal.keys(INTERRUPT)
    terminal.expect(PROMPT)
    assert "[1]" not in terminal.line("jobs").replace("jobs", "")


def test_a_reader_in_the_background_stops(terminal):
    terminal.line("cat &")
    assert re.search(r"Stopped \(tty input\)", terminal.line("sleep 0.3; jobs"))
    terminal.line("kill -9 %1; wait")


def test_the_end_key_ends_input_and_the_shell_comes_again(terminal):
    terminal.keys(running("cat"))
    terminal.expect("go1\r")
    terminal.keys("typed\n")
    terminal.expect(r"typed\r\ntyped\r\n")
    terminal.keys(END)
    terminal.expect(PROMPT)
    terminal.keys(END)
    terminal.expect("Welcome to Brig")
    terminal.expect(PROMPT)


# --- programs that draw ------------------------------------------------------

def test_vi(terminal):
    terminal.line("rm -f /tmp/note")
    terminal.keys("vi /tmp/note\n")
    terminal.expect(r"~")
    terminal.keys("iThe first\nThe third", "\033", "O", "The secnd", LEFT, LEFT, "o", "\033")
    terminal.keys(UP, "0", "x", "i", "t", "\033", ":wq\n")
    terminal.expect(PROMPT)
    assert terminal.file("/tmp/note") == "the first\nThe second\nThe third\n"
    terminal.keys("vi /tmp/note\n")
    terminal.expect("third")
    terminal.keys("dd", "G", "o", "last", "\033", ":x\n")
    terminal.expect(PROMPT)
    assert terminal.file("/tmp/note") == "The second\nThe third\nlast\n"


def test_less(terminal):
    terminal.keys("seq 1 500 | less\n")
    terminal.expect(r"\x1b\[K23\r")
    terminal.keys(" ")
    terminal.expect(r"\x1b\[K46\r")
    terminal.keys("/")
    terminal.expect(r"\x1b\[K/")        # else it may not have taken the terminal yet
    terminal.keys("27")
    terminal.expect(r"\x1b\[24;4H")
    terminal.keys("\n")
    terminal.expect(r"\x1b\[K\x1b\[7m27\x1b\[m\r")     # on top, marked
    terminal.keys("n")
    terminal.expect(r"\x1b\[K149\r")     # the next one is 127
    terminal.keys("G")
    terminal.expect(r"\x1b\[K500\r")
    terminal.keys("g")
    terminal.expect(r"\x1b\[K1\r")
    terminal.keys("q")
    terminal.expect(PROMPT)


def test_top(terminal):
    terminal.keys("top -d 1\n")
    for _ in range(2):      # it is drawn again by itself
        terminal.expect(r"Mem: ")
        terminal.expect(r"PID +PPID")
    terminal.keys("q")
    terminal.expect(PROMPT)


# --- much at once ------------------------------------------------------------

def test_a_long_paste_is_whole(terminal):
    text = "".join("%04d the quick brown fox jumps over the lazy dog\n" % i
                   for i in range(420))
    assert len(text) > 20000
    terminal.keys("cat >/tmp/paste\n", text, END)
    terminal.expect(PROMPT)
    assert terminal.file("/tmp/paste") == text


def test_a_long_output_is_whole(terminal):
    said = terminal.line("seq 1 20000").replace("\r", "").split("\n")
    assert said[1:20001] == [str(i) for i in range(1, 20001)]


def test_output_stops_and_goes_on(terminal):
    terminal.keys("(while :; do echo tick; sleep 0.05; done)\n")
    terminal.expect("tick\r\n")
    terminal.keys(STOP)
    assert terminal.guest.expect(["never", r"(?s).*"], 1) == 1
    time.sleep(0.3)
    terminal.guest.look_at_console()
    size = len(terminal.guest.text)
    time.sleep(0.5)
    terminal.guest.look_at_console()
    assert len(terminal.guest.text) == size
    terminal.keys(START)
    terminal.expect("tick\r\n")
    terminal.keys(INTERRUPT)
    terminal.expect(PROMPT)


# --- the size of the window --------------------------------------------------

def test_size_of_the_command_line(boot):
    guest = boot(cmdline="brig.size=132x43")
    assert guest.check("stty size").split() == ["43", "132"]


def test_size_asked_at_boot(boot):
    guest = boot(cmdline="brig.size=ask", prompt=False)
    guest.expect(r"\x1b\[6n")
    guest.send("\033[30;100R")
    guest.login()
    assert guest.check("stty size").split() == ["30", "100"]


def test_resize(terminal):
    terminal.keys("resize\n")
    terminal.expect(r"\x1b\[999;999H\x1b\[6n")
    terminal.keys("\033[40;132R")
    terminal.expect(r"COLUMNS=132;\r\nLINES=40;\r\n")
    terminal.expect(PROMPT)
    assert "40 132" in terminal.line("stty size")


def test_a_silent_terminal_has_no_size(terminal):
    said = terminal.line("resize; echo st$?")
    assert "does not say" in said and "st1" in said
    assert "24 80" in terminal.line("stty size")


def test_the_foreground_is_told_of_a_new_size(terminal):
    terminal.keys("sh -c 'trap \"echo wi\"nch WINCH; echo go$((1)); "
                  "while :; do sleep 0.1; done'\n")
    terminal.expect("go1\r")
    terminal.guest.exec("stty -F /dev/ttyS0 rows 30 cols 90")
    terminal.expect("winch\r")
    terminal.keys(INTERRUPT)
    terminal.expect(PROMPT)


# --- other users -------------------------------------------------------------

def test_su_and_login(terminal):
    said = terminal.line("su user -c 'id -un; tty; kill -0 1'")
    assert re.search(r"\nuser\n/dev/ttyS0\n.*Operation not permitted", said)
    terminal.keys("login user\n")
    terminal.expect(r"user@brig:~\$ (?:\x1b\[6n)?$")
    terminal.keys("whoami; echo $HOME\n")
    terminal.expect(r"\nuser\r\n/home/user\r\n")
    terminal.keys(END)
    terminal.expect(PROMPT)


def test_a_password_is_asked_without_echo(terminal):
    terminal.keys("passwd user\n")
    terminal.expect("New password: ")
    terminal.keys("h1dden&Long\n")
    terminal.expect("Retype password: ")
    terminal.keys("h1dden&Long\n")
    terminal.expect(PROMPT)
    assert "h1dden" not in terminal.guest.text
    terminal.keys("login user\n")
    terminal.expect("Password: ")
    terminal.keys("wrong\n")
    terminal.expect("Login incorrect")
    terminal.expect("login: ")
    terminal.keys("user\n")
    terminal.expect("Password: ")
    terminal.keys("h1dden&Long\n")
    terminal.expect(r"user@brig:~\$ (?:\x1b\[6n)?$")
    terminal.keys(END)
    terminal.expect(PROMPT)
    terminal.line("passwd -d user")


def test_getty(boot, tmp_path):
    """A login prompt instead of a shell on the serial line."""
    table = tmp_path / "inittab"
    table.write_text("::sysinit:/etc/rc\nttyS0::respawn:/sbin/getty -L 115200 ttyS0 linux\n")
    guest = boot(add=["%s:/etc/inittab" % table], prompt=False, agent=False)
    for _ in range(2):
        guest.expect("brig login: ")
        guest.send("user\n")
        guest.expect(r"user@brig:~\$ (?:\x1b\[6n)?$")
        guest.send("tty; stty size; exit\n")
        guest.expect(r"/dev/ttyS0\r\n24 80\r\n")


def test_reset(terminal):
    terminal.line("stty -icanon -echo -icrnl")
    terminal.guest.send("reset\r")
    terminal.expect(PROMPT)
    said = terminal.line("stty -a")
    assert re.search(r"(?<!-)icanon.*(?<!-)echo ", said, re.DOTALL)

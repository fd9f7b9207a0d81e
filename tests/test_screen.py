# SPDX-License-Identifier: BSD-2-Clause
"""test_screen.py - the second console: a VGA's text and a PS/2 keyboard.

Keys are pressed by QEMU's monitor, and the screen is read from text memory.
"""
import pytest

from rig import Guest
from rig.monitor import Monitor

PROMPT = r"^root@brig:~# *$"
RED, REVERSED = 4, 0x70


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    monitor = Monitor(tmp_path_factory.mktemp("monitor"))
    with Guest(qemu=monitor.arguments()) as guest:
        monitor.guest = guest
        monitor.wait_text("press Enter to activate")
        monitor.key("ret")
        monitor.wait_text(PROMPT)
        yield monitor
    monitor.close()


@pytest.fixture
def screen(machine):
    machine.key("ctrl-c")
    machine.type("clear\n")
    machine.wait_text(PROMPT)
    return machine


def test_greeting(boot, tmp_path):
    monitor = Monitor(tmp_path)
    boot(qemu=monitor.arguments())
    monitor.wait_text("press Enter to activate")
    monitor.key("ret")
    lines = monitor.wait_text(PROMPT)
    assert any(line.startswith("Welcome to Brig") for line in lines)
    monitor.close()


def test_it_is_tty1(screen):
    screen.type("tty; stty size; echo $TERM\n")
    screen.wait_text("^/dev/tty1$")
    screen.wait_text("^25 80$")
    screen.wait_text("^linux$")


def test_every_key_of_the_typewriter(screen):
    text = "The (quick) {brown} [fox]; 0123456789 +-*/=<>?!@#%^&_|~:,."
    screen.type("echo '%s'\n" % text)
    lines = screen.wait_text("^The ")
    assert text in lines
    screen.type("echo \"it's\" \\\\ $((6*7)) `echo tick`\n")
    screen.wait_text(r"^it's \\ 42 tick$")


def test_editing_keys(screen):
    screen.type("echo abd")
    screen.key("backspace")
    screen.type("c")
    screen.key("home")
    for _ in range(5):
        screen.key("right")
    screen.key("delete")
    screen.key("end")
    screen.type("!\n")
    screen.wait_text("^bc!$")
    screen.key("up")
    screen.key("ret")
    lines = screen.wait_text("^bc!$")
    assert lines.count("bc!") <= 2
    screen.type("echo so f\b\bme\t\n")
    screen.wait_text("^some")


def test_control_keys(screen):
    screen.type("sleep 1000\n")
    screen.key("ctrl-z")
    screen.wait_text("Stopped +sleep 1000")
    screen.type("fg\n")
    screen.wait_text("^sleep 1000$")
    screen.key("ctrl-c")
    screen.wait_text(r"^\^C$")
    screen.type("echo st$?\n")
    screen.wait_text("^st130$")
    screen.key("caps_lock")
    screen.type("echo Ab1-\n")
    screen.key("caps_lock")
    screen.wait_text("# ECHO aB1-$")


def test_colours(screen):
    screen.type("printf '\\033[31mred\\033[0m \\033[7mback\\033[0m\\n'\n")
    lines = screen.wait_text("^red back$")
    row = screen.cells()[lines.index("red back")]
    assert {attribute for _, attribute in row[0:3]} == {RED}
    assert {attribute for _, attribute in row[4:8]} == {REVERSED}


def test_more_than_ascii(screen):
    screen.type("printf '\\303\\251 \\342\\224\\200 \\342\\202\\254\\n'\n")
    screen.wait_text("^é ─ ")


def test_long_lines_wrap_and_scroll(screen):
    screen.type("seq -s '' 1 60; seq 1 30\n")
    lines = screen.wait_text("^30$")
    assert [line for line in lines if line.isdigit()][-5:] == [
        "26", "27", "28", "29", "30"]
    screen.key("shift-pgup")
    lines = screen.wait_text("^12345678910")
    at = next(i for i, line in enumerate(lines) if line.startswith("123456789"))
    assert len(lines[at]) == 80 and lines[at + 1].endswith("5960")
    screen.key("shift-pgdn")
    screen.wait_text(PROMPT)


def test_vi_and_less(screen):
    screen.type("vi /tmp/screen\n")
    screen.wait_text("^~$")
    screen.type("ifirst\nsecond")
    screen.key("up")
    screen.key("home")
    screen.type("the ")
    screen.key("esc")
    screen.wait_text("^- /tmp/screen")  # no longer I, for insert
    screen.type(":wq\n")
    screen.wait_text(PROMPT)
    assert screen.guest.get_bytes("/tmp/screen") == b"the first\nsecond\n"
    screen.type("seq 1 200 | less\n")
    screen.wait_text("^24$")
    screen.key("pgdn")
    lines = screen.wait_text("^48$")
    assert lines[0] == "25"
    screen.type("q")
    screen.wait_text(PROMPT)


def test_kernel_messages_are_seen(screen):
    screen.guest.exec("echo '<3>a grave thing' > /dev/kmsg")
    screen.wait_text("a grave thing")


def test_ctrl_alt_delete(boot, tmp_path):
    monitor = Monitor(tmp_path)
    guest = boot(qemu=monitor.arguments())
    monitor.key("ctrl-alt-delete")
    monitor.close()
    assert guest.wait_end() == 0
    assert "Requesting system reboot" in guest.text

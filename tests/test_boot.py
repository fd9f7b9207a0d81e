# SPDX-License-Identifier: BSD-2-Clause
"""test_boot.py - to the prompt by each road, and the ways a machine ends."""
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from rig import GuestEnded, machine as machines, process
from rig.guest import SHELL_PROMPT

BANNER = "Welcome to Brig"
EDITED = r"# (?:\x1b\[6n)?$"     # the prompt, and a question for the cursor's place


def total_mb(guest):
    return int(guest.check("grep MemTotal /proc/meminfo").split()[1]) // 1024


def test_prompt(boot):
    guest = boot()
    assert BANNER in guest.text
    assert re.search(r"^root@brig:~# ", guest.text, re.MULTILINE)
    assert guest.run("echo hello") == ("hello\n", 0)
    assert guest.run("(exit 3)") == ("", 3)


def test_motd_tells_five_things(boot):
    text = boot().text
    lines = text[text.index(BANNER):].splitlines()
    assert len([line for line in lines if line.startswith("  ")]) >= 5


def test_iso(boot):
    subprocess.run(["./brig", "build", "iso"], cwd=machines.TOP, check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    image = os.path.join(machines.build_dir(), "brig.iso")
    guest = boot(iso=image, agent=False)
    assert guest.run("echo by GRUB")[0] == "by GRUB\n"


def test_exec_from_iso(brig):
    done = brig("exec", "--iso", "--cmdline", "test.word=1", "--",
                "cat /proc/cmdline; exit 5")
    assert done.status == 5
    assert b"test.word=1" in done.stdout


def test_8_mb(boot):
    if os.environ.get("SAN") or os.environ.get("COV"):
        pytest.skip("a kernel with sanitizers or counters is larger")
    guest = boot(mem=8)
    assert total_mb(guest) <= 8
    assert guest.run("ls / | wc -l")[1] == 0


def test_1024_mb(boot):
    guest = boot(mem=1024)
    shadow = 1024 / 8 if "ka" in os.environ.get("SAN", "") else 0
    assert total_mb(guest) >= 960 - shadow


def stutter(qemu, booted):
    """What a busy host does to a machine while it boots."""
    while not booted.is_set() and qemu.poll() is None:
        qemu.send_signal(signal.SIGSTOP)
        time.sleep(0.07)
        qemu.send_signal(signal.SIGCONT)
        time.sleep(0.008)


def test_the_clock_is_right_though_the_machine_stood_still(boot, monkeypatch):
    booted, start = threading.Event(), subprocess.Popen

    def mhz():
        guest = boot()
        booted.set()
        return float(guest.check("grep MHz /proc/cpuinfo").split(":")[1])
    right = mhz()
    booted.clear()

    def popen(*words, **settings):
        qemu = start(*words, **settings)
        threading.Thread(target=stutter, args=(qemu, booted)).start()
        return qemu
    monkeypatch.setattr(process.subprocess, "Popen", popen)
    assert abs(mhz() / right - 1) < 0.02


def test_more_processors_do_no_harm(boot):
    assert boot(smp=2).run("echo fine") == ("fine\n", 0)


def test_power_off(boot):
    guest = boot()
    assert guest.power_off() == 0


def test_reboot(boot):
    guest = boot(reboot=True)
    guest.sendline("reboot")
    guest.expect(BANNER, 60)
    guest.expect(SHELL_PROMPT)
    assert guest.text.count(BANNER) == 2


def test_reboot_ends_a_guest_that_may_not(boot):
    guest = boot()
    guest.sendline("reboot")
    with pytest.raises(GuestEnded):
        guest.expect("never said", 30)


def test_panic(brig):
    done = brig("exec", "--", "echo c > /proc/sysrq-trigger; sleep 100")
    assert done.status == 125
    said = done.stderr.decode()
    assert re.search(r"panic", said)
    # The backtrace has names: the call came in through kernel_call.
    assert re.search(r"\bkernel_call\b", said), said
    log = re.search(r"kernel log: (\S+)", said).group(1)
    assert os.path.exists(log)
    os.unlink(log)


def test_sysrq(boot):
    """What a person who debugs asks for by one letter."""
    guest = boot(cmdline="quiet")
    guest.check("sleep 1000 & echo $! > /tmp/pid")
    guest.check("echo t > /proc/sysrq-trigger")
    log = guest.check("dmesg")
    assert re.search(r"\] +1 +1 init +jid 0, asleep in \w+", log), log
    assert re.search(r" sleep +jid 0, asleep in clock_sleep", log), log
    guest.check("echo m > /proc/sysrq-trigger && echo s > /proc/sysrq-trigger")
    assert re.search(r" inode +\d+ of +\d+", guest.check("dmesg"))
    assert "clock_sleep" in guest.check("cat /proc/$(cat /tmp/pid)/wchan")
    assert guest.run("echo ? > /proc/sysrq-trigger")[1] != 0
    assert guest.run("su daemon -s /bin/sh -c 'echo c > /proc/sysrq-trigger'")[1] != 0
    guest.sendline("echo o > /proc/sysrq-trigger")
    assert guest.wait_end() == 0


def test_console_has_the_size_and_editing(boot):
    guest = boot()
    assert guest.check("stty size").split() == ["24", "80"]
    guest.sendline("stty echo")
    guest.expect(EDITED)
    guest.send("echo abd\x7fc\n")       # backspace
    guest.expect(r"\nabc\r")


def test_keyboard_signals(boot):
    guest = boot()
    guest.sendline("stty echo")
    guest.expect(EDITED)
    # The child says when it has the terminal: until then ^Z would be the line
    # editor's, and ^C the shell's, which goes on waiting.
    guest.sendline("sh -c 'trap \"echo ba$((1))ck\" CONT; echo go$((1)); "
                   "while :; do sleep 0.1; done'")
    guest.expect("go1\r")
    guest.send("\x1a")                  # ^Z
    guest.expect(r"Stopped")
    guest.expect(EDITED)
    guest.sendline("fg")
    guest.expect("ba1ck\r")
    guest.send("\x03")                  # ^C
    guest.expect(EDITED)
    guest.sendline("echo st$?")
    guest.expect(r"st130\r")


def test_the_console_shows_warnings_only(boot):
    """Information is for dmesg, unless the command line asks for it."""
    stamp = re.compile(r"^\[ +\d+\.\d{6}\] ", re.MULTILINE)
    guest = boot()
    assert not stamp.search(guest.text), guest.text
    assert "command line:" in guest.check("dmesg")
    for word in ("verbose", "debug", "loglevel=6"):
        assert "command line:" in boot(cmdline=word).text


def test_dmesg_is_the_kernel_log(boot):
    guest = boot()
    assert guest.check("dmesg").strip()


def test_processes_at_the_prompt_are_few(boot):
    """init, the shell, the agent, one that waits for Enter on the screen."""
    guest = boot()
    rows = [line for line in guest.check("ps").splitlines()[1:] if "[" not in line]
    assert len(rows) <= 6, rows


def test_old_cpu(brig):
    """A CPU that the kernel is not compiled for gets a line, and ends."""
    done = brig("exec", "--timeout", "20", "--qemu", "-cpu", "--qemu", "pentium",
                "--", "true")
    assert done.status == 125
    assert b"needs an i686" in done.stderr

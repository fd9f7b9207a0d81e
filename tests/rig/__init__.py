# SPDX-License-Identifier: BSD-2-Clause
"""rig - boots Brig in QEMU and talks to it: for Brig's own tests, for `./brig
exec`, and for your scripts.

    import sys; sys.path.insert(0, "CHECKOUT/tests")
    from rig import Guest

    with Guest(mem=64) as guest:
        output, status = guest.run("uname -a")      # by the serial console
        done = guest.exec("ls -l /")                # by the machine channel
        print(output, status, done.stdout, done.status)

Modules: machine (QEMU's command line), channel (frames over COM2), guest
(class Guest), ktap (test results in text), command (`./brig run|exec|gdb`).
Guest needs Debian's python3-pexpect, so it is imported only when asked for.
"""

GUEST_NAMES = ("Guest", "GuestError", "GuestPanic", "GuestEnded", "GuestTimeout")


def __getattr__(name):
    if name in GUEST_NAMES:
        from rig import guest
        return getattr(guest, name)
    raise AttributeError(name)

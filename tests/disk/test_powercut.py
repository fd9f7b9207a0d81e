# SPDX-License-Identifier: BSD-2-Clause
"""test_powercut.py - a few cuts of rig/powercut.py; `./brig powercut` makes as
many as one likes."""

from rig import powercut


def test_nothing_is_lost():
    series = powercut.run(12, 1)
    assert not series.losses
    assert series.operations > 20


def test_the_checker_sees_a_loss(tmp_path):
    """What no flush covered is needed: a disk that lies about its flushes."""
    series = powercut.Series(3, str(tmp_path))
    honest = powercut.cut

    def lying(image, events, count, rng, whole):
        """Flushes of the last third of all events were not made."""
        part = [event if event[2] is not None or n < count * 2 // 3 else ("b", None, None)
                for n, event in enumerate(events[:count])]
        return honest(image, part, len(part), rng, False)

    powercut.cut = lying
    try:
        series.run(12)
    finally:
        powercut.cut = honest
    assert series.losses

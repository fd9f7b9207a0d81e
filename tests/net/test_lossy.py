# SPDX-License-Identifier: BSD-2-Clause
"""test_lossy.py - TCP over a wire that loses, doubles and reorders. Longer
runs, other shares: `./brig lossy`."""
from rig import lossy

MEGABYTES, SEED = 2, 1


def test_bytes_arrive_as_they_were():
    _, wire, wrong = lossy.run(MEGABYTES, SEED, timeout=60, lose=0.03, double=0.03,
                               late=0.05)
    assert not wrong
    assert wire.lost > 20

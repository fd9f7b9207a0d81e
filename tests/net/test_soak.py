# SPDX-License-Identifier: BSD-2-Clause
"""test_soak.py - the machine of `./brig soak`, which boots many and moves more."""
import os
import re
import signal

import pytest

from rig import peer
from rig.soak import Soak


@pytest.fixture
def soak(tmp_path):
    with Soak(str(tmp_path), peer.build(str(tmp_path))) as made:
        yield made


def test_a_machine_that_stops_is_told_of(soak):
    os.kill(soak.server.process.pid, signal.SIGSTOP)
    said, wrong = soak.move(1)
    assert not said
    # The driver's side of the queues, and the device's.
    assert re.search(r"^eth0 in: 128 chains, put (\d+), told \1, kick at", wrong, re.MULTILINE)
    assert re.search(r"^eth0 out: 0 chains, put (\d+), told \1, kick at \1; seen \1, used \1, ",
                     wrong, re.MULTILINE)
    assert wrong.count("last_avail_idx") == 2

# SPDX-License-Identifier: BSD-2-Clause
"""test_fuzz.py - half a minute of the fuzzer, always the same seed. Longer
runs, with the sanitizers: `./brig fuzz`."""
from rig import fuzz

SECONDS, SEED = 30, 1


def test_fuzz():
    found = fuzz.run(SECONDS, SEED)
    assert not found.findings, "\n".join(
        found.findings + [found.log] + found.console.splitlines()[-40:])
    assert found.workers > 10


def test_judge_sees_reports():
    found = fuzz.Found()
    found.console = ("[    1.5] UBSAN: shift-out-of-bounds a.c:1:2\r\n"
                     "[    1.6] panic: KASAN: read-use-after-free 4\r\n")
    fuzz.judge(found, "fuzz: seed 1: 5 workers of 400 steps, "
                      "free before 9000 after 5000 KB\n")
    assert len(found.findings) == 3 and found.workers == 5


def test_judge_wants_the_last_line():
    found = fuzz.Found()
    fuzz.judge(found, "")
    assert len(found.findings) == 1

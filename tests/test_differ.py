# SPDX-License-Identifier: BSD-2-Clause
"""test_differ.py - some random sequences of calls on sockets, always the same,
give on Brig what they gave on Linux 6.18 (`tests/differ/linux.sums`). Others,
compared with this machine's Linux: `./brig differ`."""
from rig import Guest, differ

TRIES = 3       # a machine that is slow now may be late with an answer


def test_as_on_linux():
    differ.compile_program()
    wanted = differ.recorded()
    assert len(wanted) >= 20
    with Guest(cmdline="quiet", add=[differ.BINARY + ":/differ"]) as guest:
        brig = differ.Differ(guest, differ.CALLS)
        got = brig.brig_sums(min(wanted), max(wanted))
        seeds = [seed for seed in wanted if got.get(seed) != wanted[seed]]
        for _ in range(TRIES):
            seeds = [seed for seed in seeds
                     if brig.brig_sums(seed, seed).get(seed) != wanted[seed]]
        assert not seeds, "seeds %s: ./brig differ --seeds %d tells more\n%s" % (
            seeds, seeds[0], "\n".join(brig.brig_run(brig.words(seeds[0], None), 60)))

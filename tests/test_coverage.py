# SPDX-License-Identifier: BSD-2-Clause
"""test_coverage.py - the reader of coverage dumps, on dumps made by hand."""
import struct

import coverage


def gcda(counter, stamp=7):
    words = [coverage.MAGIC, 1, stamp, 0, coverage.FUNCTION, 12, 1, 2, 3]
    return (struct.pack("<9I", *words) +
            struct.pack("<IiQQ", 0x01a10000, 16, counter, 1) +
            struct.pack("<Ii", 0x01a10000, -24))


def part(data):
    return struct.pack("<I", len(data)) + data


def dump(content):
    return (coverage.BEGIN + part(b"x.gcda") + part(content[:10]) +
            part(content[10:]) + part(b"") + part(b""))


def test_files_come_out_of_a_dump():
    assert coverage.dumped_files(dump(gcda(5))) == {"x.gcda": gcda(5)}


def test_a_dump_that_was_cut_counts_for_nothing():
    whole = dump(gcda(5))
    assert all(coverage.dumped_files(whole[:n]) == {} for n in range(len(whole)))


def test_counters_add_up():
    counts = coverage.Counts(gcda(5))
    assert counts.add(coverage.Counts(gcda(2 ** 40)))
    assert counts.records[1][1] == [5 + 2 ** 40, 2]
    assert counts.records[2][1] == [0, 0, 0]
    assert not counts.add(coverage.Counts(gcda(1, stamp=8)))
    again = coverage.Counts(counts.content())
    assert again.records[1:] == counts.records[1:]

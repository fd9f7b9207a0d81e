# SPDX-License-Identifier: BSD-2-Clause
"""test_load.py - the machine of `./brig load`, which asks for more."""
import pytest

from rig.load import Load, judge


@pytest.fixture(scope="module")
def load():
    try:
        made = Load()
    except PermissionError as error:
        pytest.skip("no network namespace of our own here: %s" % error)
    with made:
        yield made


def test_all_are_served(load):
    rate, wrong = load.ask(200, 20)
    assert wrong is None and rate > 0
    assert load.ask(3, 20)[1] is None


def test_what_is_not_served_is_told(load):
    assert "Non-2xx responses: 10" in load.ask(10, 2, page="missing")[1]
    assert "ab ended with 22" in judge("apr_socket_recv: Connection refused", 22, 10)[1]
    assert "Failed requests: 3" in judge("Complete requests:  10\nFailed requests:  3\n", 0, 10)[1]
    assert "Complete requests" in judge("Complete requests:  9\n", 0, 10)[1]

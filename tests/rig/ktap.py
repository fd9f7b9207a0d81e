# SPDX-License-Identifier: BSD-2-Clause
"""ktap.py - reads test results in TAP and KTAP (the Linux kernel's dialect).

A plan that is missing, or results that end before it is fulfilled, are
errors: a program that crashed half way must not look like a success.
"""
import re

RESULT = re.compile(r"^(not )?ok\s+(\d+)?\s*(?:-\s*)?([^#]*?)\s*"
                    r"(?:#\s*(SKIP|T[O]DO)\b\s*(.*))?$", re.IGNORECASE)
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*SKIP\b\s*(.*))?\s*$", re.IGNORECASE)


class Test:
    """One result. passed, skipped: bool; notes: the lines before it."""

    def __init__(self, name, passed, skipped, reason, notes):
        self.name, self.passed, self.skipped = name, passed, skipped
        self.reason, self.notes = reason, notes

    def __repr__(self):
        return "Test(%r, %s)" % (self.name, "skipped" if self.skipped else
                                 "passed" if self.passed else "failed")


class Report:
    """tests in order, and errors (texts): what is wrong with the report."""

    def __init__(self):
        self.tests = []
        self.errors = []
        self.plan = None
        self.skip_all = None

    def by_name(self):
        return {test.name: test for test in self.tests}


def parse(text):
    """Reads one report. Nested results (indented) become NAME/SUBNAME, and
    the line that sums them up counts too."""
    report = Report()
    notes, nested = [], []
    for line in text.splitlines():
        line = line.rstrip()
        if line[:1] in " \t" and (RESULT.match(line.strip()) or
                                  PLAN.match(line.strip())):
            nested.append(line)
            continue
        plan, result = PLAN.match(line), RESULT.match(line)
        if plan:
            if report.plan is not None:
                report.errors.append("a second plan: " + line)
            report.plan = int(plan.group(1))
            report.skip_all = plan.group(2)
        elif result:
            add_result(report, result, notes, nested)
            notes, nested = [], []
        elif line.startswith("Bail out!"):
            report.errors.append(line)
        elif line and not re.match(r"^(K?TAP version \d+)$", line, re.IGNORECASE):
            notes.append(line)
    if report.plan is None:
        report.errors.append("no plan (1..N)")
    elif report.plan != len(report.tests):
        report.errors.append("%d results instead of %d" %
                             (len(report.tests), report.plan))
    if report.errors:
        report.errors += notes
    return report


def add_result(report, result, notes, nested):
    failed, number, name, directive, reason = result.groups()
    number = int(number or len(report.tests) + 1)
    if number != len(report.tests) + 1:
        report.errors.append("result %d comes as number %d" %
                             (number, len(report.tests) + 1))
    skipped = (directive or "").upper() == "SKIP"
    if nested:
        inner = parse("\n".join(line.strip() for line in nested))
        report.errors += ["%s: %s" % (name, error) for error in inner.errors]
        if not failed and not all(t.passed for t in inner.tests):
            report.errors.append("%s: ok, though a part of it failed" % name)
        notes = notes + ["%s/%r" % (name, test) for test in inner.tests
                         if not test.passed]
    report.tests.append(Test(name, not failed, skipped, reason, notes))

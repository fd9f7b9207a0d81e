# SPDX-License-Identifier: BSD-2-Clause
"""tables.py - tables that tests fill cell by cell; shown when the run ends.

A test adds a cell with note(request.node, table, row, column, value). At the
end each table is printed and written to build/NAME/TABLE.txt.
"""
import os

from rig import machine as machines

KEY = "table"
# Columns whose order matters come first; others follow as they are filled.
ORDER = ["host root", "host user", "jail root", "jail user", "jail root, allowed",
         "on chroot", "on hardened chroot", "in jail", "jail to host", "user to host"]


def note(item, table, row, column, value):
    item.user_properties.append((KEY, "\t".join((table, row, column, value))))


def collect(reports):
    """Table -> (columns in order, row -> column -> value)."""
    found = {}
    for report in reports:
        for key, cell in getattr(report, "user_properties", ()):
            if key == KEY:
                table, row, column, value = cell.split("\t")
                columns, rows = found.setdefault(table, ([], {}))
                if column not in columns:
                    columns.append(column)
                rows.setdefault(row, {})[column] = value
    return found


def rank(column):
    return ORDER.index(column) if column in ORDER else len(ORDER)


def layout(table, columns, rows):
    columns = sorted(columns, key=rank)
    lines = [[table] + columns]
    lines += [[row] + [rows[row].get(column, "") for column in columns]
              for row in sorted(rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    filled = sum(len(row) for row in rows.values())
    return ["  ".join(cell.ljust(width) for cell, width
                      in zip(line, widths)).rstrip() for line in lines] + [
        "%s: %d rows, %d results" % (table, len(rows), filled)]


def show(terminalreporter):
    reports = [report for kind in ("passed", "failed", "skipped")
               for report in terminalreporter.stats.get(kind, [])
               if getattr(report, "when", None) == "call"]
    for table, (columns, rows) in sorted(collect(reports).items()):
        lines = layout(table, columns, rows)
        terminalreporter.ensure_newline()
        terminalreporter.write("\n" + "\n".join(lines) + "\n\n")
        name = os.path.join(machines.build_dir(), table + ".txt")
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")

"""Rows by key in Arrow's buffers: a few allocations, however many keys there are.

A dictionary of a million entries would be made and freed while every request waits for the
interpreter. These are made outside it, freed at once, and searched by halving.
"""

from bisect import bisect_left

import pyarrow as pa


class Column:
    """A string column without nulls, as UTF-8."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        whole = column.cast(pa.large_string()).combine_chunks()
        self._length = len(whole)
        _, ends, data = whole.buffers() if self._length else (None, b"", b"")
        self._ends = memoryview(ends).cast("B").cast("q")
        self._data = memoryview(data)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: int) -> bytes:
        return bytes(self._data[self._ends[place] : self._ends[place + 1]])


class Rows:
    """JSON objects by key: a table of keys in byte order and, beside each, one object."""

    def __init__(self, table: pa.Table) -> None:
        self._keys, self._objects = Column(table.column(0)), Column(table.column(1))

    def listed(self, key: str) -> bytes:
        """The objects of a key in the table's order, as a JSON list; [] when it has none."""
        wanted, matches = key.encode("utf-8", "surrogatepass"), []
        place = bisect_left(self._keys, wanted)
        while place < len(self._keys) and self._keys[place] == wanted:
            matches.append(self._objects[place])
            place += 1
        return b"[" + b",".join(matches) + b"]"

"""Texts by key in Arrow's buffers: a few allocations, however many keys there are.

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


class Texts:
    """A table's second column by its first, in which each key occurs once, in byte order."""

    def __init__(self, table: pa.Table) -> None:
        self._keys, self._values = Column(table.column(0)), Column(table.column(1))

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, key: str, otherwise: bytes) -> bytes:
        wanted = key.encode("utf-8", "surrogatepass")
        place = bisect_left(self._keys, wanted)
        if place < len(self._keys) and self._keys[place] == wanted:
            return self._values[place]
        return otherwise

"""What marks say of texts, and what LZ4 frames made by them hold, by parts we did not write."""

import lz4.frame
import numpy as np

from eventer.kernels.kafka.record_batches import encode_records, pack_records

HEAD_BYTES = 7
BLOCK_HEAD_BYTES = 4
MOST_OF_A_BLOCK = 256 << 10


def marked(texts, match_hints):
    """Each identity to all that is marked with it, and to all behind it in the same texts."""
    found, rests = {}, {}
    for row, text in enumerate(texts):
        at = 0
        for mark in match_hints.marks[match_hints.ends[row] : match_hints.ends[row + 1]].tolist():
            identity, gap = mark >> 16, mark & 0xFFFF
            start, at = at + gap, at + gap + int(match_hints.lengths[identity])
            assert at <= len(text)
            found.setdefault(identity, set()).add(text[start:at])
            like = identity
            while (like := int(match_hints.prefix_identities[like])) >= 0:
                rests.setdefault(like, []).append(text[start:])
    return found, rests


def check_marks(texts, match_hints):
    """Asserts that text of one identity is the same, and begins as what it is like."""
    found, rests = marked(texts, match_hints)
    assert all(len(same) == 1 for same in found.values())
    for like, begins in rests.items():
        length = int(match_hints.lengths[like])
        assert len({begin[:length] for begin in begins}) == 1
        assert all(len(begin) >= length for begin in begins)
    return found


def check_packed(columns, rows=None):
    """Asserts that packed records are the records, in well-formed blocks; the packed bytes."""
    rows = np.arange(len(columns.values)) if rows is None else np.asarray(rows)
    records = bytes(encode_records(columns, rows))
    frame, raw_bytes = pack_records(columns, rows)
    assert raw_bytes == len(records)
    assert lz4.frame.decompress(frame) == records
    for block in blocks(frame):
        assert len(block) <= MOST_OF_A_BLOCK
        check_end(block)
    return frame


def blocks(frame):
    """The compressed blocks of a frame."""
    at, made = HEAD_BYTES, []
    while size := int.from_bytes(frame[at : at + BLOCK_HEAD_BYTES], "little"):
        at += BLOCK_HEAD_BYTES + size
        made.append(frame[at - size : at])
    assert at + BLOCK_HEAD_BYTES == len(frame)
    return made


def sequences(block):
    """How many literals, and how long the match behind them (None for the last), of each."""
    at = 0
    while True:
        token = block[at]
        literals, at = length(block, token >> 4, at + 1)
        at += literals
        if at == len(block):
            yield literals, None
            return
        match, at = length(block, token & 15, at + 2)
        yield literals, match + 4


def length(block, nibble, at):
    """A length that begins with a nibble, and the place behind what there is more of it."""
    if nibble < 15:
        return nibble, at
    while block[at] == 255:
        nibble, at = nibble + 255, at + 1
    return nibble + block[at], at + 1


def check_end(block):
    """The format asks for five literals at the end, and no match that begins in the last 12."""
    *matches, (literals, nothing) = sequences(block)
    assert nothing is None
    if matches:
        assert literals >= 5
        assert literals + matches[-1][1] >= 12

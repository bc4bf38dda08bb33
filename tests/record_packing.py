"""Checks of match hints and of LZ4 frames; the `lz4` package decompresses the frames."""

import lz4.frame
import numpy as np

from eventer.kernels.kafka.record_batches import encode_records, pack_records

FRAME_HEADER_BYTES = 7
BLOCK_HEADER_BYTES = 4
MAX_BLOCK_BYTES = 256 << 10


def marked_texts(texts, match_hints):
    """Maps each identity to the texts marked with it, and to the texts that share its prefix."""
    marked, prefixed = {}, {}
    for row, text in enumerate(texts):
        offset = 0
        for mark in match_hints.marks[match_hints.ends[row] : match_hints.ends[row + 1]].tolist():
            identity, gap = mark >> 16, mark & 0xFFFF
            start, offset = offset + gap, offset + gap + int(match_hints.lengths[identity])
            assert offset <= len(text)
            marked.setdefault(identity, set()).add(text[start:offset])
            prefix = identity
            while (prefix := int(match_hints.prefix_identities[prefix])) >= 0:
                prefixed.setdefault(prefix, []).append(text[start:])
    return marked, prefixed


def check_marks(texts, match_hints):
    """Asserts that texts of one identity are equal and that those with a common prefix share it."""
    marked, prefixed = marked_texts(texts, match_hints)
    assert all(len(same) == 1 for same in marked.values())
    for prefix, tails in prefixed.items():
        length = int(match_hints.lengths[prefix])
        assert len({tail[:length] for tail in tails}) == 1
        assert all(len(tail) >= length for tail in tails)
    return marked


def check_packed(columns, rows=None):
    """Asserts that the frame holds the records in well-formed blocks; returns the frame."""
    rows = np.arange(len(columns.values)) if rows is None else np.asarray(rows)
    records = bytes(encode_records(columns, rows))
    frame, raw_bytes = pack_records(columns, rows)
    assert raw_bytes == len(records)
    assert lz4.frame.decompress(frame) == records
    for block in blocks(frame):
        assert len(block) <= MAX_BLOCK_BYTES
        check_end(block)
    return frame


def blocks(frame):
    """The compressed blocks of a frame."""
    offset, compressed = FRAME_HEADER_BYTES, []
    while size := int.from_bytes(frame[offset : offset + BLOCK_HEADER_BYTES], "little"):
        offset += BLOCK_HEADER_BYTES + size
        compressed.append(frame[offset - size : offset])
    assert offset + BLOCK_HEADER_BYTES == len(frame)
    return compressed


def sequences(block):
    """Yields the number of literals and the match length (None for the last) of each sequence."""
    offset = 0
    while True:
        token = block[offset]
        literals, offset = length(block, token >> 4, offset + 1)
        offset += literals
        if offset == len(block):
            yield literals, None
            return
        match, offset = length(block, token & 15, offset + 2)
        yield literals, match + 4


def length(block, nibble, offset):
    """Decodes a length; returns it and the offset after its last byte."""
    if nibble < 15:
        return nibble, offset
    while block[offset] == 255:
        nibble, offset = nibble + 255, offset + 1
    return nibble + block[offset], offset + 1


def check_end(block):
    """Checks the end of a block: at least five literals, no match starts in the last 12 bytes."""
    *matches, (literals, last_match) = sequences(block)
    assert last_match is None
    if matches:
        assert literals >= 5
        assert literals + matches[-1][1] >= 12

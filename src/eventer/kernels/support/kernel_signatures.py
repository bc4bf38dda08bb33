"""The types that each kernel is called with, for compiling all of them beforehand.

A line is a module below `eventer.kernels`, a function, and the types of its arguments: `const
u64*` is a read-only array, `f64**` has two dimensions, and `i64**F` is in the order of Fortran.
"""

from __future__ import annotations

from typing import Final

KERNEL_SIGNATURES: Final = """
binary.transcode_loops run(const i64**, u8*, const i64*, const u8*, i64, i64, i64, i64*, u8*)
draw.calendar_loops _split(const i64*, i64*, i64*, i64*)
draw.calendar_loops _write_instants(const i64*, i64, u8*)
draw.chain_loops _grouped_steps(const u64*, const u64*, const u64*, const i64*, const i64*, i64*,
    u64*, u64*)
draw.chain_loops _steps(const i64*, i64*)
draw.chain_loops _times(const i64*, const i64*, const f64*, i64*, const f64*, f64*, f64*)
draw.chain_loops _walk(const u64*, const u64*, const u64*, i64, const u64**, const i64**, const
    bool*, i64, i64*, i64*, i64)
draw.distribution_loops _beta(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _binomial(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _exponential(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _exponential_window(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _gamma(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _geometric(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _lognormal(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _lognormal_window(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _normal(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _normal_window(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _pareto(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _poisson(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _triangular(const u64*, const u64*, const f64**, f64*)
draw.distribution_loops _zipf(const u64*, const u64*, const f64**, f64*)
draw.draw_loops _children(const u64*, u64, u64*)
draw.draw_loops _children_by_step(const u64*, const u64*, u64*)
draw.draw_loops _doubles(const u64*, const u64*, f64, f64, f64, f64*)
draw.draw_loops _matrix(const u64*, const u64*, const u64*, u64**)
draw.draw_loops _integers(const u64*, const u64*, u64, u64, u64*)
draw.draw_loops _sized(const u64*, const u64*, const u64*, u64*)
draw.draw_loops _words(const u64*, const u64*, u64*)
draw.permutation_loops _enciphered(const u64*, const u64*, const u64*, u64, u64, u64, u64*)
draw.random_text_loops write_text_rows(const u64*, const u64*, const i64*, const u64*, const i64*,
    const u64*, const u64*, const i64**, const i64*, const u8*, i64, u8*, i64*)
draw.selection_loops _select(const u64*, const u64*, const u64*, const i64*, i64*, i64*, i64*)
draw.series_loops _fill_signals(const u64*, const u64*, const i64*, i64, const f64*, f64*)
draw.series_loops _fill_walks(const u64*, const i64*, f64*)
draw.uuid_loops _write_uuids(const u64**, u8*)
draw.weighted_pick_loops _picks(const u64*, const u64*, const u64*, const i64*, i64*)
draw.zipf_loops _fill_ranks(const u64*, const u64*, f64, f64, const f64*, const f64*, const i32*,
    f64*)
draw.zipf_loops _fill_table(f64, f64, f64, f64*, f64*, i32*)
json.assemble_loops run(const i64**, i64, i64, i64, i64, i64, i64*, u8*, i64*, i64*, u32*)
json.line_loops write_lines(const i64*, const u8*, u8*)
json.number_format_loops write_formatted(const f64*, bool, i64, bool, i64, i64, i64, i64, bool,
    u8*, i64*)
json.number_loops write_doubles(const i64*, u8*, i64*)
json.selectors _select(const bool*, i64*)
json.string_number_loops write_string_numbers(const i64*, u8*, i64*)
kafka.lz4_packing_loops pack_records(const i64*, const i64*, const i64**, const u32*, const i64*,
    const i64*, const i64*, i64, u8*, u8*)
kafka.record_loops murmur2_each(const i64*, const u8*, i64*)
kafka.record_loops write_records(const i64*, const i64*, const i64**, u8*)
kafka.record_reading_loops parse_records(const u8*, i64*, i64*, i64*, i64*, i64**, u64*)
kafka.record_reading_loops parse_records(const u8*, i64*, i64*, i64*, i64*, i64**F, u64*)
kafka.record_reading_loops walk_batches(const u8*, i64**)
pgcopy.copy_stream_loops add_text_sizes(i64*, i64*, const u8*, const i64*, i64)
pgcopy.copy_stream_loops put_counts(u8*, i64*, i64)
pgcopy.copy_stream_loops put_texts(u8*, i64*, i64*, const u8*, const i64*, const u8*, i64)
pgcopy.copy_stream_loops put_words(u8*, i64*, i64*, const u8*, const u64*, i64)
pgcopy.row_digest_loops digest_rows(const u8*, u8*, i64*, u64*, u64*)
support.digest_loops chain_each(u64*, u64*)
support.digest_loops digest_spans(u8*, i64*, i64*, u64*)
support.digest_loops digest_spans(const u8*, i64*, i64*, u64*)
support.digest_loops digest_spans(const u8*, const i64*, i64*, u64*)
"""

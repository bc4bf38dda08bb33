// Metrics of hosts in one shape for counters, gauges and histograms; the histogram's buckets add up.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local kind = get_one_of('gauge, gauge, counter, histogram');
local bounds = [5, 10, 25, 50, 100, 250];
local counts = [get_integer(0, 200) for _ in bounds];

{
  name: {
    gauge: get_one_of('cpu_usage_ratio, memory_used_ratio'),
    counter: get_one_of('http_requests_total, bytes_sent_total'),
    histogram: 'http_request_duration_ms',
  }[kind],
  kind: kind,
  at: get_timestamp('now', 'now', '10s'),
  labels: {
    host: 'host-%02d' % get_integer(1, 40),
    region: get_one_of('eu-west, eu-north, us-east'),
    [if kind != 'gauge' then 'job']: get_one_of('api, web'),
  },
  [if kind == 'gauge' then 'value']: std.round(get_number(0, 1) * 10000) / 10000,
  [if kind == 'counter' then 'total']: get_integer(0, 1e9),
  [if kind == 'histogram' then 'buckets']: [
    { le: bounds[i], count: counts[i] }
    for i in std.range(0, std.length(bounds) - 1)
  ],
  [if kind == 'histogram' then 'count']: std.sum(counts),
}

// Bursts of vibration samples: each event holds 8 to 32 samples and statistics that agree with them.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_timestamp = std.native('get_timestamp');

local rounded(x) = std.round(x * 1000) / 1000;

{
  local count = get_integer(8, 32),
  local samples = [rounded(get_number(-1, 1) * (1 + i / 10)) for i in std.range(0, count - 1)],
  local energy = std.foldl(function(sum, x) sum + x * x, samples, 0),

  machine: 'press-%d' % get_integer(1, 12),
  axis: std.native('get_one_of')('x, y, z'),
  started_at: get_timestamp('now', 'now', '1ms'),
  sample_rate_hz: 1000,
  samples: samples,
  count: std.length(samples),
  peak: std.foldl(function(peak, x) std.max(peak, std.abs(x)), samples, 0),
  rms: rounded(std.sqrt(energy / count)),
  over_limit: std.length(std.filter(function(x) std.abs(x) > 2, samples)),
}

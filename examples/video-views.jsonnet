// Heartbeats of a video player: position within the film, quality, and stalls of this interval.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local qualities = [
  { name: '480p', kbps: 1200 },
  { name: '720p', kbps: 3000 },
  { name: '720p', kbps: 3000 },
  { name: '1080p', kbps: 5500 },
  { name: '2160p', kbps: 16000 },
];

{
  local quality = get_one_of(qualities),
  local stalls = [get_integer(200, 6000) for _ in std.range(1, get_integer(0, 3))],

  playback: get_rand_data().uuid_hyphenated,
  video: 'v%05d' % get_integer(1, 3000),
  at: get_timestamp('now', 'now', '1s'),
  duration_s: get_integer(60, 9000),
  position_s: std.floor(self.duration_s * get_integer(0, 1000) / 1000),
  progress: std.round(100 * self.position_s / self.duration_s) + '%',
  quality: quality { kbps: super.kbps + get_integer(-200, 200) },
  stalls_ms: stalls,
  stalled_ms: std.sum(stalls),
  smooth: self.stalls_ms == [],
  paused: get_integer(1, 12) == 1,
}

local get_duration = std.native('get_duration');
local get_epoch = std.native('get_epoch');
local get_now = std.native('get_now');
local get_one_of = std.native('get_one_of');
local get_uuid7 = std.native('get_uuid7');
{
  created: get_now(),
  seconds: get_duration('1s', '1h'),
  paid: get_now('us', self.seconds),
  ms: get_epoch('ms', '-1d'),
  rare: get_now('s', if self.seconds < 2000 then 0 else 1e10),
  precision: get_now(get_one_of('s, ms')),
  id: get_uuid7(),
}

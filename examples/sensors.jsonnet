// Readings of a few hundred sensors; some readings are missing, and some are out of range.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_timestamp = std.native('get_timestamp');

{
  local spike = get_integer(1, 200) == 1,
  local celsius = get_number(15, 30) + (if spike then 60 else 0),

  sensor_id: 'sensor-%03d' % get_integer(1, 300),
  at: get_timestamp('now', 'now', '1s'),
  [if get_integer(1, 50) > 1 then 'celsius' else null]: std.round(celsius * 100) / 100,
  battery: get_integer(0, 100) / 100,
  alarm: celsius > 60,
}

local native = std.native;
local device = native('get_one_of')('a, b');
{
  device: device,
  signal: native('get_signal')(device, 20, 3, '6h', 0.1),
  walk: native('get_walk')(device, 50, 1, '1s', '2020-01-01', 0, 100),
  later: native('get_walk')('x', 50, 1, '1s', '2020-01-01', null, null, native('get_integer')(0, 9)),
  season: native('get_season')([9, 9, 9, 9, 8, 4, 3], 'week', 'Europe/Berlin'),
}

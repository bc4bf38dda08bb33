// Short GPS tracks: 5 to 20 points, each a fixed step from the last along the track's heading.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local five(x) = std.round(x * 100000) / 100000;
local origin = get_one_of([
  { city: 'Oslo', lat: 59.9139, lon: 10.7522 },
  { city: 'Lisbon', lat: 38.7223, lon: -9.1393 },
  { city: 'Kyoto', lat: 35.0116, lon: 135.7681 },
]);

{
  local north = get_number(-0.0005, 0.0005),
  local east = get_number(-0.0008, 0.0008),
  local point(i) = [
    five(origin.lat + i * north + get_number(-0.00002, 0.00002)),
    five(origin.lon + i * east + get_number(-0.00002, 0.00002)),
  ],

  tracker: 'T%05d' % get_integer(1, 2500),
  city: origin.city,
  from: get_timestamp('now-5m', 'now-5m', '1s'),
  points: std.makeArray(get_integer(5, 20), point),
  start: self.points[0],
  hdop: std.round(get_number(0.6, 4) * 10) / 10,
}

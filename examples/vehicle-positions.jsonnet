// Positions of forty vehicles around a town, keyed by vehicle so that each vehicle's positions stay in order:
// eventer run examples/vehicle-positions.jsonnet --kafka positions --key vehicle --rate 200/s --duration 10s
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_timestamp = std.native('get_timestamp');

local rounded(value, digits) = std.round(value * std.pow(10, digits)) / std.pow(10, digits);
// The sum of three uniform numbers is approximately normal: most vehicles are near the centre.
local around(centre, spread) =
  centre + spread * (get_number(-1, 1) + get_number(-1, 1) + get_number(-1, 1)) / 3;

{
  local moving = get_integer(1, 10) > 3,

  vehicle: 'bus-%02d' % get_integer(1, 40),
  at: get_timestamp('now', 'now', '1ms'),
  latitude: rounded(around(52.52, 0.15), 5),
  longitude: rounded(around(13.405, 0.25), 5),
  speed_kmh: if moving then rounded(get_number(5, 65), 1) else 0,
  passengers: get_integer(0, 80),
  doors_open: !moving && get_integer(1, 2) == 1,
}

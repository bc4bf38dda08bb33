// Shipments with a ragged list of stops; each stop has its own list of scans.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local cities = ['Hamburg', 'Hannover', 'Kassel', 'Frankfurt', 'Nürnberg', 'München', 'Zürich', 'Milano'];

{
  local legs = get_integer(2, 6),
  local first = get_integer(0, std.length(cities) - legs),

  shipment: 'JD%012d' % get_integer(1, 999999999999),
  weight_kg: get_integer(1, 31500) / 1000,
  service: get_one_of('standard, standard, express'),
  recipient: { name: get_rand_data().name, phone: get_rand_data().phone_number },
  stops: [
    {
      seq: n,
      city: cities[first + n - 1],
      scans: [
        { what: get_one_of('arrived, sorted, loaded, departed'), gate: get_integer(1, 90) }
        for _ in std.range(1, get_integer(0, 3))
      ],
    }
    for n in std.range(1, legs)
  ],
  last_city: self.stops[legs - 1].city,
  scan_count: std.sum([std.length(stop.scans) for stop in self.stops]),
  delivered: self.stops[legs - 1].scans != [],
  promised: get_timestamp('now+1d', 'now+4d', '1h'),
}

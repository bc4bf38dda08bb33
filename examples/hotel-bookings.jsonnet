// Hotel bookings: nights, guests, rooms at their own rates, extras on some, and a total that agrees.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local rates = { single: 89, double: 129, suite: 260 };
local nights = get_integer(1, 10);
local room(n) = {
  local kind = get_one_of('single, double, double, suite'),
  room: n,
  kind: kind,
  rate: rates[kind],
  board: get_one_of(['none', 'breakfast', 'half']),
  cost: nights * (self.rate + { none: 0, breakfast: 15, half: 38 }[self.board]),
};

{
  booking: std.asciiUpper(std.substr(get_rand_data().uuid_digit, 0, 8)),
  hotel: get_integer(1, 140),
  arrival: std.substr(get_timestamp('now+1d', 'now+90d', '24h'), 0, 10),
  nights: nights,
  guest: { name: get_rand_data().name, phone: get_rand_data().e_164_phone_number },
  rooms: [room(n) for n in std.range(1, get_integer(1, 3))],
  total: std.foldl(function(sum, r) sum + r.cost, self.rooms, 0),
  channel: get_one_of('direct, portal, portal, agency'),
  [if get_integer(1, 6) == 1 then 'cancelled_at']: get_timestamp('now-1h', 'now', '1s'),
}

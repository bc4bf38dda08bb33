// Rides of a taxi service: distance, duration and fare follow from each other.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local point(spread) = {
  lat: std.round((48.137 + get_number(-spread, spread)) * 1e5) / 1e5,
  lon: std.round((11.575 + get_number(-spread, spread)) * 1e5) / 1e5,
};

{
  local from = point(0.05),
  local to = point(0.12),
  // One degree of latitude is 111.2 km, of longitude there 74.3 km.
  local km = std.sqrt(std.pow((to.lat - from.lat) * 111.2, 2) + std.pow((to.lon - from.lon) * 74.3, 2)) * 1.3,
  local surge = get_one_of([1, 1, 1, 1, 1.25, 1.5]),

  ride_id: get_rand_data().uuid_hyphenated,
  driver_id: get_integer(1, 800),
  rider_id: get_integer(1, 40000),
  requested_at: get_timestamp('now-2h', 'now-30m', '1s'),
  pickup: from,
  dropoff: to,
  km: std.round(km * 10) / 10,
  minutes: std.ceil(km * get_number(1.8, 3.5)) + 1,
  surge: surge,
  fare: std.round((4.2 + 2.1 * self.km + 0.4 * self.minutes) * surge * 100) / 100,
  rating: if get_integer(1, 3) == 1 then null else get_integer(3, 5),
}

// Quotes with five levels of an order book on both sides; bids fall and asks rise from the middle.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local levels(middle, step) = [
  { price: (middle + step * level) / 100, size: get_integer(1, 40) * 100 }
  for level in std.range(1, 5)
];

{
  local middle = get_integer(9500, 10500),
  local half_spread = get_integer(1, 4),

  symbol: get_one_of('ACME, BOLT, CRUX, DYNE'),
  at: get_timestamp('now', 'now', '1ms'),
  bids: levels(middle, -half_spread),
  asks: levels(middle, half_spread),
  spread: std.round((self.asks[0].price - self.bids[0].price) * 100) / 100,
  bid_depth: std.sum([level.size for level in self.bids]),
  ask_depth: std.sum([level.size for level in self.asks]),
  imbalance: std.round((self.bid_depth - self.ask_depth) / (self.bid_depth + self.ask_depth) * 1000) / 1000,
}

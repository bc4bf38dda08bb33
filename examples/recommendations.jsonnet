// Lists that a recommender served: ranked items with falling scores, and which of them was chosen.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local four(x) = std.round(x * 10000) / 10000;

{
  local length = get_integer(3, 12),
  local best = get_number(0.6, 0.99),
  local clicked = get_integer(1, 25),

  request: get_rand_data().uuid_digit,
  user: get_integer(1, 80000),
  model: 'als-v%d' % get_integer(7, 9),
  served_at: get_timestamp('now', 'now', '1ms'),
  items: [
    { rank: rank, item: get_integer(1, 50000), score: four(best * std.pow(0.85, rank - 1)) }
    for rank in std.range(1, length)
  ],
  clicked_rank: if clicked <= length then clicked,
  clicked_item: if self.clicked_rank != null then self.items[self.clicked_rank - 1].item,
  latency_ms: get_integer(4, 60),
  fallback: best < 0.62,
}

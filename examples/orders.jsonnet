// An order with one to five items and a total that agrees with them.
// Upserts by `id` into PostgreSQL: eventer run examples/orders.jsonnet --postgres orders --max-events 1000
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local Item = {
  sku: 'SKU-%05d' % get_integer(1, 20000),
  quantity: get_integer(1, 4),
  price_cents: get_integer(199, 19999),
};

{
  id: get_integer(1, 100000),
  status: get_one_of('new, paid, shipped, delivered, returned'),
  placed_at: get_timestamp('now-30d', 'now', '1s'),
  customer: { name: get_rand_data().name, email: get_rand_data().email },
  items: [Item { line: line } for line in std.range(1, get_integer(1, 5))],
  total_cents: std.foldl(function(sum, item) sum + item.quantity * item.price_cents, self.items, 0),
}

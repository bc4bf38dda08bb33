// Stock of 200 articles in three warehouses, upserted by two columns:
// eventer run examples/stock-levels.jsonnet --postgres stock --key sku,warehouse --max-events 5000
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

{
  local stock = get_integer(0, 120),

  sku: 'SKU-%05d' % get_integer(1, 200),
  warehouse: get_one_of('north, south, harbour'),
  stock: stock,
  reorder: stock < 10,
  counted_at: get_timestamp('now', 'now', '1s'),
}

// Change events of an orders table in Debezium's envelope: before, after, source, op, ts_ms.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');

local op = get_one_of('c, u, u, u, u, d, r');
local ts_ms = 1767225600000 + get_integer(0, 86400000);
local row = {
  order_id: get_integer(1, 200000),
  customer_id: get_integer(1, 5000),
  status: 'NEW',
  total: get_integer(500, 90000) / 100,
  note: if get_integer(1, 4) == 1 then get_rand_data().sentence,
};
local changed = row { status: get_one_of('PAID, SHIPPED, CANCELLED'), total: std.round(row.total * 100 + get_integer(0, 500)) / 100 };

{
  before: if op == 'u' || op == 'd' then row else null,
  after: if op == 'd' then null else if op == 'u' then changed else row,
  source: {
    version: '2.7.0.Final',
    connector: 'postgresql',
    name: 'shop',
    db: 'shop',
    schema: 'public',
    table: 'orders',
    txId: get_integer(500, 9999999),
    lsn: get_integer(20000000, 900000000),
    snapshot: if op == 'r' then 'true' else 'false',
    ts_ms: ts_ms,
  },
  op: op,
  ts_ms: ts_ms + get_integer(5, 400),
}

// Movements of stock between locations: receipts, picks, transfers and corrections, with a signed quantity.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local place(zone) = '%s-%02d-%02d' % [zone, get_integer(1, 40), get_integer(1, 12)];
local kind = get_one_of(['receipt', 'pick', 'pick', 'pick', 'transfer', 'correction']);
local quantity = get_integer(1, 48);

{
  movement: get_integer(1, 99999999),
  kind: kind,
  sku: 'SKU-%05d' % get_integer(1, 20000),
  quantity: if kind == 'pick' then -quantity
  else if kind == 'correction' then get_integer(-5, 5)
  else quantity,
  [if kind != 'receipt' then 'from']: place('A'),
  [if kind == 'receipt' || kind == 'transfer' then 'to']: place('B'),
  lot: if kind == 'receipt' then 'L%06d' % get_integer(1, 999999) else null,
  moved_at: get_timestamp('now-1m', 'now', '1s'),
  operator: 'op-%d' % get_integer(1, 60),
}

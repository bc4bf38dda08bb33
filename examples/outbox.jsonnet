// Rows of a transactional outbox: the payload is JSON text in a field, its shape depends on the type.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local order_id = get_integer(1, 100000);
local payloads = {
  OrderPlaced: { order: order_id, lines: get_integer(1, 9), total: get_integer(100, 99999) / 100 },
  OrderShipped: { order: order_id, carrier: get_one_of('DHL, UPS, GLS'), parcel: get_rand_data().uuid_digit },
  OrderCancelled: { order: order_id, by: get_one_of('customer, shop') },
};

{
  local type = get_one_of(std.objectFields(payloads)),

  id: get_rand_data().uuid_hyphenated,
  aggregatetype: 'order',
  aggregateid: std.toString(order_id),
  type: type,
  payload: std.manifestJsonMinified(payloads[type]),
  created_at: get_timestamp('now', 'now', '1ms'),
}

// Traces with their spans: children name the root as parent and lie within its duration.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local hex(id) = std.substr(id, 0, 16);
local root_id = hex(get_rand_data().uuid_digit);
local duration = get_integer(5000, 400000);

local child(n) = {
  local start = get_integer(0, duration - 1000),
  span_id: hex(get_rand_data().uuid_digit),
  parent_id: root_id,
  name: get_one_of(['SELECT orders', 'GET /inventory', 'cache.get', 'publish order.created']),
  offset_us: start,
  duration_us: get_integer(100, duration - start),
  attributes: { 'span.kind': get_one_of('client, internal, producer'), seq: n },
};

{
  trace_id: get_rand_data().uuid_digit,
  service: get_one_of('gateway, orders, search'),
  started_at: get_timestamp('now-1s', 'now', '1ms'),
  spans: [{
    span_id: root_id,
    parent_id: null,
    name: 'HTTP ' + get_one_of('GET, POST'),
    offset_us: 0,
    duration_us: duration,
    attributes: { 'span.kind': 'server', seq: 0 },
  }] + [child(n) for n in std.range(1, get_integer(0, 6))],
  span_count: std.length(self.spans),
  failed: get_integer(1, 25) == 1,
}

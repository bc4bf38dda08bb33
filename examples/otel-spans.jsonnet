// Single spans as OpenTelemetry exports them in JSON: times as text in nanoseconds, typed attributes.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');

local text(key, value) = { key: key, value: { stringValue: value } };
local whole(key, value) = { key: key, value: { intValue: '%d' % value } };

local start_ms = 1767225600000 + get_integer(0, 86399999);
local took_us = get_integer(50, 2000000);
local failed = get_integer(1, 30) == 1;
local name = get_one_of(['GET /cart', 'POST /order', 'DELETE /cart']);

{
  traceId: get_rand_data().uuid_digit,
  spanId: std.substr(get_rand_data().uuid_digit, 0, 16),
  name: name,
  kind: get_integer(1, 3),
  startTimeUnixNano: '%d000000' % start_ms,
  endTimeUnixNano: '%d%06d' % [start_ms + std.floor(took_us / 1000), took_us % 1000 * 1000],
  attributes: [
    text('service.name', get_one_of('cart, order')),
    text('http.request.method', std.split(name, ' ')[0]),
    whole('http.response.status_code', if failed then 504 else 200),
  ],
  status: { code: if failed then 2 else 1 } + (if failed then { message: 'deadline exceeded' } else {}),
}

// Access log of nginx in JSON (log_format … escape=json): status, sizes and upstream times agree.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_rand_user_agent = std.native('get_rand_user_agent');
local get_timestamp = std.native('get_timestamp');

local seconds(ms) = '%.3f' % (ms / 1000);
local status = get_one_of([200, 200, 200, 200, 200, 200, 301, 304, 400, 404, 499, 502]);
local upstream_ms = get_integer(2, 900);
local cached = status < 400 && get_integer(1, 3) == 1;

{
  time_iso8601: get_timestamp('now', 'now', '1s'),
  remote_addr: get_rand_data().ipv4,
  request_method: get_one_of('GET, GET, GET, POST, HEAD'),
  request_uri: '/api/v%d/%s?page=%d' % [get_integer(1, 2), get_one_of('items, users, orders'), get_integer(1, 40)],
  server_protocol: get_one_of(['HTTP/1.1', 'HTTP/2.0', 'HTTP/2.0']),
  status: status,
  body_bytes_sent: if status == 304 || self.request_method == 'HEAD' then 0 else get_integer(120, 90000),
  request_time: seconds(if cached then 1 else upstream_ms + get_integer(0, 20)),
  upstream_response_time: if cached then '-' else seconds(upstream_ms),
  upstream_cache_status: if cached then 'HIT' else get_one_of('MISS BYPASS'),
  http_user_agent: get_rand_user_agent(),
}

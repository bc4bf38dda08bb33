// Lines of a web server's access log, as text in one field.
local get_one_of = std.native('get_one_of');
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
local get_rand_user_agent = std.native('get_rand_user_agent');
local get_timestamp = std.native('get_timestamp');

{
  local method = get_one_of('GET, GET, GET, GET, POST, PUT, DELETE'),
  local path = '/%s/%d' % [get_one_of('item, user, cart, search'), get_integer(1, 5000)],
  local status = get_one_of([200, 200, 200, 200, 201, 204, 301, 404, 500]),

  message: '%s - - [%s] "%s %s HTTP/1.1" %d %d "-" "%s"' % [
    get_rand_data().ipv4,
    get_timestamp('now', 'now', '1s'),
    method,
    path,
    status,
    get_integer(100, 50000),
    get_rand_user_agent(),
  ],
}

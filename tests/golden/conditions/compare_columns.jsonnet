local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_rand_data = std.native('get_rand_data');
local n = get_number(0, 9), m = get_integer(1, 9), t = get_rand_data().username, u = get_rand_data().email;
{ a: [n < m, n <= m, n > m, n >= m, n == m, n != m], b: [t < u, t <= u, t > u, t >= u, t == u, t != u], c: n + m }

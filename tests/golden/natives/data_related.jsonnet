local get_rand_data = std.native('get_rand_data');
local d = get_rand_data(); { a: d.first_name, b: d.name, c: d.cc_type }

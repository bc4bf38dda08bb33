local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
{ a: get_one_of(get_rand_data().sentence) }

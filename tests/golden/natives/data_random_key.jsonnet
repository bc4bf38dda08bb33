local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
{ a: get_rand_data()[get_one_of('word, email')] }

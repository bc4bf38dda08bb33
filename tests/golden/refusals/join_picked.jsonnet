local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
{ a: std.join(get_rand_data().username, get_one_of([['a', 'b'], ['c']])) }

local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
{ a: std.toString(get_integer(1, 9)), b: std.toString(get_number(0, 1)), c: std.toString(get_one_of([true, null, [1], 'x'])), d: std.toString(get_rand_data().word), e: std.toString(get_integer(1, 2) == 1) }

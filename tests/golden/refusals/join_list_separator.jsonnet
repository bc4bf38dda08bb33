local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ a: std.join(get_rand_data().word, ['a' for _ in std.range(1, get_integer(1, 3))]) }

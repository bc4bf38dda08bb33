local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ a: { ab: get_integer(1, 9) }[get_rand_data().word] }

local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
{ a: 'n' + get_integer(1, 9), b: get_number(0, 1) + '', c: 'x' + true + null + [get_integer(1, 2)] }

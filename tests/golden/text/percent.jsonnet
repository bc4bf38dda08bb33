local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_number = std.native('get_number');
{ a: '%05d|%.2f|%x|%s' % [get_integer(1, 99), get_number(0, 9), get_integer(1, 255), get_one_of('a, b')] }

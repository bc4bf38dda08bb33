local get_integer = std.native('get_integer');
local get_timestamp = std.native('get_timestamp');
{ a: get_timestamp([get_integer(1, 9)], 'now', '1h') }

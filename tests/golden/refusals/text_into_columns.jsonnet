local get_integer = std.native('get_integer');
local long = std.repeat('0123456789', 120000);
{ a: std.length(long + get_integer(1, 9)) }

// Columns of integers are exact up to 2^53.
local get_integer = std.native('get_integer');
{ n: get_integer(get_integer(0, 5), 1e16) }

local get_integer = std.native('get_integer');
local get_timestamp = std.native('get_timestamp');
{ a: get_timestamp([1 for _ in std.range(1, get_integer(1, 2))], '2024-01-01', '1h') }

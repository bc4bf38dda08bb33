local get_number = std.native('get_number');
local n = get_number(-9, 9);
{ a: [std.floor(n), std.ceil(n), std.round(n), std.abs(n), std.sign(n), std.min(n, 1), std.max(n, 1), std.clamp(n, -2, 2)] }

local get_integer = std.native('get_integer');
local n = get_integer(1, 9) / 10;
{ a: [std.sin(n), std.cos(n), std.tan(n), std.asin(n), std.acos(n), std.atan(n), std.atan2(n, 2), std.deg2rad(n), std.rad2deg(n)] }

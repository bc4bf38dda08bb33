local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
local t = get_rand_data().username;
{ a: [std.asciiUpper(t), std.asciiLower(t), std.endsWith(t, 'a'), std.startsWith(t, 'a')], b: std.length(t), c: std.substr(t, get_integer(0, 3), 2), d: t[1:3], e: std.strReplace(t, t[0], '*') }

local get_rand_data = std.native('get_rand_data');
local t = get_rand_data().first_name; { a: std.asciiUpper(t), b: std.substr(t, 1, 2), c: t[0], d: std.length(t), e: std.startsWith(t, 'A'), f: std.strReplace(t, 'a', '_') }

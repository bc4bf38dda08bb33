local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local t = get_one_of(['a-b-c', 'd-e']);
local u = get_rand_data().email;
{ a: std.split(t, '-'), b: std.splitLimit(t, '-', 1), c: std.splitLimitR(t, '-', 1), d: std.split(u, '@'), e: std.splitLimit(u, '.', 1), f: std.splitLimitR(u, '.', 1) }

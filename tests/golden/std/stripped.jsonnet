local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local t = get_one_of([' a ', 'xbx', 'c']);
{ a: [std.trim(t), std.stripChars(t, ' x'), std.lstripChars(t, ' x'), std.rstripChars(t, ' x'), std.isEmpty(t)], b: std.stripChars(get_rand_data().word, 'aeiou') }

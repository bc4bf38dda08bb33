local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
local t = get_rand_data().word;
{ a: std.codepoint(t[0]), b: std.char(get_integer(97, 122)), c: std.stringChars(t), d: std.findSubstr('a', t), e: std.lines([t, t]), f: std.deepJoin([t, ['-', t]]), g: std.resolvePath('a/b', t) }

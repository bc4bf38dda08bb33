local get_one_of = std.native('get_one_of');
local t = get_one_of('a, b'); { a: std.md5(t), b: std.sha256(t), c: std.base64(t) }

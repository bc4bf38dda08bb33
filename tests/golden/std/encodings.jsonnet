local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
local t = get_rand_data().username;
{ a: std.base64(t), b: std.base64Decode(std.base64(t)), c: std.base64DecodeBytes(std.base64(t)), d: std.encodeUTF8(t), e: std.base64([get_integer(1, 9), 2]), f: std.decodeUTF8(std.encodeUTF8(t)) }

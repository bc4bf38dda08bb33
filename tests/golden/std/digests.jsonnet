local get_rand_data = std.native('get_rand_data');
local t = get_rand_data().username;
{ a: [std.md5(t), std.sha1(t), std.sha256(t), std.sha512(t), std.sha3(t)] }

local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local s = std.set([get_integer(1, 5), get_integer(1, 5)]);
{ a: std.setUnion(s, [3]), b: std.setInter(s, [1, 2, 3]), c: std.setDiff(s, [3]), d: std.setMember(3, s), e: std.set([get_one_of('a, b'), 'b']) }

local get_one_of = std.native('get_one_of');
local o() = get_one_of([{ x: n } for n in std.range(1, 20)]);
{ a: o() == o() }

local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: get_one_of([{ v: get_integer(0, 9) }]), b: if get_integer(0, 1) == 1 then get_one_of([[get_integer(0, 9), 1]]) else 3 }

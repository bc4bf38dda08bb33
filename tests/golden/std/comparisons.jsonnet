local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local n = get_integer(1, 3), m = get_integer(1, 3);
{ a: [std.equals(n, m), std.primitiveEquals(n, m), std.xor(n == 1, m == 1), std.xnor(n == 1, m == 1), std.equalsIgnoreCase(get_one_of('a, B'), 'A')], b: std.id(n), c: std.equals([n], [m]), d: std.assertEqual([n], [n]) }

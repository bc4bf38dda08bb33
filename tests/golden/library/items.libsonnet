local get_integer = std.native('get_integer');
{ item(n):: { n: n, price: get_integer(1, 99) }, shared: get_integer(1, 9) }

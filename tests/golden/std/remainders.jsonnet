local get_integer = std.native('get_integer');
local n = get_integer(-9, 9);
{ a: [std.mod(n, 4), std.modulo(n, 4), std.isEven(n), std.isOdd(n), std.isInteger(n / 2), std.isDecimal(n / 2)], b: std.mod('%d!', n) }

local get_integer = std.native('get_integer');
local n = get_integer(1, 9);
{ a: [std.sqrt(n), std.exp(n), std.log(n), std.log2(n), std.log10(n), std.pow(n, 2), std.pow(2, n), std.hypot(n, 3), std.mantissa(n), std.exponent(n)] }

local get_integer = std.native('get_integer');
{ a: std.flatMap(function(x) { b: x }, std.range(1, get_integer(1, 3))) }

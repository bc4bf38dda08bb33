local get_integer = std.native('get_integer');
function(given='x') { a: given, b: get_integer(1, 9) }

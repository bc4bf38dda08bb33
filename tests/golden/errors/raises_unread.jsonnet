// What raises does so even where nothing reads its value: `isString` asks for it.
local get_integer = std.native('get_integer');
local n = get_integer(0, 6) % get_integer(0, 2);
{ text: std.isString(n) }

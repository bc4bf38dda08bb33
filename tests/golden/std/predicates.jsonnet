local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local v = get_one_of([1, 'a', true, null, [1], { b: 1 }]);
{ a: [std.isNumber(v), std.isString(v), std.isBoolean(v), std.isNull(v), std.isArray(v), std.isObject(v), std.isFunction(v)], b: std.type(v), c: [std.isFunction(std.length), std.isNumber(get_integer(1, 9)), std.isString(get_rand_data().word)] }

local get_integer = std.native('get_integer');
local b = { a: get_integer(1, 9), c: self.a }; { x: b + { a: 10 }, y: b { c+: 5 }, z: b { d: super.a } }

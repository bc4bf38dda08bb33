local get_integer = std.native('get_integer');
{ a: { [k]: get_integer(1, 9) for k in ['x', 'y', 'z'] if get_integer(1, 2) == 1 }, b: { [k]: get_integer(1, 9) for k in ['x', 'y'] for j in std.native('get_one_of')([[], [1]]) }, c: std.length(self.a) }

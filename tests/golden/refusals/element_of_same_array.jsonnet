local get_integer = std.native('get_integer');
{ n:: get_integer(1, 3), sums: std.makeArray(self.n, function(i) if i == 0 then 1 else $.sums[i - 1] + i) }

local get_normal = std.native('get_normal');
{
  n: std.native('get_integer')(-1, 1),
  x: get_normal(10, self.n, null, null, 2),
}

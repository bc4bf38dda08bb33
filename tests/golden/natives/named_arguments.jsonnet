local get_integer = std.native('get_integer'), get_one_of = std.native('get_one_of');
{
  a: get_integer(hi=10, lo=1),
  b: get_integer(1, hi=get_integer(lo=5, hi=9)),
  c: [get_one_of(items='a, b') for _ in std.range(1, $.a % 3)],
}

local get_integer = std.native('get_integer');
local get_shuffled = std.native('get_shuffled');
local get_some_of = std.native('get_some_of');
{
  least: get_integer(0, 2),
  some: get_some_of('a, b, c', self.least, 3),
  order: get_shuffled([1, { n: get_integer(1, 9) }, 'x']),
  first: self.order[0],
  lists: [std.join('-', get_some_of('a b c', i, 3)) for i in std.range(1, get_integer(1, 3))],
}

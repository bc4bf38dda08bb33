local get_cycle = std.native('get_cycle');
local get_index = std.native('get_index');
local get_integer = std.native('get_integer');
local get_sequence = std.native('get_sequence');
local get_uuid = std.native('get_uuid');
local get_unique_integer = std.native('get_unique_integer');
{
  id: get_uuid(),
  n: get_index(),
  order: 'order-%04d' % (self.n + 1),
  by_ten: get_sequence(1000, 10),
  by_random: get_sequence(get_integer(1, 9), self.n),
  shift: get_cycle(['early', 'late', get_integer(1, 9)]),
  few: get_unique_integer(1, 3),
  many: get_unique_integer(100000, 999999),
  items: [get_unique_integer(1, 9) for i in std.range(1, get_integer(1, 3))],
}

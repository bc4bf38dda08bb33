local get_one_of = std.native('get_one_of');
local get_boolean = std.native('get_boolean');
local get_number = std.native('get_number');
{
  status: get_one_of({ paid: 90, refunded: 8, never: 0 }),
  code: get_one_of([200, 404, get_number(0, 1)], [5, 1, 4]),
  chance: get_number(0, 1),
  hit: get_boolean(self.chance),
}

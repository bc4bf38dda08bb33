// Change records of a customer table: unchanged fields are equal in `before` and `after`.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');

local row = {
  id: get_integer(1, 5000),
  name: get_rand_data().name,
  email: get_rand_data().email,
  plan: get_one_of('free, basic, pro'),
};

{
  op: get_one_of('c, u, u, u, d'),
  before: if self.op == 'c' then null else row,
  after: if self.op == 'd' then null else row { plan: get_one_of('basic, pro, enterprise') },
  source: { table: 'customer', connector: 'eventer' },
}

// Claims to an insurer: positions with their own deductibles, and the paid amount, checked by an assertion.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local position(n) = {
  n: n,
  damage: get_one_of('glass, paint, bumper, engine, interior'),
  claimed: get_integer(80, 6000),
  deductible: if self.damage == 'glass' then 0 else 150,
  paid: std.max(0, self.claimed - self.deductible),
};

{
  local claim = self,
  local positions = [position(n) for n in std.range(1, get_integer(1, 4))],
  assert claim.paid <= claim.claimed : 'paid more than was claimed',

  claim: 'CL-2026-%06d' % get_integer(1, 999999),
  policy: 'P%08d' % get_integer(1, 250000),
  line: get_one_of('motor, motor, home'),
  happened: std.substr(get_timestamp('now-60d', 'now-1d', '24h'), 0, 10),
  holder: get_rand_data().name,
  positions: positions,
  claimed: std.sum([one.claimed for one in positions]),
  paid: std.sum([one.paid for one in positions]),
  review: claim.claimed > 10000,
}

// Refunds of earlier payments: never more than was paid, full or in part; large ones are reviewed.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local Refund = {
  local refund = self,
  payment_id: 'pay_%08d' % get_integer(1, 1000000),
  paid_cents:: get_integer(500, 60000),
  kind: get_one_of('full, full, partial'),
  amount_cents: if self.kind == 'full' then self.paid_cents else get_integer(100, refund.paid_cents),
  requested_at: get_timestamp('now-3d', 'now', '1s'),
  reason: get_one_of(['damaged', 'not as described', 'changed mind', 'late delivery']),
  review: { required: refund.amount_cents > 20000 },
};

Refund {
  refund_id: 're_%010d' % get_integer(1, 1000000000),
  amount: '%d.%02d EUR' % [std.floor(self.amount_cents / 100), self.amount_cents % 100],
  review+: { queue: if self.required then 'manual' else 'auto' },
}

local e = import 'eventer.libsonnet';
local id = e.uuid(), paid = e.duration('1s', '90s'), refunded = paid + e.duration('1m', '10m');
[
  { after: 0, to: 'orders', event: { id: id, at: e.now(), status: 'new' } },
  { after: paid, to: 'payments', event: { order: id, at: e.now('ms', paid), amount: e.integer(1, 99) } },
] + (
  if e.boolean(0.5)
  then [{ after: refunded, to: 'payments', event: { order: id, at: e.now('ms', refunded), amount: -1 } }]
  else []
)

// The life of a row: created, updated up to three times, and perhaps deleted
// eventer run examples/timelines/row-life.jsonnet --timeline 1h --rate 5/s --postgres accounts --key id --value row --op op
// Steps to 'rows'
local e = import 'eventer.libsonnet';

local row = { id: e.index(), email: e.person().email, plan: 'free', balance: 0 };
local updates = e.integer(0, 3), pause = e.number(60, 600, 3), deleted = e.boolean(0.3);

[{ after: 0, to: 'rows', event: { op: 'upsert', row: row, at: e.now() } }]
+ [
  {
    after: n * pause,
    to: 'rows',
    event: {
      op: 'upsert',
      row: row { plan: e.one_of('free, pro, team'), balance: e.number(0, 500, 2) },
      at: e.now('ms', n * pause),
    },
  }
  for n in std.range(1, updates)
]
+ (
  if deleted
  then [
    {
      after: (updates + 1) * pause,
      to: 'rows',
      event: { op: 'delete', row: { id: row.id }, at: e.now('ms', (updates + 1) * pause) },
    },
  ]
  else []
)

// A feed of changes in Debezium's envelope: rows are created, updated, and some deleted
// eventer preview examples/timelines/debezium-rows.jsonnet --timeline 30m -n 3
// Steps to 'changes'
local e = import 'eventer.libsonnet';

local row = { id: e.index(), email: e.person().email, plan: 'free' };
local upgraded = row { plan: e.one_of('pro, team') };
local changed = e.number(10, 600, 3), deleted = changed + e.number(60, 600, 3);

local change(after, op, before, new) = {
  after: after,
  to: 'changes',
  event: {
    op: op,
    before: before,
    after: new,
    source: { connector: 'postgresql', db: 'shop', schema: 'public', table: 'customers', ts_ms: e.epoch('ms', after) },
    ts_ms: e.epoch('ms', after),
  },
};

[change(0, 'c', null, row), change(changed, 'u', row, upgraded)]
+ (if e.boolean(0.3) then [change(deleted, 'd', upgraded, null)] else [])

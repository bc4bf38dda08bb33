// The life of 500 rows: created, updated, deleted, created again. The field `row` is written by its key:
// eventer run examples/row-changes.jsonnet --postgres accounts --key id --value row --op op -n 5000
// eventer run examples/row-changes.jsonnet --kafka accounts --key /row/id --value row --op op -n 5000
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local id = get_integer(1, 500);
local op = get_one_of('upsert, upsert, upsert, delete');

{
  op: op,
  row: { id: id } + if op == 'delete' then {} else {
    owner: get_rand_data().name,
    plan: get_one_of('free, basic, pro'),
    updated_at: get_timestamp('now', 'now', '1ms'),
  },
}

// Evaluations of feature flags: boolean, text, number and JSON values under one name, with the reason.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local flags = {
  'dark-mode': true,
  'new-search': false,
  'page-size': 50,
  theme: 'autumn',
  limits: { requests: 100, burst: 20 },
};
local flag = get_one_of(std.objectFields(flags));
local reason = get_one_of('DEFAULT, DEFAULT, TARGETING_MATCH, SPLIT, DISABLED');

{
  flag: flag,
  value: if reason == 'DISABLED' then null else flags[flag],
  type: std.type(self.value),
  reason: reason,
  [if reason == 'SPLIT' then 'bucket']: get_integer(0, 99),
  context: {
    user: 'u-%05d' % get_integer(1, 30000),
    plan: get_one_of('free, pro, enterprise'),
    app_version: std.join('.', ['%d' % get_integer(1, 4), '%d' % get_integer(0, 12), '%d' % get_integer(0, 30)]),
  },
  evaluated_at: get_timestamp('now', 'now', '1ms'),
}

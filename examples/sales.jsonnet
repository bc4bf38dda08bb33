// Sales at a till, with code from the library folder and a variable:
// eventer preview examples/sales.jsonnet --library examples/library -V till=7
local money = import 'money.libsonnet';
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

function(till='1', currency='EUR') {
  local net = money.cents(1, 80),
  local tax = std.round(net * 0.19),

  till: till,
  receipt: get_integer(100000, 999999),
  at: get_timestamp('now', 'now', '1s'),
  articles: get_integer(1, 12),
  net_cents: net,
  tax_cents: tax,
  total: money.shown(net + tax, currency),
  paid_with: get_one_of(['card', 'card', 'card', 'cash', 'voucher']),
}

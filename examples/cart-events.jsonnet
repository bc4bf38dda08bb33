// Changes of shopping carts; the prices use code from the library folder:
// eventer preview examples/cart-events.jsonnet --library examples/library -V currency=CHF
local money = import 'money.libsonnet';
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

function(currency='EUR', largest=5) {
  local line(n) = { line: n, article: get_integer(1, 900), quantity: get_integer(1, 3), unit_cents: money.cents(1, 120) },
  local lines = [line(n) for n in std.range(1, get_integer(1, largest))],
  local cents = std.foldl(function(sum, l) sum + l.quantity * l.unit_cents, lines, 0),
  local discount = if cents > 20000 then std.floor(cents / 10) else 0,

  cart: get_rand_data().uuid_hyphenated,
  what: get_one_of('created, changed, changed, abandoned, ordered'),
  lines: lines,
  discount_cents: discount,
  total: money.shown(cents - discount, currency),
  currency: currency,
  [if get_integer(1, 5) == 1 then 'voucher']: 'V-%s' % std.asciiUpper(std.substr(get_rand_data().uuid_digit, 0, 6)),
  at: get_timestamp('now', 'now', '1ms'),
}

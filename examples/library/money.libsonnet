// Amounts of money: whole cents, so that sums are exact.
local get_integer = std.native('get_integer');

{
  cents(low, high):: get_integer(low * 100, high * 100),
  shown(cents, currency):: '%s %d.%02d' % [currency, std.floor(cents / 100), cents % 100],
}

// Double-entry bookings: two to four debit lines and one credit line that balances them.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local accounts = { cash: '1000', bank: '1200', sales: '4400', travel: '6650', office: '6815', it: '6835' };
local debit(line) = {
  line: line,
  side: 'debit',
  account: accounts[get_one_of(['travel', 'office', 'it'])],
  cents: get_integer(1000, 250000),
};

{
  local debits = [debit(line) for line in std.range(1, get_integer(2, 4))],
  local total = std.foldl(function(sum, entry) sum + entry.cents, debits, 0),

  booking: get_integer(1, 9999999),
  booked_at: get_timestamp('now-1h', 'now', '1s'),
  period: std.substr(self.booked_at, 0, 7),
  entries: debits + [{
    line: std.length(debits) + 1,
    side: 'credit',
    account: accounts.bank,
    cents: total,
  }],
  total_cents: total,
  text: 'Booking %d over %.2f EUR' % [self.booking, total / 100],
}

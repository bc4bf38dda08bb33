// Trades on an exchange: prices around a reference in whole ticks, notional, and the maker's fee.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local instruments = [
  { symbol: 'ACME', reference: 102.5, tick: 0.05, lot: 10 },
  { symbol: 'BOLT', reference: 17.32, tick: 0.01, lot: 100 },
  { symbol: 'CRUX', reference: 951, tick: 0.5, lot: 1 },
];
local instrument = get_one_of(instruments);

{
  local ticks = std.round(instrument.reference / instrument.tick) + get_integer(-60, 60),

  trade_id: get_rand_data().uuid_hyphenated,
  executed_at: get_timestamp('now', 'now', '1ms'),
  symbol: instrument.symbol,
  side: get_one_of('buy sell'),
  price: std.round(ticks * instrument.tick * 100) / 100,
  quantity: instrument.lot * get_integer(1, 50),
  notional: std.round(self.price * self.quantity * 100) / 100,
  fee: std.round(std.max(1, self.notional * 0.0005) * 100) / 100,
  venue: get_one_of(['XETR', 'XETR', 'XPAR', 'XLON']),
  conditions: std.prune([if self.quantity > instrument.lot * 40 then 'BLOCK', if get_integer(1, 50) == 1 then 'LATE']),
}

// Transfers on a chain: hexadecimal addresses and hashes, amounts as text in the smallest unit.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local hex(parts) = '0x' + std.join('', [get_rand_data().uuid_digit for _ in std.range(1, parts)]);
local address() = std.substr(hex(2), 0, 42);
local tokens = { ETH: 18, USDC: 6, WBTC: 8 };

{
  local symbol = get_one_of('ETH, ETH, USDC, USDC, WBTC'),
  local whole = get_integer(1, 50000),

  hash: hex(2),
  block: 19000000 + get_integer(0, 500000),
  mined_at: get_timestamp('now-12s', 'now', '1s'),
  from: address(),
  to: address(),
  token: { symbol: symbol, decimals: tokens[symbol] },
  amount: whole + std.repeat('0', tokens[symbol]),
  gas: { used: if symbol == 'ETH' then 21000 else get_integer(45000, 90000), price_gwei: get_integer(5, 120) },
  fee_gwei: self.gas.used * self.gas.price_gwei,
  status: get_one_of([true, true, true, true, true, true, true, true, true, false]),
}

// Card payments; the card's type and number agree, as do currency and amount.
local get_one_of = std.native('get_one_of');
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');

local data = get_rand_data();
local risk = if data.amount > 10000 then 'review' else get_one_of('low, low, low, medium');

{
  payment_id: data.uuid_hyphenated,
  card: { type: data.cc_type, last_four: std.substr(data.cc_number, std.length(data.cc_number) - 4, 4) },
  amount: data.amount,
  currency: data.currency,
  merchant: get_one_of(['Alder & Co', 'Birch Books', 'Cedar Coffee', 'Drift Wood']),
  risk: risk,
  // A computed field name cannot refer to other fields, so `risk` is a local.
  [if risk == 'review' then 'reviewer']: 'agent-%02d' % get_integer(1, 12),
}

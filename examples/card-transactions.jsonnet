// Card transactions at terminals: approved or declined with a reason, sometimes with a fraud pattern.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local data = get_rand_data();
local fraud = get_integer(1, 100) == 1;
local amount_cents = if fraud then get_integer(100000, 900000) else get_integer(150, 25000);
local declined = fraud && get_integer(1, 2) == 1 || get_integer(1, 20) == 1;
local digits = std.length(data.cc_number);

{
  transaction_id: data.uuid_hyphenated,
  authorised_at: get_timestamp('now-2s', 'now', '1ms'),
  card: {
    scheme: data.cc_type,
    masked: std.substr(data.cc_number, 0, 6) + std.repeat('*', digits - 10) + std.substr(data.cc_number, digits - 4, 4),
    country: get_one_of(['DE', 'DE', 'DE', 'FR', 'NL', 'US']),
  },
  amount: amount_cents / 100,
  currency: if self.card.country == 'US' then 'USD' else 'EUR',
  merchant: { id: get_integer(1, 3000), mcc: get_one_of(['5411', '5812', '5541', '4111', '5999']) },
  entry_mode: get_one_of('chip, contactless, contactless, contactless, online'),
  status: if declined then 'declined' else 'approved',
  [if declined then 'decline_reason']: get_one_of('insufficient_funds, expired_card, suspected_fraud'),
  risk_score: std.round((if fraud then get_number(0.7, 1) else get_number(0, 0.4)) * 100) / 100,
}

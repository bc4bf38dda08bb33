// Page views with campaign parameters on some of them, and a referrer that depends on the channel.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local channel = get_one_of(['direct', 'direct', 'search', 'search', 'search', 'social', 'email', 'paid']);
local campaign = 'spring-%d' % get_integer(1, 4);
local referrers = {
  search: 'https://search.example/?q=' + get_rand_data().word,
  social: 'https://social.example/p/%d' % get_integer(10000, 99999),
};

{
  view_id: get_rand_data().uuid_digit,
  user_id: if get_integer(1, 3) == 1 then null else get_integer(1, 50000),
  viewed_at: get_timestamp('now', 'now', '1ms'),
  channel: channel,
  path: '/' + std.join('/', [get_one_of('shop, blog, help'), get_rand_data().word]),
  referrer: if std.objectHas(referrers, channel) then referrers[channel],
  [if channel == 'email' || channel == 'paid' then 'utm']: {
    source: channel,
    campaign: campaign,
    content: 'variant-' + get_one_of('a, b'),
  },
  load_ms: std.floor(std.exp(get_integer(50, 85) / 10)),
}

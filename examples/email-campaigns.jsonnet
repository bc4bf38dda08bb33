// Events of the e-mails of a campaign: sent, delivered, opened, clicked, bounced.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_rand_user_agent = std.native('get_rand_user_agent');
local get_timestamp = std.native('get_timestamp');

local what = get_one_of(['sent', 'sent', 'sent', 'delivered', 'delivered', 'opened', 'clicked', 'bounced', 'unsubscribed']);
local seen = std.member(['opened', 'clicked', 'unsubscribed'], what);

{
  campaign: 'newsletter-2026-%02d' % get_integer(1, 12),
  message: get_rand_data().uuid_digit,
  recipient: std.asciiLower(get_rand_data().email),
  domain: std.split(self.recipient, '@')[1],
  event: what,
  [if seen then 'client']: { ip: get_rand_data().ipv4, user_agent: get_rand_user_agent() },
  [if what == 'clicked' then 'link']: 'https://shop.example/sale?c=%s&pos=%d' % [std.strReplace($.campaign, '-', '_'), get_integer(1, 9)],
  [if what == 'bounced' then 'bounce']: { hard: get_integer(1, 3) == 1, code: if self.hard then '5.1.1' else '4.2.2' },
  at: get_timestamp('now', 'now', '1s'),
}

// E-mail messages through a mail server: envelope, headers, size, and the verdict of a spam filter.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local sender = get_rand_data();
local address(person, domain) = std.asciiLower('%s.%s@%s' % [person.first_name, person.last_name, domain]);
local score = std.round(get_number(-2, 12) * 10) / 10;
local verdict = if score >= 8 then 'reject' else if score >= 5 then 'spam' else 'ham';

{
  message_id: '<%s@%s>' % [sender.uuid_digit, sender.domain_name],
  received_at: get_timestamp('now', 'now', '1s'),
  from: address(sender, sender.domain_name),
  to: [
    address(recipient, 'example.org')
    for recipient in [{ first_name: get_rand_data().first_name, last_name: get_rand_data().last_name } for _ in std.range(1, get_integer(1, 4))]
  ],
  subject: (if get_integer(1, 3) == 1 then 'Re: ' else '') + std.rstripChars(get_rand_data().sentence, '.'),
  bytes: get_integer(800, 400000),
  client_ip: get_rand_data().ipv4,
  tls: get_integer(1, 20) > 1,
  spam: { score: score, verdict: verdict },
  [if verdict == 'reject' then 'smtp_code']: 550,
}

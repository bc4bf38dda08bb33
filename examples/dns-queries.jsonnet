// DNS queries of clients in a network: the answers match the requested record type.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local type = get_one_of('A, A, A, A, AAAA, AAAA, MX, TXT');
local rcode = get_one_of(['NOERROR', 'NOERROR', 'NOERROR', 'NOERROR', 'NXDOMAIN', 'SERVFAIL']);
local answer(n) = {
  ttl: get_one_of([30, 60, 300, 3600]),
  data: if type == 'A' then get_rand_data().ipv4
  else if type == 'AAAA' then get_rand_data().ipv6
  else if type == 'MX' then '%d mail%d.example.net.' % [n * 10, n]
  else 'v=spf1 include:example.net -all',
};
local answers = if rcode == 'NOERROR' then [answer(n) for n in std.range(1, get_integer(1, 4))] else [];

{
  at: get_timestamp('now', 'now', '1ms'),
  client: '10.%d.%d.%d' % [get_integer(0, 3), get_integer(0, 255), get_integer(1, 254)],
  question: get_one_of(['www.', 'api.', '']) + get_rand_data().domain_name + '.',
  type: type,
  rcode: rcode,
  answers: answers,
  [if std.length(answers) > 0 then 'min_ttl']: std.foldl(function(least, one) std.min(least, one.ttl), answers, 86400),
  microseconds: get_integer(80, 90000),
}

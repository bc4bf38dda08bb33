// Deliveries of webhooks: attempts with growing waits until one succeeds, signed with a digest.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local tries = get_one_of([1, 1, 1, 1, 1, 2, 2, 3, 5]);
local body = std.manifestJsonMinified({ id: get_integer(1, 1e6), object: get_one_of('invoice, customer, charge') });

{
  delivery: get_rand_data().uuid_hyphenated,
  endpoint: 'https://%s/hooks/%d' % [get_rand_data().domain_name, get_integer(1, 99)],
  body: body,
  signature: 'sha256=' + std.sha256(body),
  attempts: [
    {
      n: n,
      status: if n == tries then 200 else get_one_of([408, 500, 502, 503]),
      ms: get_integer(20, 5000),
      wait_s: if n == 1 then 0 else std.pow(2, n),
    }
    for n in std.range(1, tries)
  ],
  waited_s: std.sum([attempt.wait_s for attempt in self.attempts]),
  size: std.length(self.body),
  created_at: get_timestamp('now', 'now', '1s'),
}

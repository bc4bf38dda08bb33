// Support tickets: free text, a history whose length varies, optional fields.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local state = get_one_of(['open', 'open', 'waiting', 'solved', 'solved', 'solved']);
local priority = get_one_of(['low', 'normal', 'normal', 'normal', 'high', 'urgent']);

local comment(n) = {
  n: n,
  by: if n % 2 == 1 then 'customer' else 'agent-%02d' % get_integer(1, 20),
  text: get_rand_data().sentence,
};

{
  id: get_integer(1, 50000),
  opened_at: get_timestamp('now-14d', 'now', '1s'),
  state: state,
  priority: priority,
  subject: std.stripChars(get_rand_data().sentence, '.'),
  customer_id: get_integer(1, 5000),
  comments: [comment(n) for n in std.range(1, get_integer(1, 6))],
  tags: std.set([get_one_of('billing, login, delivery, refund, app') for _ in std.range(1, 3)]),
  [if state == 'solved' then 'rating']: get_integer(1, 5),
  [if priority == 'urgent' then 'escalated_to']: get_rand_data().name,
}

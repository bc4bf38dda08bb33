local get_person = std.native('get_person'), get_integer = std.native('get_integer');
local who = get_person();
{
  id: std.native('get_index')(),
  name: who.name,
  address: { country: std.native('get_one_of')('DE FR JP'), label: self.country + '-1' },
  tags: ['t%d' % (i * get_integer(1, 9)) for i in std.range(1, get_integer(1, 3))],
  [if get_integer(1, 2) == 1 then 'vat']: 'DE1',
  country: std.native('get_event_of')('countries', 'zipf').code,
  broken: if self.id > 2 then error 'not known' else 1,
  seen: std.native('get_now')(),
  secret:: 1,
  double(x): 2 * x,
  pruned: std.prune({ a: get_integer(1, 9), b: null }),
}

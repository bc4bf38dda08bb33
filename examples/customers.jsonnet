// Five thousand customers, each with several updates: a table to join with orders and payments.
// Upserts by `id`: eventer run examples/customers.jsonnet --postgres customers --max-events 20000
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local person = get_rand_data();

{
  id: get_integer(1, 5000),
  name: person.name,
  email: std.asciiLower('%s.%s@example.org' % [person.first_name, person.last_name]),
  phone: person.phone_number,
  country: get_one_of(['de', 'de', 'fr', 'it', 'jp', 'us', 'us', 'us']),
  address: {
    street: '%d %s Street' % [get_integer(1, 200), get_one_of('Oak, Elm, Maple, Cedar, Birch')],
    postcode: '%05d' % get_integer(1000, 99999),
  },
  newsletter: get_integer(1, 10) > 7,
  updated_at: get_timestamp('now', 'now', '1ms'),
}

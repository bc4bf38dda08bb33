// User profiles with nested addresses and preferences; upserts by `id`:
// eventer run examples/user-profiles.jsonnet --postgres profiles --max-events 5000
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local person = get_rand_data();
local Address(kind) = {
  kind: kind,
  local place = get_one_of([
    { city: 'Lübeck', country: 'DE', street: 'Lindenallee' },
    { city: 'Nantes', country: 'FR', street: 'Rue du Port' },
    { city: 'Bath', country: 'GB', street: 'High Street' },
  ]),
  street: '%s %d' % [place.street, get_integer(1, 180)],
  city: place.city,
  country: place.country,
};

{
  id: get_integer(1, 20000),
  username: std.asciiLower(person.first_name[0] + person.last_name) + get_integer(1, 99),
  full_name: person.first_name + ' ' + person.last_name,
  born: '%d-%02d-%02d' % [get_integer(1945, 2007), get_integer(1, 12), get_integer(1, 28)],
  addresses: [Address('billing')] + (if get_integer(1, 4) == 1 then [Address('shipping')] else []),
  preferences: {
    language: get_one_of('de, fr, en, it'),
    channels: { email: true, sms: get_integer(0, 1) == 1, push: get_integer(0, 1) == 1 },
  },
  verified: get_integer(1, 10) > 2,
  updated_at: get_timestamp('now', 'now', '1s'),
}

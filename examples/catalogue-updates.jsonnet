// Updates of a product catalogue: prices per market, attributes by category, only changed fields are set.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local category = get_one_of('shoes, lamps, books');
local attributes = {
  shoes: { size: get_integer(36, 47), colour: get_one_of('black, white, red'), waterproof: get_integer(0, 1) == 1 },
  lamps: { watt: get_one_of([3, 5, 8, 12]), kelvin: get_integer(27, 65) * 100 },
  books: { pages: get_integer(80, 900), isbn: '978%010d' % get_integer(0, 9999999999) },
};
local changed(name, one_in) = if get_integer(1, one_in) == 1 then name;

{
  product: get_integer(1, 30000),
  category: category,
  [changed('title', 2)]: '%s %s' % [std.asciiUpper(get_rand_data().word), get_rand_data().word],
  [changed('prices', 2)]: {
    [market]: { amount: get_integer(5, 300) - 0.01, currency: if market == 'uk' then 'GBP' else 'EUR' }
    for market in ['de', 'fr', 'uk']
  },
  [changed('attributes', 3)]: attributes[category],
  [changed('discontinued', 40)]: true,
  version: get_integer(1, 500),
  updated_at: get_timestamp('now', 'now', '1s'),
}

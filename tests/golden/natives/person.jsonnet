local get_person = std.native('get_person');
local person = get_person('de'), buyer = get_person(std.native('get_one_of')('ja, es'));
{
  name: person.name,
  gender: person.gender,
  email: person.email,
  first: std.length(person.first_name),
  buyer: buyer.name,
  mail: buyer.email,
  greeting: 'Hola ' + buyer.last_name,
}

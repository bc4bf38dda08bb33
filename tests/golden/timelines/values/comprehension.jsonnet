local e = import 'eventer.libsonnet';
[
  { after: i * 10 + e.number(0, 5), event: { page: e.one_of('home, cart, pay'), number: i } }
  for i in std.range(1, e.integer(0, 4))
]

local e = import 'eventer.libsonnet', draws = import 'draws.libsonnet', pick = e.one_of;
{
  id: e.integer(1, 10),
  named: e.integer(hi=99, lo=$.id),
  plan: pick('free, pro'),
  items: [e.number(0, 1) < 0.5 for _ in std.range(1, $.id % 3)],
  name: (import 'eventer.libsonnet').rand_data().first_name,
  draws: draws.at,
  own: local std = 'own'; [std, e.dataset('d')],
}

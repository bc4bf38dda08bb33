local e = import 'eventer.libsonnet';
[
  { after: '1m30s', event: 1 },
  { after: e.one_of('5s, 10m, 250ms'), event: 2 },
  { after: '%dm' % e.integer(0, 20), event: 3 },
  { after: e.one_of([5, '5m', 0.25]), event: 4 },
]

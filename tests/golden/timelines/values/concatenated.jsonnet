local e = import 'eventer.libsonnet';
[{ after: 0, event: 'begin' }]
+ [{ after: 10 * i, event: i, to: 'clicks' } for i in std.range(1, e.integer(0, 2))]
+ [{ after: '20m', event: 'end' }]

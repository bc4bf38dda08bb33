local e = import 'eventer.libsonnet';
[{ after: e.number(1, 2) * 1e300, event: 0 }]

local e = import 'eventer.libsonnet';
[{ after: 0, event: 0 }, { after: e.integer(-2, 0), event: 1 }]

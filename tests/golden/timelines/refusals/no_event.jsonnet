local e = import 'eventer.libsonnet';
[{ after: 1, [if e.boolean() then 'event']: 1 }]

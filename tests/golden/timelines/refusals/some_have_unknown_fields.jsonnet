local e = import 'eventer.libsonnet';
[{ after: 1, event: 1, [if e.boolean() then 'topic']: 'x' }]

local e = import 'eventer.libsonnet';
[{ after: e.one_of([true, '5 min', null, 1]), event: 0 }]

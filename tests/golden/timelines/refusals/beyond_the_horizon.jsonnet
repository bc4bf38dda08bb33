local e = import 'eventer.libsonnet';
[{ after: e.one_of(['30m', '30m1ns']), event: 0 }, { after: e.one_of([1800, 1801]), event: 1 }]

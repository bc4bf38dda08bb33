local e = import 'eventer.libsonnet';
[{ after: 1, event: 1, to: e.one_of(['x', 5]) }]

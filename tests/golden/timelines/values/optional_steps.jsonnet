local e = import 'eventer.libsonnet';
[{ after: k, event: k, to: e.one_of('a, b') } for k in [1, 2, 3] if e.boolean()]

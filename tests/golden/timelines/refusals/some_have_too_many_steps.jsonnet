local e = import 'eventer.libsonnet';
[{ after: 1, event: n } for n in std.range(1, 1001 * e.integer(0, 1))]

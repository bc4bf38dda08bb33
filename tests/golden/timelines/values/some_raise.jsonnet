local e = import 'eventer.libsonnet';
local n = e.integer(1, 3);
[{ after: 0, event: 'begin' }, { after: n, event: { n: assert n != 2 : 'two'; n } }]

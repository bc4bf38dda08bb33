local e = import 'eventer.libsonnet';
local row = { id: e.index(), name: e.one_of('x, y') };
[{ after: k, event: { op: k, row: row + { version: k }, tags: [k, e.integer(0, 9)] } } for k in [0, 1]]

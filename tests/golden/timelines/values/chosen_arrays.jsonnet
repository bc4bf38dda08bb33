local e = import 'eventer.libsonnet';
if e.boolean() then [{ after: 1, event: 'short' }]
else [{ after: k, event: { step: k, of: e.integer(1, 9) } } for k in [5, 3, 1]]

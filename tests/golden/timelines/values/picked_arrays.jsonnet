local e = import 'eventer.libsonnet';
e.one_of([[], [{ after: 1, event: 'a' }], [{ after: 0, event: 'b', to: 'x' }, { after: '1s', event: {} }]])

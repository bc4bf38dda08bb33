local e = import 'eventer.libsonnet';
[
  e.one_of([{ after: 1, event: { a: 1 } }, { after: 2, event: { b: [1] }, to: 'x' }]),
  if e.boolean() then { after: 3, event: e.integer(1, 5) } else { after: '1m', event: 'no', to: 'y' },
]

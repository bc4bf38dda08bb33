local e = import 'eventer.libsonnet';
local some = e.boolean();
[
  { after: 0, event: { a: 1, [if some then 'b']: 2 }, [if some then 'to']: 'x' },
  { after: 1, event: null, to: null },
  { after:: 3, kind:: 'hidden', event: self.kind } + { after::: 2 },
]

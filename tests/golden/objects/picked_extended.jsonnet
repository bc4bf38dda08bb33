local get_one_of = std.native('get_one_of');
{ a: get_one_of([{ n: 1 }, { n: 2 }]) { n+: 10, m: self.n } }

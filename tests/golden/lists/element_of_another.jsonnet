// Lists of one length have one domain of elements; each element looks at the next one's.
local get_integer = std.native('get_integer');
{
  local rows = self.rows,
  n: get_integer(2, 3),
  rows: [
    { id: get_integer(0, 99), tags: [self.id for j in std.range(1, get_integer(1, 2))] }
    for i in std.range(1, self.n)
  ],
  next: [rows[i % std.length(rows)].tags[0] for i in std.range(1, self.n)],
}

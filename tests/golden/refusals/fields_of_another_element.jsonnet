// A field needs another one of the element before, which needs the first field of that element.
local get_integer = std.native('get_integer');
{
  list: [
    { before: if i == 0 then null else $.list[i - 1].text, text: if i == 0 then 'a' else self.before + 'b' }
    for i in std.range(0, get_integer(0, 3))
  ],
}

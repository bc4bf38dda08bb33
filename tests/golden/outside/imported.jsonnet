local get_integer = std.native('get_integer');
local items = import 'items.libsonnet';
{ a: items.item(get_integer(1, 9)), b: items.shared, c: items.shared, d: importstr 'note.txt' }

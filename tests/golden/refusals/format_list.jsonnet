// The values of a format are the elements of a list, so their number differs between events.
{ a: '%s' % std.range(1, std.native('get_integer')(0, 2)) }

local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local t = get_one_of(['a "b"', "c'd", '<e>&$']);
{ a: [std.escapeStringJson(t), std.escapeStringPython(t), std.escapeStringBash(t), std.escapeStringDollars(t), std.escapeStringXML(t)], b: [std.escapeStringJson(get_rand_data().username), std.escapeStringBash(get_rand_data().username)] }

local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local picked = get_one_of([[1, 2], [3]]), big = get_integer(0, 2) > 0;
local chosen = if big then [1, get_integer(1, 9)] else 'a, b';
{ picked: picked, a: if picked == [1, 2] then get_one_of(picked) else get_one_of(picked), b: if big then get_one_of(chosen) else 0 }

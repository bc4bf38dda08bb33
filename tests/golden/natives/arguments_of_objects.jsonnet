local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{
  picked: get_one_of(get_one_of([[{ x: 1 }], [{ x: 2 }, 3]])),
  chosen: get_one_of(if get_integer(0, 1) == 1 then [{ y: get_integer(1, 9) }] else [{ z: 3 }, 'text']),
}

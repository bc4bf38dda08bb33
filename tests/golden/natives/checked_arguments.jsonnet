local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local size = get_number(0, 20);
{
  of_whole: get_integer(0, std.floor(size)),
  in_list: [get_integer(i, std.floor(size)) for i in std.range(1, get_integer(1, 9))],
  of_fraction: get_integer(0, if size < 15 then 7 else size),
}

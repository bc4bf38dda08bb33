// -0 inside the language stays -0 where a function gets a whole array or object.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');

{
  minified: std.manifestJsonMinified([-get_integer(0, 1), get_one_of([-0, [1, -0]]), -0]),
  yaml: std.manifestYamlDoc({ a: std.abs(get_integer(0, 1)) }),
  items: std.join(' ', std.map(std.toString, std.reverse([get_integer(1, 2), std.abs(0)]))),
  event: std.reverse([get_integer(1, 2), -0]),
}

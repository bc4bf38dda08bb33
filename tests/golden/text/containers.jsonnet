local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local n = get_integer(1, 9);
local list = [get_rand_data().username for _ in std.range(1, get_integer(0, 2))];
{
  a: 'x' + { n: n, s: get_one_of(['a"b', 'c\u0080']), t: get_rand_data().sentence, u: [], v: {}, w: null, h:: 1 },
  b: [n, true, n == 1, 0.1, get_rand_data().amount] + '',
  c: '%s and %s' % [{ n: n }, [n, get_one_of([1, 'x', null, [2]])]],
  d: std.toString({ list: list, deep: { list: [[i] for i in std.range(1, get_integer(0, 2))] } }),
  e: std.toString(if n > 5 then [n] else { n: n }),
  f: list + '',
  g: std.toString({ o: if n > 5 then [n] else 'few' }),
}

// The first of equal elements, as 0 and -0 are: `a` and `b` are 0, `c` is -0.
{
  a: std.toString(std.maxArray([0, std.abs(0)])),
  b: std.toString(std.minArray([0, std.abs(0)])),
  c: std.toString(std.maxArray([std.abs(0), 0])),
}

local native = std.native;
local d = native('get_integer')(1, 5);
{
  normal: native('get_normal')(20, d),
  window: native('get_normal')(20, 2, 20, null, d - d + 1),
  lognormal: native('get_lognormal')(120, 0.5),
  exponential: native('get_exponential')(d, null, 30, 2),
  gamma: native('get_gamma')(0.5, d),
  beta: native('get_beta')(2, d),
  pareto: native('get_pareto')(1.16, d),
  triangular: native('get_triangular')(0, d, 6, 1),
  number: native('get_number')(0, d, 2),
  poisson: native('get_poisson')(d),
  binomial: native('get_binomial')(d, 0.5),
  geometric: native('get_geometric')(1 / d),
  zipf: native('get_zipf')(d + 0),
}

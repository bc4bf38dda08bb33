// Rows of files: uniform, weighted, by number, typed, whole; a choice of files.
local e = import 'eventer.libsonnet';
local city = e.row('cities.csv', types={ founded: 'integer' });
{
  name: city.name,
  founded: city.founded,
  big: e.row('cities.csv', weight='population').name,
  next: e.row('cities.csv', index=e.index()).country,
  product: e.row('products.ndjson'),
  either: e.row(e.one_of(['cities.csv', 'cities.csv'])).country,
}

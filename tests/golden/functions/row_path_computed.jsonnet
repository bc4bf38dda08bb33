local city(path) = std.native('get_row')(path);
{ name: city('cities.csv').name }

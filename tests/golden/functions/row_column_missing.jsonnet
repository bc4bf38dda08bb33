{ name: std.native('get_row')('cities.csv', weight='populaton').name }

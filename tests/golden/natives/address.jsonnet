local get_address = std.native('get_address');
local a = get_address('ja'), home = get_address('en', 'GB');
{ city: a.city, zone: a.time_zone, at: [a.latitude, a.longitude], home: home.street_address + ', ' + home.postcode }

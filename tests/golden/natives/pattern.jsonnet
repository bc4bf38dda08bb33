local get_pattern = std.native('get_pattern');
local code = get_pattern(@'[A-Z]{2}-\d{3}');
{
  code: code,
  joined: 'sku ' + code,
  escaped: get_pattern('["\\\\]{2}[а-я]'),
  picked: get_pattern(std.native('get_one_of')(['[é-ü]{2}', 'a|b'])),
  length: std.length(self.escaped),
}

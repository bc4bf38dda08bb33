local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
local o = { a: get_integer(1, 9), b: ['x', get_rand_data().word] };
{ a: std.manifestJson(o), b: std.manifestJsonEx(o, '  '), c: std.manifestJsonMinified(o), d: std.manifestPython(o), e: std.manifestPythonVars(o), f: std.manifestToml(o), g: std.manifestTomlEx(o, '  '), h: std.manifestYamlDoc(o), i: std.manifestYamlStream([o]), j: std.manifestIni({ main: { n: '%d' % o.a }, sections: {} }), k: std.manifestXmlJsonml(['p', 'n%d' % o.a]) }

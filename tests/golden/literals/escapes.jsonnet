local get_one_of = std.native('get_one_of');
{ a: 'é😀\n\u0001"\\', b: get_one_of(['"', '\n', '\u007f']) }

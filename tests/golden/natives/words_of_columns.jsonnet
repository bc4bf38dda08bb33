local get_integer = std.native('get_integer');
local least = get_integer(0, 3);
{ least: least, words: std.native('get_words')(least, 4), text: std.native('get_sentences')(1, least + 1) }

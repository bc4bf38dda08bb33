local get_words = std.native('get_words'), get_sentences = std.native('get_sentences');
{ tags: std.split(get_words(2, 2), ' '), title: get_words(1, 3), text: get_sentences(1, 2) }

{ a: std.sort([3, 1, 2]), b: std.md5('x'), c: std.manifestYamlDoc({ x: 1 }) }

[{ event: 1 }]

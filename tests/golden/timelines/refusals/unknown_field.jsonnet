[{ after: 1, event: 1, too: 'x' }]

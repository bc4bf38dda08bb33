[{ after: 0, event: 1 }, { after: 1, event: error 'always' }]

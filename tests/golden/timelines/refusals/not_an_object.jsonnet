[{ after: 0, event: 1 }, 'second']

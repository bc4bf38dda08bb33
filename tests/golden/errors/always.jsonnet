{ a: error 'always' }

{ value: 1 }

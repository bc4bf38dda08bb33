{ after: 0, event: 1 }

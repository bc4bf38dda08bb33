function(given) [{ after: 0, event: given }]

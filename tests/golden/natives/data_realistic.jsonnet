local data = std.native('get_rand_data')('realistic'), plain = std.native('get_rand_data')();
{ name: data.name, email: data.email, method: data.payment_method, jwt: data.jwt, plain: plain.email }

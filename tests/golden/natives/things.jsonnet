local product = std.native('get_product')(), device = std.native('get_device')();
{
  product: product,
  os: device.os + ' ' + device.os_version,
  company: std.native('get_company')('ru').name,
  job: std.native('get_job')('fr'),
}

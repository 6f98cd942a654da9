module "orders" {
  source   = "./modules/function"
  name     = "orders"
  handler  = "orders.handler"
  memory   = 896
}

module "mails" {
  source  = "./modules/function"
  name    = "mails"
  handler = "mails.handler"
}

module "fleet" {
  source   = "./modules/function"
  for_each = { north = 256, south = 320 }
  name     = each.key
  handler  = "fleet.handler"
  memory   = each.value
}

module "invoice" {
  source = "./worker"

  settings = {
    name    = "invoice"
    timeout = null
    limits  = {}
  }
  extra = {
    nightly = { memory = 3008 }
    weekly  = {}
  }
  size = null
}

module "functions" {
  source  = "terraform-aws-modules/lambda/aws//wrappers"
  version = "~> 8.0"
  defaults = {
    runtime     = "python3.13"
    handler     = "app.handler"
    memory_size = 256
  }
  items = {
    orders = {
      function_name = "orders"
      source_path   = "${path.module}/orders"
      memory_size   = 512
    }
    ledger = {
      function_name = "ledger"
      source_path   = "${path.module}/ledger"
    }
  }
}

module "aliases" {
  source = "terraform-aws-modules/lambda/aws//wrappers/alias"
  items  = {}
}

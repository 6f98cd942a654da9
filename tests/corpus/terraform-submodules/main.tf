module "orders" {
  source  = "terraform-aws-modules/lambda/aws"
  version = "~> 8.0"

  function_name = "orders"
  handler       = "app.handler"
  runtime       = "python3.13"
  memory_size   = 512

  source_path = [
    { pip_requirements = "${path.module}/src/requirements.txt" },
    { path = "${path.module}/src/orders" },
  ]

  reserved_concurrent_executions    = -1
  provisioned_concurrent_executions = -1 # none
}

module "live" {
  source = "terraform-aws-modules/lambda/aws//modules/alias"

  name             = "live"
  function_name    = module.orders.lambda_function_name
  function_version = module.orders.lambda_function_version
}

module "canary" {
  source = "git::https://github.com/terraform-aws-modules/terraform-aws-lambda.git//modules/deploy?ref=v8.0.0"

  alias_name    = module.live.lambda_alias_name
  function_name = module.orders.lambda_function_name
}

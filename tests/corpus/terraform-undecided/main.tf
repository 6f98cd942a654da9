variable "memory" {
  type = number
}

resource "aws_lambda_function" "open" {
  function_name = "open-${random_id.suffix.hex}"
  filename      = var.package
  handler       = data.external.handler.result["name"]
  runtime       = yamldecode(file("config.yml")).runtime
  role          = "r"
  memory_size   = var.memory
  timeout       = local.loop
  layers        = var.layers
  architectures = [for one in var.architectures : one]

  dynamic "environment" {
    for_each = var.variables == null ? [] : [1]
    content {
      variables = var.variables
    }
  }
}

locals {
  loop  = local.other
  other = local.loop
}

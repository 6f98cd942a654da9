locals {
  functions = {
    orders = {
      memory  = 512
      handler = "orders.handler"
    }
    mails = {
      memory  = 256
      handler = "mails.handler"
    }
  }
  names = toset(["red", "blue"])
}

resource "aws_lambda_function" "this" {
  for_each      = local.functions
  function_name = "shop-${each.key}"
  filename      = "build/${each.key}.zip"
  handler       = each.value.handler
  runtime       = "python3.12"
  role          = "r"
  memory_size   = each.value.memory
}

resource "aws_lambda_function" "colour" {
  for_each      = local.names
  function_name = each.value
  filename      = "build/${each.key}.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
  memory_size   = 384
}

resource "aws_lambda_function" "listed" {
  for_each      = { for one in [{ n = "a", m = 640 }, { n = "b", m = 704 }] : one.n => one if one.n != "b" }
  function_name = each.key
  filename      = "build/${each.key}.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
  memory_size   = each.value["m"]
}

resource "aws_lambda_function" "off" {
  count         = var.enabled ? 1 : 0
  function_name = "off"
  filename      = "off.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
}

variable "enabled" {
  default = false
}

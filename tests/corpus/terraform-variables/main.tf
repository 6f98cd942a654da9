locals {
  name    = "${var.project}-${terraform.workspace}"
  memory  = { default = 768, prod = 2048 }
  shared  = 320
  timeout = max(10, 20)
}

resource "aws_lambda_function" "sole" {
  function_name = local.name
  image_uri     = var.image
  package_type  = "Image"
  role          = "r"
  memory_size   = var.memory_size
  timeout       = local.timeout
  architectures = var.architectures
}

resource "aws_lambda_function" "loaded" {
  function_name = format("%s-%s", var.project, "loaded")
  filename      = "${path.module}/dist/loaded.zip"
  handler       = "app.handler"
  runtime       = var.runtime
  role          = "r"
  memory_size   = var.loaded_memory
}

resource "aws_lambda_function" "mapped" {
  function_name = "mapped"
  filename      = join("/", [path.module, "dist", "mapped.zip"])
  handler       = "app.handler"
  runtime       = var.runtime
  role          = "r"
  memory_size   = lookup(local.memory, terraform.workspace, 128)
}

resource "aws_lambda_function" "shared1" {
  function_name = "shared1"
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = var.runtime
  role          = "r"
  memory_size   = local.shared
}

resource "aws_lambda_function" "shared2" {
  function_name = "shared2"
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = var.runtime
  role          = "r"
  memory_size   = local.shared
}

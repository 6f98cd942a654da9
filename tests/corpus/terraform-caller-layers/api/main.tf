variable "layers" {}
variable "open" {}

resource "aws_lambda_function" "this" {
  function_name = "api"
  filename      = "api.zip"
  handler       = "api.handler"
  runtime       = "python3.13"
  layers        = var.layers
}

resource "aws_lambda_function" "own" {
  function_name = "own"
  filename      = "api.zip"
  handler       = "own.handler"
  runtime       = "python3.13"
  layers        = [aws_lambda_layer_version.own.arn, var.layers[0], var.open]
}

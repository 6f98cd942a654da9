variable "env" {
  type    = string
  default = "dev"
}

resource "aws_lambda_function" "chosen" {
  function_name = "chosen"
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
  memory_size   = var.env == "prod" ? 2048 : 256
  timeout       = var.env == "dev" && !false ? 15 : 5
  architectures = [contains(["dev", "test"], var.env) ? "x86_64" : "arm64"]
}

resource "aws_lambda_function" "computed" {
  function_name = "computed"
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
  memory_size   = 2 * 256
  timeout       = try(var.nowhere, 25)
}

resource "aws_lambda_function" "nothing" {
  function_name = "nothing"
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
  memory_size   = null
}

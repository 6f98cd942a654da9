variable "memory" {}

variable "architecture" {}

resource "aws_lambda_function" "this" {
  function_name = "service"
  role          = "r"
  filename      = "dist.zip"
  handler       = "app.handler"
  runtime       = "python3.13"
  memory_size   = var.memory
  architectures = [var.architecture]
}

variable "name" {}

variable "memory" {
  default = 256
}

variable "architectures" {
  type    = list(string)
  default = ["x86_64"]
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  role          = "r"
  filename      = "dist.zip"
  handler       = "app.handler"
  runtime       = "python3.13"
  memory_size   = var.memory
  architectures = var.architectures
}

variable "name" { type = string }
variable "architectures" {
  type    = list(string)
  default = null
}
variable "memory" {
  type    = number
  default = null
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  filename      = "dist.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
  architectures = var.architectures
  memory_size   = var.memory
}

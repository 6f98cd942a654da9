variable "name" { type = string }
variable "handler" { type = string }
variable "memory" {
  type    = number
  default = 192
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  filename      = "${path.root}/build/${var.name}.zip"
  handler       = var.handler
  runtime       = "python3.12"
  role          = "r"
  memory_size   = var.memory
}

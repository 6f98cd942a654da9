variable "size" {
  default = 128
}

resource "aws_lambda_function" "send" {
  function_name = "send"
  filename      = "${path.module}/send.zip"
  handler       = "app.handler"
  runtime       = "python3.13"
  memory_size   = var.size
}

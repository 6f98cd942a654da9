variable "memory" { type = number }
resource "aws_lambda_function" "orders" {
  function_name = "orders"
  filename      = "build/orders.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  memory_size   = var.memory
}

resource "aws_lambda_function" "fine" {
  function_name = "fine"
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  memory_size   = 512
}

resource "aws_lambda_function" "windows" {
  function_name = "größe"
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = "python3.12"

  memory_size   = 512 # größer
}

resource "aws_lambda_function" "api" {
  function_name = "api"
  filename      = "../build/api.zip"
  handler       = "api.handler"
  runtime       = "python3.12"
}

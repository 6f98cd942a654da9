resource "aws_lambda_function" "a" {
  memory_size = 

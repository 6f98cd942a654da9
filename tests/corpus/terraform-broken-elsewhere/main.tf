resource "aws_lambda_function" "whole" {
  filename = "whole.zip"
  handler  = "whole.handler"
  runtime  = "python3.13"
  timeout  = local.timeout
}

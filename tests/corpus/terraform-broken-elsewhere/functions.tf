resource "aws_lambda_function" "torn" {
  description = "press "Start""
}

module "report" {
  source = "shop/lambda/aws"
}

resource "aws_lambda_function" "own" {
  filename = "own.zip"
  handler  = "own.handler"
  runtime  = "python3.13"
}

variable "sizes" {
  type    = map(number)
  default = { api = 320 }
}

resource "aws_lambda_function" "mapped" {
  for_each      = var.sizes
  function_name = each.key
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
  memory_size   = var.shared
  architectures = [var.open]

  environment {
    variables = var.open
  }
}

variable "shared" { default = 448 }
variable "open" {}

resource "aws_lambda_function" "other" {
  for_each      = toset(["x"])
  function_name = "other"
  filename      = "a.zip"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
  memory_size   = var.shared
  architectures = null
}

resource "aws_lambda_event_source_mapping" "unknown" {
  function_name = aws_lambda_function.other.arn
  batch_size    = var.open
}

resource "aws_lambda_function_url" "other" {
  function_name      = aws_lambda_function.other.function_name
  authorization_type = "NONE"
}

module "created" {
  source         = "terraform-aws-modules/lambda/aws"
  function_name  = "created"
  handler        = "app.handler"
  runtime        = "python3.12"
  create_package = false
  s3_existing_package = {
    bucket = "b"
    key    = "k"
  }
  layers = ["${var.open}"]
}

module "pathless" {
  source      = "terraform-aws-modules/lambda/aws"
  handler     = "app.handler"
  runtime     = "python3.12"
  source_path = [{ pip_requirements = true }]
}

data "archive_file" "own" {
  type        = "zip"
  source_file = "${path.module}/app.py"
  output_path = "${path.module}/own.zip"
}

# What a build makes: another one's folder must not stand for it.
data "archive_file" "compiled" {
  type        = "zip"
  source_file = "${path.module}/bin/bootstrap"
  output_path = "${path.module}/compiled.zip"
}

resource "aws_lambda_function" "own" {
  filename      = data.archive_file.own.output_path
  function_name = "own"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
}

resource "aws_lambda_function" "compiled" {
  filename      = data.archive_file.compiled.output_path
  function_name = "compiled"
  role          = "r"
  handler       = "bootstrap"
  runtime       = "provided.al2023"
}

module "file" {
  source        = "terraform-aws-modules/lambda/aws"
  function_name = "file"
  handler       = "app.handler"
  runtime       = "python3.13"
  source_path   = "${path.module}/app.py"
}

module "listed" {
  source        = "terraform-aws-modules/lambda/aws"
  function_name = "listed"
  handler       = "app.handler"
  runtime       = "python3.13"
  source_path   = ["${path.module}/app.py"]
}

module "mapped" {
  source        = "terraform-aws-modules/lambda/aws"
  function_name = "mapped"
  handler       = "app.handler"
  runtime       = "python3.13"
  source_path   = [{ path = "${path.module}/app.py" }]
}

module "several" {
  source        = "terraform-aws-modules/lambda/aws"
  function_name = "several"
  handler       = "app.handler"
  runtime       = "python3.13"
  source_path   = ["${path.module}/app.py", "${path.module}/other.py"]
}

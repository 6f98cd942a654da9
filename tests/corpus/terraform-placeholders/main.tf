data "archive_file" "stub" {
  type        = "zip"
  source_dir  = "${path.module}/stub"
  output_path = "stub.zip"
}

resource "aws_lambda_function" "hashed" {
  function_name = "hashed"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  filename         = data.archive_file.stub.output_path
  source_code_hash = data.archive_file.stub.output_base64sha256

  lifecycle {
    ignore_changes = [
      tags,
      source_code_hash, # a pipeline of its own
    ]
  }
}

resource "aws_lambda_function" "everything" {
  function_name = "everything"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  filename = "stub.zip"

  lifecycle {
    ignore_changes = all
  }
}

resource "aws_lambda_function" "quoted" {
  function_name = "quoted"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  filename = "stub.zip"

  lifecycle {
    ignore_changes = ["filename"]
  }
}

resource "aws_lambda_function" "image" {
  function_name = "image"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  image_uri    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/stub:first"
  package_type = "Image"

  lifecycle {
    ignore_changes = [image_uri]
  }
}

resource "aws_lambda_function" "own" {
  function_name = "own"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  filename = "own.zip"

  lifecycle {
    prevent_destroy = true
    ignore_changes  = [tags["all"], memory_size]
  }
}

module "separate" {
  source                  = "terraform-aws-modules/lambda/aws"
  function_name           = "separate"
  handler                 = "app.handler"
  runtime                 = "python3.13"
  source_path             = "./stub"
  ignore_source_code_hash = true
}

module "together" {
  source                  = "terraform-aws-modules/lambda/aws"
  function_name           = "together"
  handler                 = "app.handler"
  runtime                 = "python3.13"
  source_path             = "./src"
  ignore_source_code_hash = false
}
